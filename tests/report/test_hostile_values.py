"""No value from a repository or a forge gets out of its place, in any format."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from tests.report.reports import report, verdict

from tailrace.model import State
from tailrace.report.annotations import annotation_lines, step_summary
from tailrace.report.divergence import divergence_lines
from tailrace.report.document import of_report
from tailrace.report.junit import to_junit
from tailrace.report.plain import check_lines, drift_lines, plain_lines
from tailrace.report.terminal import show_report
from tailrace.report.words import NOT_CONVERGED
from tailrace.runs import Check, CheckState, DriftFinding, DriftKind, DriftReport, Report

nasty = st.one_of(
    st.text(max_size=60),
    st.text(
        alphabet=st.sampled_from(list("\x1b\x07\r\n\x00\u202e\u2028\x85\ufeff:%,|`<>&*[]#! a=0.1")),
        max_size=60,
    ),
    st.sampled_from(
        [
            "::error::x",
            "\n::set-output name=result::converged",
            "x\r::stop-commands::t",
            "| a | b |",
            "]]><x/>",
            "\x1b]8;;http://evil\x07click\x1b]8;;\x07",
            "[bold red]markup[/]",
            "##[error]x",
            "##[stop-commands]abc",
            "  ::stop-commands::abc",
            "fact\n\t::stop-commands::abc",
        ]
    ),
)
DIVERGENCE = re.compile(
    r"::error msg=cascade-divergence template=[A-Za-z0-9._-]+ got=[^\s:,]+ want=0\.1\.1001::"
)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    rows = []
    for number in range(draw(st.integers(1, 3))):
        state = draw(st.sampled_from(list(State)))
        rows.append(
            verdict(
                f"d{number}",
                state,
                draw(st.one_of(st.none(), nasty)),
                draw(nasty),
                malformed=draw(st.booleans()),
                branch=draw(nasty),
            )
        )
    return report(*rows)


def is_safe(text: str) -> bool:
    bad = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return all(c == "\n" or unicodedata.category(c) not in bad for c in text)


@given(reports())
def test_plain_lines_hold_no_control_and_no_command(found: Report) -> None:
    for line in plain_lines(found):
        assert is_safe(line)
        assert "\n" not in line
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


@given(reports())
def test_there_is_exactly_one_divergence_line_for_each_that_diverged(found: Report) -> None:
    lines = divergence_lines(found)
    assert len(lines) == sum(v.state in NOT_CONVERGED for v in found.verdicts)
    for line in lines:
        assert is_safe(line)
        assert DIVERGENCE.fullmatch(line), line


@given(reports())
def test_annotations_are_one_line_each(found: Report) -> None:
    for line in annotation_lines(found):
        assert is_safe(line)
        assert "\n" not in line


@given(reports())
def test_the_terminal_gets_no_control_characters_and_no_markup(found: Report) -> None:
    out = io.StringIO()
    show_report(Console(file=out, width=80, force_terminal=False), found)
    assert is_safe(out.getvalue())


@given(reports())
def test_junit_always_parses_and_keeps_its_cases(found: Report) -> None:
    root = ET.fromstring(to_junit(found))  # noqa: S314 - our own
    assert len(root[0].findall("testcase")) == len(found.verdicts)


@given(reports())
def test_the_markdown_table_keeps_its_rows_and_columns(found: Report) -> None:
    lines = step_summary(found).split("\n")
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == len(found.verdicts) + 2
    assert {line.count("|") for line in rows} == {7}
    for line in rows:
        assert is_safe(line)
        assert not re.search(r"[<>`*\[]", line.replace("[...]", ""))


@given(reports())
def test_json_survives_its_own_encoding(found: Report) -> None:
    document = of_report(found)
    assert json.loads(json.dumps(document)) == document


@given(nasty, nasty)
def test_drift_and_doctor_are_as_safe(name: str, message: str) -> None:
    drift = DriftReport(1, ("fleet", name), (DriftFinding(DriftKind.GONE, name, message),))
    checks = (Check(name, CheckState.FAILED, message),)
    for line in [*drift_lines(drift), *check_lines(checks)]:
        assert is_safe(line)
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
