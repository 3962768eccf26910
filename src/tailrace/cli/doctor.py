"""``tailrace doctor``: what could keep a cascade from working."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from tailrace.cli.options import fleet_options, forge_of, open_fleet, token_of
from tailrace.runs import Check


@click.command("doctor", short_help="Check the forge, the token and every repository.")
@fleet_options
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def command(
    fleet_file: Path,
    manifest: Path | None,
    list_name: str | None,
    only: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    """Check that the forge answers, what the token may, and each repository.

    Writes nothing. Ends with 1 if a check failed, 3 if the forge or the token
    kept it from telling.

    \b
    Example:
      tailrace doctor --only codex
    """
    from tailrace.cli.output import show_checks, watching
    from tailrace.fleet.doctor import examine

    fleet = open_fleet(fleet_file, manifest=manifest, list_name=list_name, only=only)
    token = token_of(fleet)

    async def doctor() -> tuple[Check, ...]:
        with watching(fleet) as watch:
            async with forge_of(fleet, token) as forge:
                return await examine(fleet, forge, token_present=token is not None, watch=watch)

    return show_checks(asyncio.run(doctor()), as_json=as_json)
