"""``tailrace init``: the first fleet file."""

from __future__ import annotations

from pathlib import Path

import click

from tailrace.errors import ConfigurationError
from tailrace.model import (
    ForgeKind,
)


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
@click.argument("repositories", nargs=-1, metavar="[REPOSITORY]...")
def command(
    package: str, url: str, owner: str, kind: str, fleet_file: Path, repositories: tuple[str, ...]
) -> None:
    """Write a commented tailrace.toml with each REPOSITORY as a downstream.

    Never overwrites a file.

    \b
    Example:
      tailrace init --package my-runtime --url https://git.example.com \\
        --owner my-org template-codex template-hermes
    """
    from tailrace.fleet.starter import starter

    text = starter(
        package=package, url=url, owner=owner, kind=ForgeKind(kind), repositories=repositories
    )
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
    click.echo(
        f"{fleet_file} written\n"
        f"  next: correct it, export TAILRACE_TOKEN=..., then: tailrace doctor"
    )
