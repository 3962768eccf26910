"""``tailrace watch``: a fleet that is looked at again and again."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path

import click

from tailrace.cli.options import (
    duration,
    fleet_options,
    forge_of,
    open_fleet,
    release_of,
    token_of,
)
from tailrace.errors import ConfigurationError, ExitCode, TailraceError
from tailrace.settings import Fleet


def _stamps(files: list[Path]) -> list[tuple[int, int] | None]:
    """What changes where a file does; None for one that is not there."""
    found: list[tuple[int, int] | None] = []
    for file in files:
        try:
            status = file.stat()
        except OSError:
            found.append(None)
        else:
            found.append((status.st_mtime_ns, status.st_size))
    return found


@click.command("watch", short_help="Verify again and again; say what changes.")
@click.argument("version")
@fleet_options
@click.option(
    "--every",
    callback=duration,
    default="60s",
    show_default=True,
    metavar="TIME",
    help="Between two sweeps.",
)
@click.option(
    "--full-every",
    callback=duration,
    default="1h",
    show_default=True,
    metavar="TIME",
    help="After which everything is read, whatever the forge hints.",
)
@click.option("--sweeps", type=click.IntRange(1), metavar="N", help="End after so many.")
@click.option("--json", "as_json", is_flag=True, help="A JSON document for each change.")
def command(
    version: str,
    fleet_file: Path,
    manifest: Path | None,
    list_name: str | None,
    only: tuple[str, ...],
    every: float,
    full_every: float,
    sweeps: int | None,
    *,
    as_json: bool,
) -> int:
    """Verify VERSION over the fleet, then watch for what changes, until a signal.

    A sweep asks for the owners' listings and reads only repositories whose
    `updated_at` has moved: a call for 50 repositories. That is a hint, which
    lags by seconds and can be wrong, so everything is read every --full-every.
    A fleet file that changes is read again. Ends as verify does by the last
    verdicts, 130 or 143 by a signal, 3 if the last sweep could not list.

    \b
    Examples:
      tailrace watch 0.1.1001
      tailrace watch 0.1.1001 --every 5m --full-every 30m --json
    """
    from tailrace.cascade.run import Run
    from tailrace.cascade.watch import Sweep, Watcher
    from tailrace.cli.output import nobody_reads, say_error
    from tailrace.cli.stopping import stopped_by_signals
    from tailrace.report.changes import change_document, change_lines
    from tailrace.report.words import counts, exit_code
    from tailrace.runs import Report

    def read() -> Fleet:
        return open_fleet(fleet_file, manifest=manifest, list_name=list_name, only=only)

    files = [file for file in (fleet_file, manifest) if file is not None]
    seen = _stamps(files)
    fleet = read()
    release = release_of(fleet, version)
    token = token_of(fleet)

    def show(sweep: Sweep) -> None:
        for change in sweep.changes:
            if as_json:
                click.echo(json.dumps(change_document(change, sweep)))
                continue
            for line in change_lines(change, sweep):
                click.echo(line)
        if sweep.failure is not None:
            say_error(RuntimeError(sweep.failure.message))
        click.echo(f"{sweep.at:%H:%M:%S}  {sweep.read} read, {sweep.calls} calls", err=True)
        if nobody_reads():
            # Nothing may change for weeks, and no write would tell.
            raise BrokenPipeError

    def reread(watcher: Watcher) -> None:
        """Follow the fleet file where it has changed; one that cannot be used changes nothing."""
        nonlocal seen
        stamps = _stamps(files)
        if stamps == seen:
            return
        seen = stamps
        try:
            changed = read()
            if (changed.forge, changed.package) != (fleet.forge, fleet.package):
                raise ConfigurationError(
                    f"{fleet.source}: `package` or `[forge]` is another"
                    "\n  next: end this watch and start it again"
                )
        except TailraceError as error:
            say_error(error)
            return
        watcher.follow(changed)
        click.echo(f"{fleet.source} has changed: {len(changed.downstreams)} listed", err=True)

    def report_of(watcher: Watcher) -> Report:
        now = datetime.now().astimezone()
        listed = watcher.run.fleet.downstreams
        verdicts = (watcher.verdicts[d.name] for d in listed if d.name in watcher.verdicts)
        return Report("verify", release, now, now, tuple(verdicts))

    async def watch() -> int:
        last: Sweep | None = None
        with stopped_by_signals() as stop:
            async with forge_of(fleet, token) as forge:
                watcher = Watcher(Run(fleet, forge, release), every, full_every)
                number = 0
                try:
                    async for last in watcher.sweeps(lambda: reread(watcher)):
                        show(last)
                        number += 1
                        if number == sweeps:
                            break
                except asyncio.CancelledError:
                    if stop.signal is None:
                        raise
                    found = counts(report_of(watcher)).items()
                    words = ", ".join(f"{many} {state}" for state, many in found if many)
                    said = f"stopped by {stop.signal.name} after {number} sweeps: {words or 'none'}"
                    click.echo(said, err=True)
                    return 128 + stop.signal
        code = exit_code(report_of(watcher))
        if last is not None and last.failure is not None:
            code = code or int(ExitCode.UNKNOWN)
        return code

    return asyncio.run(watch())
