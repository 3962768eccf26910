"""Where a report goes: the terminal, a log, JSON, JUnit, and the files of Actions."""

from __future__ import annotations

import json
import select
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from tailrace.errors import ConfigurationError
from tailrace.report import document, plain, terminal, words
from tailrace.report.annotations import (
    annotation_lines,
    append_actions_file,
    inside_actions,
    write_actions_files,
)
from tailrace.report.aside import Aside
from tailrace.report.divergence import divergence_lines
from tailrace.report.escape import lines_for_terminal
from tailrace.report.junit import to_junit
from tailrace.report.progress import Progress
from tailrace.runs import Check, DriftReport, Plan, Report
from tailrace.settings import Fleet

T = TypeVar("T")


def watching(fleet: Fleet) -> Progress:
    """Progress on standard error."""
    return Progress(Aside(stderr=True), len(fleet.downstreams))


def show_report(
    report: Report,
    *,
    as_json: bool,
    junit: Path | None,
    environ: Mapping[str, str],
    also: Callable[[Report], None] | None = None,
) -> int:
    """Say what a cascade or verify found, everywhere it has to be said; the exit code."""
    code = words.exit_code(report)
    files: list[Callable[[Report], None]] = [
        partial(write_actions_files, environ),
        partial(_write_junit, junit),
        *([] if also is None else [also]),
    ]
    try:
        _show(report, document.of_report, terminal.show_report, plain.plain_lines, as_json=as_json)
        _lines(divergence_lines(report), err=as_json)
        if inside_actions(environ) or report.skip is not None:
            _lines(annotation_lines(report), err=as_json)
    finally:
        # Whoever reads the output may be gone (`| head`): the files are for somebody else.
        for write in files:
            try:
                write(report)
            except ConfigurationError as error:
                # What was found goes before a file that could not be written.
                say_error(error)
                code = code or error.exit_code
    return int(code)


def _write_junit(junit: Path | None, report: Report) -> None:
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
    _show(plan, document.of_plan, terminal.show_plan, plain.plan_lines, as_json=as_json)
    return int(words.plan_exit_code(plan))


def show_drift(report: DriftReport, *, as_json: bool) -> int:
    """Say how the lists and the world disagree; the exit code."""
    _show(report, document.of_drift, terminal.show_drift, plain.drift_lines, as_json=as_json)
    return int(words.drift_exit_code(report))


def show_checks(checks: tuple[Check, ...], *, as_json: bool) -> int:
    """Say what a doctor found; the exit code."""
    _show(checks, document.of_checks, terminal.show_checks, plain.check_lines, as_json=as_json)
    return int(words.checks_exit_code(checks))


def show_release(
    document: dict[str, Any],
    lines: Iterable[str],
    outputs: str,
    *,
    as_json: bool,
    environ: Mapping[str, str],
) -> None:
    """Say what came of one release, and leave the outputs for later steps."""
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        _lines(lines)
    append_actions_file(environ, "GITHUB_OUTPUT", outputs)


def nobody_reads() -> bool:
    """Whether standard output is a pipe whose reader went away; known without writing to it."""
    if sys.stdout is None:
        return False
    poll = select.poll()
    poll.register(sys.stdout, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def say_error(error: Exception) -> None:
    """An error on standard error; it may quote a forge or a file, so none of it goes out raw."""
    click.secho("error: ", fg="red", bold=True, err=True, nl=False)
    click.echo("\n".join(lines_for_terminal(str(error))), err=True)


def _show(
    found: T,
    of: Callable[[T], dict[str, Any]],
    table: Callable[[Console, T], None],
    lines: Callable[[T], Iterable[str]],
    *,
    as_json: bool,
) -> None:
    """As JSON, as a table at a terminal, or as lines in a log."""
    if as_json:
        click.echo(json.dumps(of(found), indent=2))
    elif sys.stdout is not None and sys.stdout.isatty():
        table(Console(), found)
    else:
        _lines(lines(found))


def _lines(lines: Iterable[str], *, err: bool = False) -> None:
    for line in lines:
        click.echo(line, err=err)
