"""``tailrace lint``: workflows that do what they seem to do on a self-hosted forge."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tailrace.cli.linted import (
    echo,
    exit_code,
    explain_rule,
    is_empty,
    note_baseline,
    show,
    show_or_fix,
    write_junit,
)
from tailrace.cli.options import forge_of, open_fleet, token_of
from tailrace.errors import ConfigurationError
from tailrace.model import RepositoryName
from tailrace.settings import Fleet, LintSettings

if TYPE_CHECKING:
    from tailrace.lint.engine import Linted
    from tailrace.lint.run import Outcome
    from tailrace.lint.target import Target

_NOTHING = "no workflow and no action is there\n  next: name the repository's root"
_FORMATS = ("text", "json", "sarif", "annotations", "review")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line asks for."""

    root: Path
    fleet_file: Path
    target: str | None
    base: str | None
    others: tuple[str, ...]
    manifest: Path | None
    list_name: str
    ask_forge: bool
    repository: str | None


@click.command("lint", short_help="Find workflows that do not do what they seem to do.")
@click.argument("root", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--fleet-file",
    "-f",
    type=click.Path(path_type=Path),
    default=Path("tailrace.toml"),
    envvar="TAILRACE_FLEET",
    show_default=True,
    metavar="FILE",
    help="The fleet file, if there is one.",
)
@click.option("--fleet", "whole_fleet", is_flag=True, help="Every downstream, through the forge.")
@click.option("--target", metavar="NAME@VERSION", help="gitea@1.22.6, forgejo@7, github.")
@click.option("--forge", "ask_forge", is_flag=True, help="Ask the forge: protection, statuses.")
@click.option(
    "--repository",
    envvar="GITHUB_REPOSITORY",
    metavar="OWNER/NAME",
    help="With --forge: whose facts.  [env: GITHUB_REPOSITORY]",
)
@click.option(
    "--review",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="With --forge: comment on this pull request, where findings are.",
)
@click.option("--diff", "base", metavar="BASE", help="Look at what is added since BASE, too.")
@click.option(
    "--manifest", type=click.Path(path_type=Path), metavar="FILE", help="Compare its list as well."
)
@click.option(
    "--list", "list_name", default="workspace_templates", metavar="NAME", help="The list in it."
)
@click.option(
    "--with", "others", default="", metavar="NAMES", help="Others as well: zizmor,shellcheck."
)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="JUnit XML as well.")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Known findings.")
@click.option("--write-baseline", is_flag=True, help="Write --baseline with what there is now.")
@click.option("--fix", is_flag=True, help="Make the safe edits.")
@click.option("--show-fix", is_flag=True, help="Show the safe edits as a diff; change nothing.")
@click.option("--explain", metavar="ID", help="Say what a rule is for, with its examples.")
def command(
    root: Path,
    fleet_file: Path,
    target: str | None,
    repository: str | None,
    base: str | None,
    manifest: Path | None,
    list_name: str,
    others: str,
    form: str,
    junit: Path | None,
    baseline: Path | None,
    explain: str | None,
    review: int | None,
    *,
    whole_fleet: bool,
    ask_forge: bool,
    as_json: bool,
    write_baseline: bool,
    fix: bool,
    show_fix: bool,
) -> int:
    """Lint the workflows below ROOT (default: here) for the forge that runs them.

    Ends with 1 if there is an error or a warning. Rules that need the forge
    or a base say "not checked" without it, never "passed".

    \b
    Examples:
      tailrace lint --target gitea@1.22.6
      tailrace lint --forge --repository my-org/my-repo --diff origin/main
      tailrace lint --fleet
      tailrace lint --explain GT003
    """
    # Trees have no cycles, and looking for some in a million nodes takes a third of the time.
    gc.disable()
    if explain is not None:
        return explain_rule(explain)
    if write_baseline and baseline is None:
        raise click.UsageError("--write-baseline needs --baseline FILE.")
    form = "json" if as_json else form
    shown = {"--format": form != "text", "--junit": junit, "--review": review}
    if fix or show_fix:
        _refuse("--fix" if fix else "--show-fix", {**shown, "--write-baseline": write_baseline})
    if write_baseline:
        _refuse("--write-baseline", shown)
    if whole_fleet:
        less = {"--fix": fix, "--show-fix": show_fix, "--diff": base, "--with": others}
        files = {"--baseline": baseline, "--manifest": manifest, "--forge": ask_forge}
        _refuse("--fleet", {**shown, "--format": form not in ("text", "json"), **less, **files})
    names = tuple(name.strip() for name in others.split(",") if name.strip())
    asked = _Asked(
        root, fleet_file, target, base, names, manifest, list_name, ask_forge, repository
    )
    if whole_fleet:
        return _over_fleet(asked, form)
    outcome = asyncio.run(_lint(asked))
    linted = outcome.linted
    if write_baseline and baseline is not None:
        return note_baseline(baseline, outcome)
    if baseline is not None:
        from tailrace.lint.baseline import without_known

        linted, known = without_known(baseline, linted, outcome.texts)
        if known:
            click.echo(f"{known} known by {baseline}", err=True)
    ends = partial(exit_code, asked_forge=ask_forge, has_base=base is not None)
    if fix or show_fix:
        return show_or_fix(root, outcome, linted, write=fix, code=ends)
    code = ends(linted)
    # First what was found: a forge that takes no review must not cost it.
    show(linted, outcome, form, code)
    if is_empty(linted, has_base=base is not None):
        click.echo(f"{root}: {_NOTHING}", err=True)
    if junit is not None:
        write_junit(junit, linted, tuple(outcome.texts))
    if review is not None:
        asyncio.run(_review(asked, linted, review))
    return code


