"""The tables that are not of a report, and what shows while a run works."""

from __future__ import annotations

import errno
import io
import re

import pytest
from rich.console import Console
from tests.report.reports import ALL_STATES, BLOB, HEAD, NOW, RELEASE

from tailrace.errors import ExitCode
from tailrace.model import (
    Downstream,
    Failure,
    FailureKind,
    FileChange,
    FileKind,
    Keep,
    Observation,
    PinFile,
    Refuse,
    RepositoryName,
    Skip,
    Snapshot,
    Write,
)
from tailrace.report.aside import Aside
from tailrace.report.document import of_plan
from tailrace.report.plain import plan_lines
from tailrace.report.progress import Progress
from tailrace.report.terminal import show_checks, show_drift, show_plan
from tailrace.report.words import checks_exit_code, drift_exit_code, plan_exit_code
from tailrace.runs import (
    Check,
    CheckState,
    DriftFinding,
    DriftKind,
    DriftReport,
    Plan,
    Planned,
    Step,
)

NAME = RepositoryName("acme", "codex")
CODEX = Downstream("codex", NAME)
PIN = PinFile(FileKind.FILE, BLOB, 9, b"0.1\x1b[2J\n")
CHANGE = FileChange(".runtime-version", b"0.1.1001\n", BLOB)
SEEN = Snapshot(
    NAME, "main", HEAD, {".runtime-version": PIN}, (".gitea/workflows/publish-image.yml",)
)
LOST = Failure(FailureKind.NOT_FOUND, "acme/codex: not there\n  next: check `repo`")


def planned(action: Write | Keep | Skip | Refuse, seen: Snapshot | Failure = SEEN) -> Planned:
    return Planned(Observation(CODEX, NOW, seen), action)


def plan(*rows: Planned) -> Plan:
    return Plan(RELEASE, rows, calls=7, commits=1, pull_requests=0)


WRITE = planned(Write(SEEN, (CHANGE,), "another version"))
WHOLE = plan(WRITE, planned(Keep(SEEN)), planned(Skip(SEEN, "none")), planned(Refuse(LOST), LOST))


def screen(width: int = 80, *, terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), width=width, height=30, force_terminal=terminal)


def text_of(console: Console) -> str:
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_a_plan_shows_the_diff_the_reason_and_the_cost() -> None:
    console = screen()
    show_plan(console, WHOLE)
    text = text_of(console)
    for said in (r"-0.1\x1b[2J\n", r"+0.1.1001\n", "has it already", "next: check `repo`"):
        assert said in text
    assert text.endswith("costs 1 commit, 7 calls; nothing was written\n")
    assert list(plan_lines(plan(WRITE))) == [
        "write   codex",
        r"    -0.1\x1b[2J\n",
        r"    +0.1.1001\n",
        "    another version",
        "costs 1 commit, 7 calls; nothing was written",
    ]
    pin = {"path": ".runtime-version", "before": "0.1\x1b[2J\n", "after": "0.1.1001\n"}
    assert of_plan(WHOLE)["planned"][0]["pins"] == [pin]


def test_the_exit_codes_of_a_plan() -> None:
    ahead = Refuse(Failure(FailureKind.REFUSED, "newer"), SEEN)
    assert plan_exit_code(plan(WRITE)) is ExitCode.CONVERGED
    assert plan_exit_code(WHOLE) is ExitCode.UNKNOWN
    assert plan_exit_code(plan(WRITE, planned(ahead))) is ExitCode.NOT_CONVERGED


def test_drift_and_its_exit_codes() -> None:
    none = DriftReport(6, ("tailrace.toml", "the forge"), ())
    gone = DriftReport(6, none.sources, (DriftFinding(DriftKind.GONE, "codex", "gone\n  next: x"),))
    unread = DriftReport(6, none.sources, (DriftFinding(DriftKind.UNKNOWN, "codex", "?"),))
    codes = [drift_exit_code(report) for report in (none, gone, unread)]
    assert codes == [ExitCode.CONVERGED, ExitCode.NOT_CONVERGED, ExitCode.UNKNOWN]
    console = screen()
    show_drift(console, none)
    show_drift(console, gone)
    assert "no drift: 6 listed; compared tailrace.toml, the forge\n" in text_of(console)
    assert "1 disagreement between tailrace.toml, the forge\n" in text_of(console)


def test_checks_and_their_exit_codes() -> None:
    ok = Check("forge", CheckState.OK, "gitea 1.22.6")
    down = Check("forge", CheckState.FAILED, "down", Failure(FailureKind.UNREACHABLE, "down"))
    archived = Check("codex", CheckState.FAILED, "archived")
    codes = [checks_exit_code(c) for c in ([ok], [ok, archived], [down, archived])]
    assert codes == [ExitCode.CONVERGED, ExitCode.NOT_CONVERGED, ExitCode.UNKNOWN]
    console = screen()
    show_checks(console, (ok, archived))
    assert "✔ ok" in text_of(console)
    assert "2 checks: 1 failed, 0 warnings\n" in text_of(console)


def test_a_small_fleet_has_a_row_each_while_it_works() -> None:
    console = screen(terminal=True)
    with Progress(console, 2) as watch:
        watch(CODEX, Step.WRITING, "")
        for verdict in ALL_STATES[:2]:
            watch(verdict.downstream, Step.DONE, verdict.state)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text_of(console))
    assert "✔ converged  codex" in text
    assert "✘ diverged   hermes" in text


def test_a_large_fleet_has_a_bar() -> None:
    console = screen(terminal=True)
    with Progress(console, 600) as watch:
        watch(CODEX, Step.WRITING, "")
        watch(ALL_STATES[1].downstream, Step.DONE, "diverged")
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text_of(console))
    assert "1 of 600 done; 1 writing" in text


def test_a_log_hears_of_a_large_fleet_from_time_to_time_and_of_a_small_one_never() -> None:
    now = [0.0]
    for total, expected in ((600, "4 of 600 done\n"), (6, "")):
        console = screen()
        with Progress(console, total, monotonic=lambda: now[0]) as watch:
            for number in range(6):
                now[0] += 0 if number != 3 else 6
                watch(Downstream(f"d{number}", NAME), Step.DONE, "converged")
        assert text_of(console) == expected


def broken(number: int) -> io.StringIO:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(number, "broken")

    return Broken()


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC])
def test_progress_that_nobody_can_read_stops_no_run(number: int) -> None:
    now = [0.0]
    console = Aside(file=broken(number))
    with Progress(console, 600, monotonic=lambda: now[0]) as watch:
        for name in ("one", "two"):
            now[0] += 6
            watch(Downstream(name, NAME), Step.DONE, "converged")
    assert console.quiet
