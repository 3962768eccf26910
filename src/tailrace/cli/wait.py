"""``tailrace wait``: until consumers can install the release."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import click

from tailrace.cli.options import duration, fleet_file_option, open_fleet, release_of
from tailrace.settings import IndexSettings


@click.command("wait", short_help="Wait until consumers can install a release.")
@click.argument("version")
@fleet_file_option
@click.option(
    "--deadline",
    callback=duration,
    metavar="TIME",
    help="How long at most, such as 90s, 10m, 1h.  [default: `deadline` in [index]]",
)
@click.option(
    "--good-answers",
    type=click.IntRange(1, 100),
    metavar="N",
    help="Good answers in a row.  [default: `good-answers` in [index]]",
)
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def command(
    version: str,
    fleet_file: Path,
    deadline: float | None,
    good_answers: int | None,
    *,
    as_json: bool,
) -> int:
    """Wait until the index offers VERSION as a consumer's pip would see it.

    Reads the simple index with pip's own Accept header until it gives so many
    good answers in a row, then downloads the file and checks its hash. Ends
    with 0 if it is installable; with 1 if it was not indexed in time or is
    broken (hash, yanked, Python); with 3 if the index could not be read.

    \b
    Examples:
      tailrace wait 0.1.1001
      tailrace wait 0.1.1001 --deadline 30m --json
    """
    from tailrace.cli.output import show_release
    from tailrace.cli.waiting import wait_for
    from tailrace.index.wait import EXIT_CODES
    from tailrace.report.releases import of_waited, outputs_of_waited, waited_lines

    fleet = open_fleet(fleet_file)
    release = release_of(fleet, version)
    settings = fleet.index or IndexSettings()
    settings = replace(
        settings,
        deadline=deadline or settings.deadline,
        good_answers=good_answers or settings.good_answers,
    )
    waited = asyncio.run(wait_for(release, settings, os.environ))
    show_release(
        of_waited(waited),
        waited_lines(waited),
        outputs_of_waited(waited),
        as_json=as_json,
        environ=os.environ,
    )
    return int(EXIT_CODES[waited.state])
