"""Each format, literally."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console
from tests.report.reports import ALL_STATES, RELEASE, cascade, report, verdict

from tailrace.errors import ConfigurationError, ExitCode
from tailrace.model import State
from tailrace.report.annotations import (
    SUMMARY_LIMIT,
    annotation_lines,
    outputs,
    step_summary,
    write_actions_files,
)
from tailrace.report.divergence import divergence_lines
from tailrace.report.document import of_report
from tailrace.report.junit import to_junit
from tailrace.report.plain import plain_lines
from tailrace.report.terminal import show_report
from tailrace.report.words import exit_code, result_word
from tailrace.runs import IntentionalSkip, Report

SKIPPED = replace(report(), skip=IntentionalSkip("workflow_dispatch", "no token in TAILRACE_TOKEN"))


def test_the_divergence_lines_are_exactly_these() -> None:
    assert divergence_lines(report(*ALL_STATES)) == [
        "::error msg=cascade-divergence template=hermes got=0.1.1000 want=0.1.1001::",
        "::error msg=cascade-divergence template=openclaw got=malformed want=0.1.1001::",
        "::error msg=cascade-divergence template=autogen got=missing want=0.1.1001::",
    ]


@pytest.mark.parametrize(
    ("got", "shown"),
    [
        ("1%2", "1%252"),
        ("a:b,c", "a%3Ab%2Cc"),
        ("0.1\r\n::error::x", "0.1%3A%3Aerror%3A%3Ax"),
        ("\x1b[31mred", "%1B[31mred"),
        ("\u202e1.2", "%E2%80%AE1.2"),
        ("１.２", "１.２"),
        ("", "empty"),
        ("0.9 want=0.1.1001::", "0.9want=0.1.1001%3A%3A"),
    ],
)
def test_a_hostile_value_stays_inside_its_field(got: str, shown: str) -> None:
    (line,) = divergence_lines(report(verdict("codex", State.DIVERGED, got, malformed=True)))
    head = "::error msg=cascade-divergence template=codex got="
    assert line == f"{head}{shown} want=0.1.1001::"


@pytest.mark.parametrize(
    ("states", "code", "word"),
    [
        ([State.CONVERGED, State.SKIPPED], ExitCode.CONVERGED, "converged"),
        ([State.CONVERGED, State.DIVERGED], ExitCode.NOT_CONVERGED, "not-converged"),
        ([State.CONVERGED, State.MALFORMED], ExitCode.NOT_CONVERGED, "not-converged"),
        ([State.CONVERGED, State.MISSING], ExitCode.NOT_CONVERGED, "not-converged"),
        ([State.CONVERGED, State.UNKNOWN], ExitCode.UNKNOWN, "unknown"),
        ([State.UNKNOWN, State.DIVERGED], ExitCode.NOT_CONVERGED, "not-converged"),
    ],
)
def test_the_exit_code(states: list[State], code: ExitCode, word: str) -> None:
    found = report(*(verdict(f"d{n}", state, "1.0.0") for n, state in enumerate(states)))
    assert (exit_code(found), result_word(found)) == (code, word)


def test_a_skip_on_purpose_is_0_and_says_so() -> None:
    assert (exit_code(SKIPPED), result_word(SKIPPED)) == (ExitCode.CONVERGED, "skipped")
    assert list(plain_lines(SKIPPED)) == ["skipped on purpose: no token in TAILRACE_TOKEN"]
    assert annotation_lines(SKIPPED) == [
        "::warning title=tailrace verify skipped::no token in TAILRACE_TOKEN"
    ]


def test_plain_lines() -> None:
    assert list(plain_lines(report(*ALL_STATES))) == [
        "converged  codex     0.1.1001  4f2a91c  .gitea/workflows",
        "diverged   hermes    0.1.1000  (wants 0.1.1001)  4f2a91c",
        "malformed  openclaw  malformed  (wants 0.1.1001)  4f2a91c",
        "    more than one newline",
        "missing    autogen   missing  (wants 0.1.1001)  4f2a91c",
        "    .runtime-version is not there",
        "skipped    crewai",
        "    no publish-image.yml in .github/workflows",
        "unknown    gone",
        "    acme/gone: not there",
        "      next: check `repo`",
        "1 converged, 1 diverged, 1 malformed, 1 missing, 1 skipped, 1 unknown; 9 calls, 1.5 s",
        "3 of 6 have not got runtime 0.1.1001:",
        "  hermes, openclaw, autogen; 1 could not be read: gone",
        "  next: tailrace plan 0.1.1001, then: tailrace cascade 0.1.1001",
    ]


def test_plain_lines_of_a_cascade_say_what_was_done() -> None:
    lines = list(plain_lines(cascade()))
    assert lines[0] == "converged  codex      0.1.1001  4f2a91c  written  .gitea/workflows"
    assert lines[1] == "diverged   hermes     0.1.1000  (wants 0.1.1001)  4f2a91c  failed"
    assert lines[-1].startswith("  next: read what each says")


def terminal(found: Report, width: int = 80) -> str:
    out = io.StringIO()
    show_report(Console(file=out, width=width, force_terminal=False), found)
    return out.getvalue()


def test_the_table_says_the_state_in_word_and_symbol() -> None:
    text = terminal(report(*ALL_STATES))
    for said in ("✔ converged", "✘ diverged", "! malformed", "∅ missing", "– skipped", "? unknown"):
        assert said in text
    assert all(len(line) <= 80 for line in text.split("\n")[:-5])


def test_json_has_everything_and_is_versioned() -> None:
    document = json.loads(json.dumps(of_report(cascade())))
    assert document["schema"] == "tailrace/report/1"
    assert (document["result"], document["exit_code"]) == ("not-converged", 1)
    first = document["downstreams"][0]
    assert first["evidence"] == {
        "repository": "acme/codex",
        "branch": "main",
        "commit": "4f2a91c0" * 5,
        "blobs": {".runtime-version": "d" * 40},
        "observed_at": "2026-11-23T12:00:00+00:00",
    }
    assert first["outcome"]["did"] == "written"
    assert document["downstreams"][1]["outcome"]["failure"]["kind"] == "archived"


def test_junit_has_a_case_for_each() -> None:
    root = ET.fromstring(to_junit(report(*ALL_STATES)))  # noqa: S314 - our own
    suite = root[0]
    assert dict(suite.attrib) | {"name": ""} == {
        "name": "",
        "tests": "6",
        "failures": "3",
        "errors": "1",
        "skipped": "1",
        "time": "1.500",
        "timestamp": "2026-11-23T12:00:00+00:00",
    }
    kinds = [[child.tag for child in case if child.tag != "properties"] for case in suite]
    assert kinds == [[], ["failure"], ["failure"], ["failure"], ["skipped"], ["error"]]


def test_the_summary_is_a_table_with_a_headline() -> None:
    lines = step_summary(report(*ALL_STATES)).split("\n")
    assert lines[0].startswith("### tailrace verify: 3 of 6 have not got runtime")
    rows = [line for line in lines if line.startswith(("| ✘", "| ✔"))]
    assert rows[1].startswith("| ✘ diverged | hermes | 0&#46;1&#46;1000 | 0&#46;1&#46;1001 |")


def test_a_summary_that_would_be_too_large_says_how_many_are_left_out() -> None:
    many = [verdict(f"d{n}", State.UNKNOWN, None, "x" * 390) for n in range(6_000)]
    text = step_summary(report(*many))
    assert len(text.encode()) <= SUMMARY_LIMIT
    assert "more are not shown" in text


def test_outputs_and_files_of_actions(tmp_path: Path) -> None:
    found = report(*ALL_STATES)
    environ = {
        "GITHUB_OUTPUT": str(tmp_path / "out"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "sum"),
    }
    (tmp_path / "out").write_text("before=1\n")
    write_actions_files(environ, found)
    assert (tmp_path / "out").read_text() == (
        "before=1\nresult=not-converged\nversion=0.1.1001\nconverged=1\ndiverged=1\n"
        "malformed=1\nmissing=1\nskipped=1\nunknown=1\n"
    )
    assert (tmp_path / "sum").read_text() == step_summary(found)
    assert outputs(SKIPPED).startswith("result=skipped\n")


def test_a_file_of_actions_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="GITHUB_OUTPUT"):
        write_actions_files({"GITHUB_OUTPUT": str(tmp_path / "no" / "out")}, report())


def test_what_could_not_be_read_is_an_annotation_of_its_own() -> None:
    assert annotation_lines(report(*ALL_STATES)) == [
        "::error title=tailrace%3A gone::acme/gone: not there%0A  next: check `repo`"
    ]
    assert RELEASE.version == "0.1.1001"
