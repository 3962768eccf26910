"""What runs inside Actions: annotations, the step summary and outputs (Gitea and GitHub)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tailrace.errors import ConfigurationError
from tailrace.model import State, Verdict
from tailrace.report.divergence import got_word
from tailrace.report.escape import for_markdown, for_workflow_message, for_workflow_property
from tailrace.report.words import SYMBOLS, counts, headline, result_word
from tailrace.runs import Report

#: GitHub takes no step summary larger than this (docs: "Adding a job summary").
SUMMARY_LIMIT = 1024 * 1024


def annotation_lines(report: Report) -> list[str]:
    """What could not be read as errors, an intentional skip as a warning."""
    if report.skip is not None:
        title = for_workflow_property(f"tailrace {report.command} skipped")
        return [f"::warning title={title}::{for_workflow_message(report.skip.reason)}"]
    return [_annotation(v) for v in report.verdicts if v.state is State.UNKNOWN]


def _annotation(verdict: Verdict) -> str:
    title = for_workflow_property(f"tailrace: {verdict.downstream.name}")
    return f"::error title={title}::{for_workflow_message(verdict.detail[:600])}"


def step_summary(report: Report) -> str:
    """A headline and a table in Markdown, cut where GitHub would refuse it."""
    fact, step = headline(report)
    parts = [f"### tailrace {report.command}: {for_markdown(fact)}\n\n"]
    if step:
        parts.append(f"Next: {for_markdown(step)}\n\n")
    if report.verdicts:
        parts.append("| | downstream | has | wants | commit | what to know |\n")
        parts.append("| --- | --- | --- | --- | --- | --- |\n")
    size = sum(len(part.encode()) for part in parts)
    for number, verdict in enumerate(report.verdicts):
        row = _row(verdict)
        size += len(row.encode())
        if size > SUMMARY_LIMIT - 200:
            left = len(report.verdicts) - number
            parts.append(f"\n{left} more are not shown: the summary may not be larger.\n")
            break
        parts.append(row)
    return "".join(parts)


def _row(verdict: Verdict) -> str:
    evidence = verdict.evidence
    commit = evidence.commit[:7] if evidence and evidence.commit else ""
    shown = verdict.state not in (State.SKIPPED, State.UNKNOWN)
    cells = [
        f"{SYMBOLS[verdict.state]} {verdict.state}",
        for_markdown(verdict.downstream.name),
        for_markdown(got_word(verdict), 60) if shown else "",
        for_markdown(verdict.want, 60),
        commit,
        for_markdown(verdict.detail),
    ]
    return f"| {' | '.join(cells)} |\n"


def outputs(report: Report) -> str:
    """The lines for GITHUB_OUTPUT; no value of them comes out of a repository."""
    lines = [f"result={result_word(report)}", f"version={report.release.version}"]
    lines += [f"{state}={number}" for state, number in counts(report).items()]
    return "\n".join(lines) + "\n"


def inside_actions(environ: Mapping[str, str]) -> bool:
    """Whether this runs as a step of Actions; Gitea and Forgejo set the same variable."""
    return environ.get("GITHUB_ACTIONS") == "true"


def write_actions_files(environ: Mapping[str, str], report: Report) -> None:
    """Append summary and outputs to the files that the runner names.

    Raises `ConfigurationError` where one cannot be written: a later job would read a lie.
    """
    for variable, text in (
        ("GITHUB_STEP_SUMMARY", step_summary(report)),
        ("GITHUB_OUTPUT", outputs(report)),
    ):
        append_actions_file(environ, variable, text)


def append_actions_file(environ: Mapping[str, str], variable: str, text: str) -> None:
    """Append to the file that the runner names; nothing where it names none."""
    name = environ.get(variable, "")
    if not name:
        return
    try:
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(f"{variable}: {name}: {error.strerror}") from error
