"""``tailrace cascade``: the main job."""

from __future__ import annotations

import asyncio
import os
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
from tailrace.model import Release, Strategy
from tailrace.runs import Report
from tailrace.settings import Fleet


@click.command("cascade", short_help="Carry a release to every downstream and read it back.")
@click.argument("version")
@fleet_options
@report_options
@deadline_option
@click.option("--no-wait", is_flag=True, help="Do not wait until it can be installed.")
@click.option("--allow-downgrade", is_flag=True, help="Write to a lower version as well.")
@click.option(
    "--strategy",
    type=click.Choice([strategy.value for strategy in Strategy]),
    help="Commit to the branch, or open a pull request, for all downstreams.",
)
@click.option(
    "--event",
    envvar="GITHUB_EVENT_NAME",
    metavar="NAME",
    help="What started this run.  [env: GITHUB_EVENT_NAME]",
)
@click.option(
    "--result-file",
    "named_result",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the result for a later verify goes.  [env: TAILRACE_RESULT;"
    " default: .tailrace/cascade.json]",
)
def command(
    version: str,
    fleet_file: Path,
    manifest: Path | None,
    list_name: str | None,
    only: tuple[str, ...],
    junit: Path | None,
    deadline: float,
    strategy: str | None,
    event: str | None,
    named_result: Path | None,
    *,
    as_json: bool,
    no_wait: bool,
    allow_downgrade: bool,
) -> int:
    """Carry VERSION to every downstream: observe, plan, apply, verify.

    Waits first until it can be installed ([index] in the fleet file). Writes
    only where the pin differs, so it can be killed and simply run again.
    Without a token it is skipped, with a warning and exit code 0, on the
    events that the fleet file allows (workflow_dispatch by default).

    \b
    Examples:
      tailrace cascade 0.1.1001
      tailrace cascade 0.1.1001 --only codex --only hermes
      tailrace cascade 0.1.1001 --strategy pull-request --junit cascade.xml
    """
    from tailrace.cascade.run import Run, skipped
    from tailrace.cascade.token import intentional_skip
    from tailrace.cli.output import check_junit, show_report, watching
    from tailrace.cli.stopping import stopped_by_signals
    from tailrace.report.result import forget_result, result_file, write_result

    # First of all: whatever fails below must not leave an old result behind.
    file = named_result or result_file(fleet_file, os.environ)
    forget_result(file)
    fleet = open_fleet(
        fleet_file, manifest=manifest, list_name=list_name, only=only, strategy=strategy
    )
    release = release_of(fleet, version)
    check_junit(junit)
    token = token_of(fleet)

    async def cascade() -> Report:
        forge = forge_of(fleet, token)
        with stopped_by_signals(deadline) as stop, watching(fleet) as watch:
            async with forge:
                run = Run(
                    fleet, forge, release, allow_downgrade=allow_downgrade, watch=watch, stop=stop
                )
                return await run.cascade()

    skip = intentional_skip(fleet.forge, fleet.policy, token=token, event=event)
    if skip is None and not no_wait:
        _installable(fleet, release)
    report = skipped("cascade", release, skip) if skip else asyncio.run(cascade())
    return show_report(
        report,
        as_json=as_json,
        junit=junit,
        environ=os.environ,
        also=lambda found: write_result(file, found, os.environ),
    )


def _installable(fleet: Fleet, release: Release) -> None:
    """Wait until consumers can install the release. Raises `NotInstallable`."""
    from tailrace.cli.waiting import wait_for
    from tailrace.index.wait import NotInstallable, WaitState

    if fleet.index is None:
        said = f"no [index] in {fleet.source}: not looked whether it can be installed"
        click.echo(said, err=True)
        return
    waited = asyncio.run(wait_for(release, fleet.index, os.environ))
    if waited.state is not WaitState.INSTALLABLE:
        raise NotInstallable(waited)
    click.echo(f"installable: {release}, after {waited.took:.1f} s", err=True)
