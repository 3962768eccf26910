"""``tailrace plan``: what a cascade would do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from tailrace.cli.options import fleet_options, forge_of, open_fleet, release_of, token_of
from tailrace.runs import Plan


@click.command("plan", short_help="Show what a cascade would do, and what it costs.")
@click.argument("version")
@fleet_options
@click.option("--allow-downgrade", is_flag=True, help="Plan writes to a lower version as well.")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def command(
    version: str,
    fleet_file: Path,
    manifest: Path | None,
    list_name: str | None,
    only: tuple[str, ...],
    *,
    allow_downgrade: bool,
    as_json: bool,
) -> int:
    """Show what a cascade of VERSION would do to each downstream. Writes nothing.

    Ends with 0 if a cascade could carry it out, 1 if it would refuse a
    downstream, 3 if one could not be read.

    \b
    Examples:
      tailrace plan 0.1.1001
      tailrace plan 0.1.1001 --json | jq '.planned[] | select(.action == "write")'
    """
    from tailrace.cascade.run import Run
    from tailrace.cli.output import show_plan, watching

    fleet = open_fleet(fleet_file, manifest=manifest, list_name=list_name, only=only)
    release = release_of(fleet, version)
    forge = forge_of(fleet, token_of(fleet))

    async def plan() -> Plan:
        with watching(fleet) as watch:
            async with forge:
                run = Run(fleet, forge, release, allow_downgrade=allow_downgrade, watch=watch)
                return await run.plan()

    return show_plan(asyncio.run(plan()), as_json=as_json)