def _refuse(option: str, others: Mapping[str, object]) -> None:
    """What has no meaning beside an option is refused, not left out without a word."""
    given = [name for name, value in others.items() if value]
    if given:
        raise click.UsageError(f"{option} takes no {' and no '.join(given)}.")


async def _lint(asked: _Asked) -> Outcome:
    from tailrace.lint.run import Job, run

    fleet = _fleet(asked.fleet_file)
    if fleet is not None:
        _check_rules(fleet)
    settings = fleet.lint if fleet is not None else LintSettings()
    async with contextlib.AsyncExitStack() as opened:
        forge = None
        if asked.ask_forge:
            if fleet is None:
                raise ConfigurationError(
                    f"{asked.fleet_file}: is not there, so there is no forge to ask"
                    "\n  next: tailrace init, or leave --forge away"
                )
            forge = await opened.enter_async_context(forge_of(fleet, token_of(fleet)))
        job = Job(
            root=asked.root,
            target=await _target(asked, fleet, settings, forge),
            settings=settings,
            today=datetime.now(UTC).date(),
            fleet=fleet,
            manifest=_manifest(asked),
            base=asked.base,
            others=asked.others,
            forge=forge,
            repository=_repository(asked),
        )
        return await run(job)


async def _review(asked: _Asked, linted: Linted, number: int) -> None:
    """Say it on the pull request: Gitea shows no annotations. Nothing where nothing was found."""
    from tailrace.report.lints.review import review_body

    repository = _repository(asked)
    fleet = _fleet(asked.fleet_file)
    if repository is None or fleet is None:
        raise ConfigurationError("--review needs --forge: on which forge is the pull request?")
    if linted.findings:
        async with forge_of(fleet, token_of(fleet)) as forge:
            address = await forge.review(repository, number, review_body(linted))
        click.echo(f"commented: {address or f'pull request {number}'}", err=True)


def _fleet(file: Path) -> Fleet | None:
    return open_fleet(file) if file.exists() else None


def _check_rules(fleet: Fleet) -> None:
    """A severity for a rule that there is not is a slip, and the real one stays as it was."""
    from tailrace.lint.engine import is_rule
    from tailrace.lint.rules import all_rules

    known = {*(rule.id for rule in all_rules()), "TL001", "TL002"}
    for name in fleet.lint.severities:
        if not is_rule(name, known):
            raise ConfigurationError(
                f"{fleet.source}: [lint.rules.{name}]: there is no such rule"
                "\n  next: tailrace lint --explain ID knows the rules"
            )


def _repository(asked: _Asked) -> RepositoryName | None:
    if not asked.ask_forge:
        return None
    owner, _, name = (asked.repository or "").partition("/")
    if not owner or not name or "/" in name:
        raise ConfigurationError("--forge needs --repository OWNER/NAME: whose facts are asked?")
    return RepositoryName(owner, name)


def _manifest(asked: _Asked) -> tuple[str, ...] | None:
    from tailrace.fleet.manifest import read_manifest

    if asked.manifest is None:
        return None
    return tuple(entry.name for entry in read_manifest(asked.manifest, asked.list_name))


async def _target(asked: _Asked, fleet: Fleet | None, settings: LintSettings, forge: Any) -> Target:
    """The one that is named, else the fleet file's, else the forge's own word, else its kind."""
    from tailrace.lint.target import of_fleet, of_server, parse_target

    named = asked.target or settings.target
    if named is not None:
        return parse_target(named)
    if forge is not None:
        server = await forge.server()
        return of_server(server.kind, server.version)
    return of_fleet(fleet)


def _over_fleet(asked: _Asked, form: str) -> int:
    from tailrace.cli.output import watching
    from tailrace.lint.fleetwide import LintedDownstream, lint_fleet
    from tailrace.lint.rules import all_rules
    from tailrace.report.lints import fleet as report

    fleet = open_fleet(asked.fleet_file)
    _check_rules(fleet)

    async def lint() -> tuple[LintedDownstream, ...]:
        with watching(fleet) as watch:
            async with forge_of(fleet, token_of(fleet)) as forge:
                target = await _target(asked, fleet, fleet.lint, forge)
                today = datetime.now(UTC).date()
                return await lint_fleet(fleet, forge, target, fleet.lint, all_rules(), today, watch)

    found = asyncio.run(lint())
    code = report.exit_code(found)
    if form == "json":
        click.echo(json.dumps(report.of_fleet(found, code), indent=2))
    else:
        echo(list(report.fleet_lines(found)))
    return code
