"""Tables for people at a terminal."""

from __future__ import annotations

from collections import Counter

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tailrace.model import FailureKind, State
from tailrace.report import plain
from tailrace.report.divergence import got_word
from tailrace.report.escape import for_terminal, lines_for_terminal
from tailrace.report.words import SYMBOLS, action_word, did_word, exit_code, pairs
from tailrace.runs import Check, CheckState, DriftReport, Plan, Planned, Report

COLOURS = {
    State.CONVERGED: "green",
    State.DIVERGED: "red",
    State.MALFORMED: "red",
    State.MISSING: "red",
    State.SKIPPED: "bright_black",
    State.UNKNOWN: "yellow",
}
_CHECKS = {
    CheckState.OK: ("✔", "green"),
    CheckState.WARNING: ("!", "yellow"),
    CheckState.FAILED: ("✘", "red"),
}


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def state_text(state: State) -> Text:
    """A state as symbol and word; the colour only repeats it."""
    return Text(f"{SYMBOLS[state]} {state}", style=COLOURS[state])


def show_report(console: Console, report: Report) -> None:
    """The table of a cascade or a verify, its details, and the summary."""
    with_did = bool(report.outcomes)
    spelt_out = Counter[FailureKind]()
    table = _table("state", "downstream", "has", *(["did"] if with_did else []), "commit", "what")
    for verdict, outcome in pairs(report):
        evidence = verdict.evidence
        commit = evidence.commit[:7] if evidence and evidence.commit else ""
        has_value = verdict.state not in (State.SKIPPED, State.UNKNOWN)
        said = plain.detail_lines(verdict, spelt_out)
        if verdict.state is State.CONVERGED and not said:
            said = [plain.consumers(verdict)] if verdict.consumers else []
        row = [
            state_text(verdict.state),
            Text(verdict.downstream.name),
            Text(for_terminal(got_word(verdict), 24) if has_value else ""),
            *([Text(did_word(outcome) if outcome else "")] if with_did else []),
            Text(commit, style="bright_black"),
            Text("\n".join(said), style="" if verdict.detail else "bright_black"),
        ]
        table.add_row(*row)
    if report.verdicts:
        console.print(table)
    lines = list(plain.summary_lines(report))
    style = "bold green" if int(exit_code(report)) == 0 else "bold red"
    for number, line in enumerate(lines):
        headline = number == (0 if report.skip is not None else 1)
        console.print(Text(line, style=style if headline else ""), soft_wrap=True)


def show_plan(console: Console, plan: Plan) -> None:
    """What would be done to each downstream, with the diff of its pin, and the cost."""
    table = _table("would", "downstream", "pin", "why")
    for planned in plan.planned:
        table.add_row(*_planned(planned))
    console.print(table)
    console.print(Text(plain.cost(plan), style="bold"), soft_wrap=True)


def _planned(planned: Planned) -> list[Text]:
    styles = {"write": "yellow", "create": "yellow", "refuse": "red", "keep": "green"}
    word = action_word(planned.action)
    return [
        Text(word, style=styles.get(word, "bright_black")),
        Text(planned.observation.downstream.name),
        _diff(planned),
        Text("\n".join(plain.plan_reason(planned))),
    ]


def _diff(planned: Planned) -> Text:
    return Text("\n").join(
        Text(line, style="red" if line.startswith("-") else "green")
        for line in plain.diff_lines(planned)
    )


def show_drift(console: Console, report: DriftReport) -> None:
    """What was compared, and every disagreement."""
    if report.findings:
        table = _table("drift", "repository", "what")
        for finding in report.findings:
            table.add_row(
                Text(f"✘ {finding.kind}", style="red"),
                Text(for_terminal(finding.name)),
                Text("\n".join(lines_for_terminal(finding.message))),
            )
        console.print(table)
    style = "bold red" if report.findings else "bold green"
    console.print(Text(plain.drift_headline(report), style=style), soft_wrap=True)


def show_checks(console: Console, checks: tuple[Check, ...]) -> None:
    """What a doctor looked at."""
    table = _table("check", "of", "what")
    for check in checks:
        symbol, colour = _CHECKS[check.state]
        table.add_row(
            Text(f"{symbol} {check.state}", style=colour),
            Text(for_terminal(check.name)),
            Text("\n".join(lines_for_terminal(check.message))),
        )
    console.print(table)
    failed = any(check.state is CheckState.FAILED for check in checks)
    style = "bold red" if failed else "bold green"
    console.print(Text(plain.checks_headline(checks), style=style), soft_wrap=True)
