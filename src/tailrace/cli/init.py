"""``tailrace init``: the first fleet file, and the workflows that go with it."""

from __future__ import annotations

import asyncio
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from tailrace.errors import ConfigurationError, TailraceError
from tailrace.model import Downstream, Failure, ForgeKind, RepositoryName
from tailrace.settings import Discovery, ForgeSettings

if TYPE_CHECKING:
    from tailrace.workflows.render import Generated

_CIS = ["gitea", "forgejo", "github"]
#: What each kind of run takes, by parameter; another option would be ignored without a word.
_TAKEN = {
    "--check": {"check"},
    "--ci": {"ci", "fleet_file", "runs_on", "install_from"},
    "--consumer": {"consumer", "runs_on", "pin", "run_command", "branch", "url"},
    "": {"package", "url", "owner", "kind", "fleet_file", "discover", "repositories"},
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """The options that say which workflow is written, and how."""

    fleet_file: Path
    ci: str | None
    consumer: str | None
    runs_on: str
    install_from: str | None
    pin: str
    run_command: str | None
    branch: str
    url: str | None


@click.command("init", short_help="Write tailrace.toml, or the workflows for it.")
@click.option("--package", metavar="NAME", default="my-package", help="The published package.")
@click.option("--url", metavar="URL", help="The forge's address.")
@click.option("--owner", metavar="NAME", default="my-org", help="Who owns the downstreams.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in ForgeKind]),
    default=ForgeKind.GITEA.value,
    show_default=True,
    help="What the forge is.",
)
@click.option(
    "--fleet",
    "-f",
    "fleet_file",
    type=click.Path(path_type=Path),
    default=Path("tailrace.toml"),
    show_default=True,
    metavar="FILE",
    help="The file to write; with --ci the one to read.",
)
@click.option("--discover", is_flag=True, help="List what the owner has that has a consumer.")
@click.option(
    "--name", "glob", default="*", show_default=True, metavar="GLOB", help="With --discover."
)
@click.option("--topic", metavar="TOPIC", help="With --discover: only with this topic.")
@click.option(
    "--ci", type=click.Choice(_CIS), help="Write the package's workflows: release and check."
)
@click.option(
    "--consumer", type=click.Choice(_CIS), help="Write a consumer's workflow, which reads the pin."
)
@click.option("--check", is_flag=True, help="Fail where a generated workflow was edited.")
@click.option(
    "--runs-on", default="ubuntu-latest", metavar="LABEL", help="Workflows: the runner's label."
)
@click.option(
    "--install-from",
    metavar="URL",
    help="With --ci: where tailrace is installed from.  [default: the index]",
)
@click.option(
    "--pin", default=".runtime-version", metavar="PATH", help="With --consumer: the version's file."
)
@click.option(
    "--run",
    "run_command",
    metavar="COMMAND",
    help="With --consumer: what builds and publishes; it has $VERSION.",
)
@click.option("--branch", default="main", metavar="NAME", help="With --consumer: what is built.")
@click.argument("repositories", nargs=-1, metavar="[REPOSITORY]...")
def command(
    package: str,
    url: str | None,
    owner: str,
    kind: str,
    fleet_file: Path,
    glob: str,
    topic: str | None,
    ci: str | None,
    consumer: str | None,
    runs_on: str,
    install_from: str | None,
    pin: str,
    run_command: str | None,
    branch: str,
    repositories: tuple[str, ...],
    *,
    discover: bool,
    check: bool,
) -> int:
    """Write a commented tailrace.toml with each REPOSITORY as a downstream.

    Never overwrites a file of yours. With --discover the forge is asked which
    of the owner's repositories have a consumer; the token is read from
    TAILRACE_TOKEN. With --ci, --consumer or --check it is about workflows.

    \b
    Examples:
      tailrace init --package my-runtime --url https://git.example.com \\
        --owner my-org template-codex template-hermes
      tailrace init --package my-runtime --url https://git.example.com \\
        --owner my-org --discover --name 'template-*'
      tailrace init --ci gitea
      tailrace init --consumer gitea --run './publish-image.sh "$VERSION"'
      tailrace init --check
    """
    if sum((ci is not None, consumer is not None, check)) > 1:
        raise click.UsageError("--ci, --consumer and --check exclude each other.")
    mode = "--check" if check else "--ci" if ci else "--consumer" if consumer else ""
    _check_options(click.get_current_context(), mode, discover=discover)
    if check:
        return _check()
    if ci is not None or consumer is not None:
        asked = _Asked(
            fleet_file, ci, consumer, runs_on, install_from, pin, run_command, branch, url
        )
        return _write_workflows(asked)
    address = url or "https://git.example.com"
    wanted = Discovery(owner, glob, topic) if discover else None
    _write_fleet_file(fleet_file, package, address, ForgeKind(kind), owner, repositories, wanted)
    return 0


def _check_options(context: click.Context, mode: str, *, discover: bool) -> None:
    """Raises `UsageError` for an option that this run would ignore."""
    taken = _TAKEN[mode] | ({"glob", "topic"} if discover and not mode else set())
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if source is not ParameterSource.COMMANDLINE or parameter.name in taken:
            continue
        name = "REPOSITORY" if isinstance(parameter, click.Argument) else parameter.opts[0]
        only = "with --discover" if parameter.name in ("glob", "topic") and not mode else ""
        without = f"not with {mode}" if mode else only or "with --ci or --consumer"
        raise click.UsageError(f"{name} goes {'only ' if not mode else ''}{without}.")


def _write_fleet_file(
    fleet_file: Path,
    package: str,
    url: str,
    kind: ForgeKind,
    owner: str,
    repositories: tuple[str, ...],
    wanted: Discovery | None,
) -> None:
    from tailrace.fleet.starter import starter

    def text_of(chosen: tuple[str, ...]) -> str:
        return starter(package=package, url=url, owner=owner, kind=kind, repositories=chosen)

    # Before anything is asked: an address that is none, or that has a secret in it, is refused.
    text = text_of(repositories)
    if wanted is not None:
        settings = ForgeSettings(kind, url, owner)
        text = text_of((*repositories, *asyncio.run(_discovered(settings, wanted))))
    try:
        with fleet_file.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigurationError(
            f"{fleet_file}: is there already, and is left as it is"
            "\n  next: edit it, or name another with --fleet"
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{fleet_file}: cannot be written: {error.strerror}") from error
    first = "" if kind is ForgeKind.GIT else "export TAILRACE_TOKEN=..., "
    click.echo(f"{fleet_file} written\n  next: read it, {first}then: tailrace doctor")


async def _discovered(settings: ForgeSettings, wanted: Discovery) -> list[str]:
    """The names of the repositories that have a consumer where one is by default."""
    from tailrace.fleet.discovery import discover
    from tailrace.forges.open import open_forge, read_token

    like = Downstream("default", RepositoryName(wanted.owner, "default"))
    async with open_forge(settings, read_token(settings, os.environ)) as forge:
        found = await discover(forge, wanted, [like], settings.concurrency)
    for one in found:
        if isinstance(one.found, Failure):
            raise TailraceError(one.found.message)
    if not found:
        raise ConfigurationError(
            f"{wanted.owner}: no repository {wanted.name!a} has a {like.consumer}"
            "\n  next: name the repositories, and set `consumer` in the file"
        )
    return [one.repository.name for one in found]


def _generated(asked: _Asked) -> tuple[Generated, ...]:
    """The workflows that the options ask for."""
    from tailrace.cli.options import open_fleet
    from tailrace.fleet.names import check_path, check_url
    from tailrace.workflows.render import Ci, Options, for_consumer, for_package

    if asked.ci is not None:
        options = Options(Ci(asked.ci), asked.runs_on, asked.install_from)
        return for_package(open_fleet(asked.fleet_file), options, asked.fleet_file)
    if asked.consumer is None:
        raise ConfigurationError("neither --ci nor --consumer: there is nothing to write")
    try:
        check_path(asked.pin)
        url = None if asked.url is None else check_url(asked.url)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    usual = Options(Ci(asked.consumer))
    options = Options(
        usual.ci,
        asked.runs_on,
        pin=asked.pin,
        run=asked.run_command or usual.run,
        branch=asked.branch,
        url=url,
    )
    return (for_consumer(options),)


def _write_workflows(asked: _Asked) -> int:
    from tailrace.workflows.files import write

    for path in write(Path(), _generated(asked)):
        click.echo(f"{path} written")
    if asked.consumer is not None:
        click.echo("  next: read it, commit it")
    else:
        click.echo(
            "  next: read them, add the secrets TAILRACE_TOKEN and TAILRACE_INDEX_TOKEN, commit"
        )
    return 0


def _again(line: str) -> tuple[Generated, ...]:
    """What the command in a generated file's first line writes now."""
    try:
        context = command.make_context("init", shlex.split(line), resilient_parsing=False)
    except (click.UsageError, click.exceptions.Exit, ValueError) as error:
        raise ConfigurationError(
            f"a generated workflow names a command that is none: tailrace init {line[:200]!a}"
            "\n  next: write it again with the right one"
        ) from error
    said = context.params
    return _generated(
        _Asked(
            said["fleet_file"],
            said["ci"],
            said["consumer"],
            said["runs_on"],
            said["install_from"],
            said["pin"],
            said["run_command"],
            said["branch"],
            said["url"],
        )
    )


def _check() -> int:
    from tailrace.errors import ExitCode
    from tailrace.report.escape import for_terminal
    from tailrace.workflows.files import FileState, check

    bad = 0
    for found in check(Path(), _again):
        click.echo(f"{found.state:<10}  {found.path}")
        if found.state is not FileState.AS_WRITTEN:
            bad += 1
            click.echo(f"    next: {for_terminal(found.next_step, 300)}")
    return int(ExitCode.NOT_CONVERGED if bad else ExitCode.CONVERGED)
