"""``tailrace publish``: build, check, try, claim and upload one release."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tailrace.cli.options import fleet_file_option, forge_of, open_fleet, release_of, token_of
from tailrace.cli.stopping import StoppedEarly, stopped_by_signals
from tailrace.errors import ConfigurationError
from tailrace.model import ForgeKind
from tailrace.settings import Fleet, IndexSettings

if TYPE_CHECKING:
    from tailrace.publish.checkout import Checkout
    from tailrace.publish.claim import Claims
    from tailrace.publish.run import Published

#: What a dry run builds where no version is named.
_DRY = "0.0.0.dev0"
_NEEDED = ("build", "twine", "id")


@click.command("publish", short_help="Build, check, try and upload a release.")
@click.argument("version", required=False)
@fleet_file_option
@click.option("--dry-run", is_flag=True, help="All but claiming and uploading, for pull requests.")
@click.option(
    "--dist",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("dist"),
    show_default=True,
    metavar="DIR",
    help="Where the built files go.",
)
@click.option("--no-claim", is_flag=True, help="Make no tag: nothing else publishes this.")
@click.option(
    "--allow-dirty", is_flag=True, help="Publish although tracked files were changed since."
)
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def command(
    version: str | None,
    fleet_file: Path,
    dist: Path,
    *,
    dry_run: bool,
    no_claim: bool,
    allow_dirty: bool,
    as_json: bool,
) -> int:
    """Build VERSION in isolation, check it, try it, claim its tag, upload it.

    The wheel is installed in a clean environment and imported
    ([publish.smoke]) before anything is uploaded. The version is claimed by
    making its tag on the forge: of two runs one wins, the other says so and
    ends with 1. Files that are there with the same hash are not uploaded
    again; other bytes under the same name are an error.

    \b
    Examples:
      version=$(tailrace version next) && tailrace publish "$version"
      tailrace publish --dry-run
    """
    from tailrace.cli.output import show_release
    from tailrace.index.open import index_token, open_index
    from tailrace.publish.checkout import read_checkout
    from tailrace.publish.run import Publisher, Stage
    from tailrace.report.releases import of_published, outputs_of_published, published_lines

    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            f"publishing needs {missing[0]}, which is not installed"
            "\n  next: pip install 'tailrace[publish]'"
        )
    if version is None and not dry_run:
        raise click.UsageError("Missing argument 'VERSION': what `tailrace version next` prints.")
    if version == "":
        # What "$(tailrace version next)" gives where it fails or there is nothing to release.
        raise click.UsageError("VERSION is empty: `tailrace version next` printed none.")
    fleet = open_fleet(fleet_file)
    release = release_of(fleet, _DRY if version is None else version)
    checkout = read_checkout(Path(fleet.publish.source), os.environ)
    index_settings = fleet.index or IndexSettings()
    token = index_token(index_settings, os.environ)
    # A dry run asks no index, so it needs no token for a private one.
    asked = replace(index_settings, private=False) if dry_run else index_settings
    index = open_index(asked, os.environ)
    claimed = _claims(fleet, checkout, claim=not (dry_run or no_claim))

    stages: list[Stage] = []

    def watch(stage: Stage) -> None:
        stages.append(stage)
        click.echo(f"{release}: {stage} ...", err=True)

    async def publish() -> Published:
        with stopped_by_signals() as stop:
            try:
                async with index, claimed as claims:
                    publisher = Publisher(
                        release=release,
                        settings=fleet.publish,
                        index_settings=index_settings,
                        index=index,
                        checkout=checkout,
                        claims=claims,
                        token=token,
                        secrets=(fleet.forge.token_env,),
                        environ=os.environ,
                        watch=watch,
                        allow_dirty=allow_dirty,
                    )
                    return await publisher.publish(dist, dry_run=dry_run)
            except asyncio.CancelledError:
                if stop.signal is None:
                    raise
                when = f"while {stages[-1]}: {release}" if stages else f"before {release}"
                raise StoppedEarly(stop.signal, when) from None

    published = asyncio.run(publish())
    show_release(
        of_published(published),
        published_lines(published),
        outputs_of_published(published),
        as_json=as_json,
        environ=os.environ,
    )
    return 0


@contextlib.asynccontextmanager
async def _claims(fleet: Fleet, checkout: Checkout, *, claim: bool) -> AsyncIterator[Claims | None]:
    """Where the version is claimed; None where it is not, on purpose."""
    from tailrace.publish.claim import Claims

    if not claim:
        yield None
        return
    repository = fleet.publish.repository or checkout.repository
    if repository is None:
        raise ConfigurationError(
            "where is the version claimed? `repo` is not set in [publish]"
            "\n  next: set it to the package's repository, or say --no-claim"
        )
    token = token_of(fleet)
    if token is None and fleet.forge.kind is not ForgeKind.GIT:
        raise ConfigurationError(
            f"no token: {fleet.forge.token_env} is not set, and the version is claimed by a tag"
            f"\n  next: export {fleet.forge.token_env}=..., or say --no-claim"
        )
    async with forge_of(fleet, token) as forge:
        yield Claims(forge, repository, fleet.publish.tag_prefix, checkout.claimant)
