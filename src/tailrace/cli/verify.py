"""``tailrace verify``: the read-only assertion that the fleet has converged."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import click

from tailrace.cli.options import (
    deadline_option,
    fleet_options,
    forge_of,
    open_fleet,
    release_of,
    report_options,
    token_of,
)
from tailrace.runs import Report


@click.command("verify", short_help="Read every downstream; fail unless all have the release.")
@click.argument("version")
@fleet_options
@report_options
@deadline_option
@click.option(
    "--cascade-result",
    envvar="TAILRACE_CASCADE_RESULT",
    metavar="WORD|FILE",
    help="How the cascade before this ended: its output `result`, or its result file."
    "  [default: .tailrace/cascade.json]",
)
def command(
    version: str,
    fleet_file: Path,
    manifest: Path | None,
    list_name: str | None,
    only: tuple[str, ...],
    junit: Path | None,
    deadline: float,
    cascade_result: str | None,
    *,
    as_json: bool,
) -> int:
    """Read every downstream and fail unless all of them have VERSION.

    One line for each that has not: `::error msg=cascade-divergence
    template=NAME got=VALUE want=VERSION::`. Where the cascade before it was
    skipped on purpose, this is skipped as well, with a warning.

    \b
    Examples:
      tailrace verify 0.1.1001
      tailrace verify 0.1.1001 --json --junit verify.xml
      tailrace verify 0.1.1001 --cascade-result "$RESULT_OF_THE_CASCADE_JOB"
    """
    from tailrace.cascade.run import Run, skipped
    from tailrace.cli.output import check_junit, show_report, watching
    from tailrace.cli.stopping import stopped_by_signals
    from tailrace.report.result import skip_of

    fleet = open_fleet(fleet_file, manifest=manifest, list_name=list_name, only=only)
    release = release_of(fleet, version)
    check_junit(junit)
    token = token_of(fleet)

    async def verify() -> Report:
        forge = forge_of(fleet, token)
        with stopped_by_signals(deadline) as stop, watching(fleet) as watch:
            async with forge:
                return await Run(fleet, forge, release, watch=watch, stop=stop).verify()

    now = datetime.now(UTC)
    skip = skip_of(
        cascade_result,
        fleet_file,
        release,
        fleet.policy,
        os.environ,
        now,
        token_present=token is not None,
    )
    report = skipped("verify", release, skip) if skip else asyncio.run(verify())
    return show_report(report, as_json=as_json, junit=junit, environ=os.environ)
