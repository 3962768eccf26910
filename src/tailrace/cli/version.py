"""``tailrace version``: which version comes next."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tailrace.cli.options import fleet_file_option, forge_of, open_fleet, token_of
from tailrace.settings import IndexSettings

if TYPE_CHECKING:
    from tailrace.publish.number import Number


@click.group("version", short_help="Which version comes next.")
def command() -> None:
    """Which version comes next.

    \b
    Example:
      tailrace version next
    """


@command.command("next")
@fleet_file_option
@click.option("--version", "explicit", metavar="VERSION", help="This one, if it is free.")
@click.option(
    "--tag",
    metavar="TAG",
    help="Release what this tag says.  [default: the tag that started the run, by GITHUB_REF]",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="LABEL",
    help="release:patch, release:minor or release:major; may be repeated."
    "  [default: those of the merged pull request]",
)
@click.option("--first", metavar="VERSION", help="For a package that is not on the index yet.")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def next_version(
    fleet_file: Path,
    explicit: str | None,
    tag: str | None,
    labels: tuple[str, ...],
    first: str | None,
    *,
    as_json: bool,
) -> int:
    """Print the version that this run releases; nothing where it releases none.

    From a tag, as given, or the next after the highest release on the index
    (PEP 440 over all its files, yanked ones too): a patch, or what a label
    says. A commit whose message says [skip-release] is no release. A version
    that is taken, and an index that cannot be read, are errors.

    \b
    Examples:
      tailrace version next
      tailrace version next --label release:minor
      tailrace version next --tag runtime-v1.2.3
    """
    from tailrace.cli.output import show_release
    from tailrace.index.open import open_index
    from tailrace.publish.checkout import read_checkout
    from tailrace.publish.claim import Claims
    from tailrace.publish.number import Chosen, NoRelease, Numbering
    from tailrace.report.releases import of_number, outputs_of_number

    fleet = open_fleet(fleet_file)
    settings = fleet.publish
    checkout = read_checkout(Path(settings.source), os.environ)
    if tag is not None:
        checkout = replace(checkout, tag=tag)
    repository = settings.repository or checkout.repository
    index = open_index(fleet.index or IndexSettings(), os.environ)

    async def number() -> Number:
        async with contextlib.AsyncExitStack() as opened:
            await opened.enter_async_context(index)
            claims = None
            if repository is not None:
                forge = await opened.enter_async_context(forge_of(fleet, token_of(fleet)))
                claims = Claims(forge, repository, settings.tag_prefix, checkout.claimant)
            numbering = Numbering(
                package=fleet.package,
                tag_prefix=settings.tag_prefix,
                policy=fleet.policy.versions,
                index=index,
                checkout=checkout,
                claims=claims,
                labels=labels,
                first=first,
            )
            return await numbering.next(explicit)

    found = asyncio.run(number())
    name = f"{settings.tag_prefix}{found.version}" if isinstance(found, Chosen) else None
    if isinstance(found, NoRelease):
        click.echo(f"no release: {found.reason}", err=True)
    lines = [found.version] if isinstance(found, Chosen) else []
    show_release(
        of_number(found, name),
        lines,
        outputs_of_number(found, name),
        as_json=as_json,
        environ=os.environ,
    )
    return 0
