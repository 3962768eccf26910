"""``tailrace init``: the first fleet file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import click

from tailrace.errors import ConfigurationError, TailraceError
from tailrace.model import Discovery, Downstream, Failure, ForgeKind, ForgeSettings, RepositoryName


@click.command("init", short_help="Write a commented tailrace.toml.")
@click.option("--package", metavar="NAME", default="my-package", help="The published package.")
@click.option(
    "--url", metavar="URL", default="https://git.example.com", help="The forge's address."
)
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
    help="The file to write.",
)
@click.option("--discover", is_flag=True, help="List what the owner has that has a consumer.")
@click.option(
    "--name", "glob", default="*", show_default=True, metavar="GLOB", help="With --discover."
)
@click.option("--topic", metavar="TOPIC", help="With --discover: only with this topic.")
@click.argument("repositories", nargs=-1, metavar="[REPOSITORY]...")
def command(
    package: str,
    url: str,
    owner: str,
    kind: str,
    fleet_file: Path,
    glob: str,
    topic: str | None,
    repositories: tuple[str, ...],
    *,
    discover: bool,
) -> None:
    """Write a commented tailrace.toml with each REPOSITORY as a downstream.

    Never overwrites a file. With --discover the forge is asked which of the
    owner's repositories have a consumer; the token is read from
    TAILRACE_TOKEN.

    \b
    Examples:
      tailrace init --package my-runtime --url https://git.example.com \\
        --owner my-org template-codex template-hermes
      tailrace init --package my-runtime --url https://git.example.com \\
        --owner my-org --discover --name 'template-*'
    """
    from tailrace.fleet.starter import starter

    def text_of(chosen: tuple[str, ...]) -> str:
        return starter(
            package=package, url=url, owner=owner, kind=ForgeKind(kind), repositories=chosen
        )

    # Before anything is asked: an address that is none, or that has a secret in it, is refused.
    text = text_of(repositories)
    if discover:
        settings = ForgeSettings(ForgeKind(kind), url, owner)
        wanted = Discovery(owner, glob, topic)
        repositories = (*repositories, *asyncio.run(_discovered(settings, wanted)))
        text = text_of(repositories)
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
    first = "" if kind == ForgeKind.GIT else "export TAILRACE_TOKEN=..., "
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
