"""What a run said against what Git has: the oracle is the bare repositories themselves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pygit2

from bench.chaos_cases import OWNER, PIN, Case
from tailrace.model import State, Strategy
from tailrace.report import document, plain
from tailrace.report.annotations import annotation_lines, outputs, step_summary
from tailrace.report.divergence import divergence_lines
from tailrace.report.junit import to_junit
from tailrace.report.words import exit_code
from tailrace.runs import Report

WANT = "1.0.1"
_TRAILER = f"Tailrace-Release: chaos {WANT}"


@dataclass(slots=True)
class Verdicts:
    """What was wrong in all cases so far, each with the case's name."""

    cases: int = 0
    false_greens: list[str] = field(default_factory=list)
    lost_or_doubled: list[str] = field(default_factory=list)
    wrong_exit_codes: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    hung: list[str] = field(default_factory=list)

    @property
    def bad(self) -> int:
        """How many things were wrong."""
        return sum(len(rows) for _, rows in self.rows())

    def rows(self) -> list[tuple[str, list[str]]]:
        """Each kind of mistake, and where it was made."""
        return [
            ("false greens", self.false_greens),
            ("lost or doubled commits", self.lost_or_doubled),
            ("wrong exit codes", self.wrong_exit_codes),
            ("tokens leaked", self.leaks),
            ("hung runs", self.hung),
        ]


def judge(case: Case, report: Report, repositories: Path, token: str, into: Verdicts) -> None:
    """Hold one report against the repositories."""
    world = {path.name.removesuffix(".git"): path for path in (repositories / OWNER).iterdir()}
    right = {}
    for verdict in report.verdicts:
        name = verdict.downstream.repository.name
        # A repository may have another name by now; what is in it is what counts.
        path = world.get(name) or world.get(f"{name}-new")
        pin, releases = (None, 0) if path is None else _read(path)
        right[name] = pin == f"{WANT}\n".encode()
        if verdict.state is State.CONVERGED and not right[name]:
            into.false_greens.append(f"{case.name}: {name}")
        if releases > 1:
            into.lost_or_doubled.append(f"{case.name}: {name} has {releases}")
    for outcome in report.outcomes:
        name = outcome.verdict.downstream.repository.name
        path = world.get(name) or world.get(f"{name}-new")
        if outcome.commit is not None and path is not None and not _has(path, outcome.commit.sha):
            into.lost_or_doubled.append(f"{case.name}: {name} lacks {outcome.commit.sha[:7]}")
    code = exit_code(report)
    if code == 0 and not all(right.values()):
        into.wrong_exit_codes.append(f"{case.name}: 0, and not all have it")
    if case.must_converge and code != 0:
        into.wrong_exit_codes.append(f"{case.name}: {code}, and it should have recovered")
    unread = any(verdict.state is State.UNKNOWN for verdict in report.verdicts)
    wrong = any(
        verdict.state in (State.DIVERGED, State.MISSING, State.MALFORMED)
        for verdict in report.verdicts
    )
    if code not in ((1,) if wrong else (3,) if unread else (0,)):
        into.wrong_exit_codes.append(f"{case.name}: {code}")
    if case.strategy is Strategy.PULL_REQUEST and case.fault is not None and code == 0:
        into.wrong_exit_codes.append(f"{case.name}: 0 with pull requests that wait")
    if token in _everything(report):
        into.leaks.append(case.name)


def _read(path: Path) -> tuple[bytes | None, int]:
    git = pygit2.Repository(str(path))
    commit = git.references["refs/heads/main"].peel(pygit2.Commit)
    releases = sum(_TRAILER in (made.message or "") for made in git.walk(commit.id))
    pin = commit.tree[PIN] if PIN in commit.tree else None  # noqa: SIM401 - a tree has no get
    return (pin.data if isinstance(pin, pygit2.Blob) else None), releases


def _has(path: Path, sha: str) -> bool:
    """Whether a commit is on some branch of the repository."""
    git = pygit2.Repository(str(path))
    heads = [ref for ref in git.references if ref.startswith("refs/heads/")]
    return any(
        str(made.id) == sha for ref in heads for made in git.walk(git.references[ref].target)
    )


def _everything(report: Report) -> str:
    """All that any format says."""
    parts = [
        json.dumps(document.of_report(report)),
        "\n".join(plain.plain_lines(report)),
        "\n".join(divergence_lines(report)),
        "\n".join(annotation_lines(report)),
        step_summary(report),
        outputs(report),
        to_junit(report).decode(),
    ]
    return "\n".join(parts)
