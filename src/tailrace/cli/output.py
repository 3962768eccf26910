"""Where a report goes: the terminal, a log, JSON, JUnit, and the files of Actions."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from tailrace.errors import ConfigurationError
from tailrace.model import Fleet
from tailrace.report.progress import Progress
from tailrace.runs import Check, DriftReport, Plan, Report


def watching(fleet: Fleet) -> Progress:
    """Progress on standard error."""
    return Progress(Console(stderr=True), len(fleet.downstreams))


def show_report(
    report: Report, *, as_json: bool, junit: Path | None, environ: Mapping[str, str]
) -> int:
    """Say what a cascade or verify found, everywhere it has to be said; the exit code."""
    from tailrace.report.annotations import annotation_lines, inside_actions, write_actions_files
    from tailrace.report.divergence import divergence_lines
    from tailrace.report.words import exit_code

    if as_json:
        from tailrace.report.document import of_report

        _json(of_report(report))
    elif _at_a_terminal():
        from tailrace.report.terminal import show_report as show

        show(Console(), report)
    else:
        from tailrace.report.plain import plain_lines

        _lines(plain_lines(report))
    _lines(divergence_lines(report), err=as_json)
    if inside_actions(environ) or report.skip is not None:
        _lines(annotation_lines(report), err=as_json)
    code = exit_code(report)
    for write in (partial(write_actions_files, environ), partial(_write_junit, junit)):
        try:
            write(report)
        except ConfigurationError as error:
            # What was found goes before a file that could not be written.
            click.echo(f"error: {error}", err=True)
            code = code or error.exit_code
    return int(code)


def _write_junit(junit: Path | None, report: Report) -> None:
    from tailrace.report.junit import to_junit

    if junit is None:
        return
    try:
        junit.write_bytes(to_junit(report))
    except OSError as error:
        raise _cannot_write(junit, error) from error


def check_junit(junit: Path | None) -> None:
    """Raises before anything is done where the JUnit file could not be written afterwards."""
    if junit is None:
        return
    try:
        junit.parent.mkdir(parents=True, exist_ok=True)
        with junit.open("ab"):
            pass
    except OSError as error:
        raise _cannot_write(junit, error) from error


def _cannot_write(junit: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"{junit}: cannot be written: {error.strerror}\n  next: name another --junit"
    )


def show_plan(plan: Plan, *, as_json: bool) -> int:
    """Say what a cascade would do; the exit code."""
    from tailrace.report.words import plan_exit_code

    if as_json:
        from tailrace.report.document import of_plan

        _json(of_plan(plan))
    elif _at_a_terminal():
        from tailrace.report.terminal import show_plan as show

        show(Console(), plan)
    else:
        from tailrace.report.plain import plan_lines

        _lines(plan_lines(plan))
    return int(plan_exit_code(plan))


def show_drift(report: DriftReport, *, as_json: bool) -> int:
    """Say how the lists and the world disagree; the exit code."""
    from tailrace.report.words import drift_exit_code

    if as_json:
        from tailrace.report.document import of_drift

        _json(of_drift(report))
    elif _at_a_terminal():
        from tailrace.report.terminal import show_drift as show

        show(Console(), report)
    else:
        from tailrace.report.plain import drift_lines

        _lines(drift_lines(report))
    return int(drift_exit_code(report))


def show_checks(checks: tuple[Check, ...], *, as_json: bool) -> int:
    """Say what a doctor found; the exit code."""
    from tailrace.report.words import checks_exit_code

    if as_json:
        from tailrace.report.document import of_checks

        _json(of_checks(checks))
    elif _at_a_terminal():
        from tailrace.report.terminal import show_checks as show

        show(Console(), checks)
    else:
        from tailrace.report.plain import check_lines

        _lines(check_lines(checks))
    return int(checks_exit_code(checks))


def _at_a_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, indent=2))


def _lines(lines: Iterable[str], *, err: bool = False) -> None:
    for line in lines:
        click.echo(line, err=err)
