"""A part of the fault matrix, one case for each fault and step; `scripts/bench chaos` has all."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench.chaos import run_all
from bench.chaos_cases import FAULTS, OF_STRATEGY, OWNER, PIN, Case, cases
from bench.chaos_judge import WANT, Verdicts, judge
from tailrace.model import (
    Commit,
    Downstream,
    Evidence,
    Keep,
    Release,
    RepositoryName,
    Snapshot,
    State,
    Strategy,
    Verdict,
)
from tailrace.runs import Outcome, Report
from tailrace.sandbox.store import Store

CASE = Case("a case", Strategy.COMMIT)
TOKEN = "f" * 40
NAME = RepositoryName(OWNER, "one")


async def test_no_false_green_no_lost_commit_no_wrong_code_no_leak_no_hang(tmp_path: Path) -> None:
    chosen = list(cases(small=True))
    assert len(chosen) > len(FAULTS) * len(OF_STRATEGY[Strategy.COMMIT])
    verdicts = await run_all(chosen, tmp_path)
    assert verdicts.cases == len(chosen)
    assert verdicts.rows() == [(name, []) for name, _ in verdicts.rows()]


def reported(state: State = State.CONVERGED, detail: str = "", commit: str = "") -> Report:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    evidence = Evidence(NAME, "main", "a" * 40, {PIN: "b" * 40}, now)
    downstream = Downstream("one", NAME)
    verdict = Verdict(downstream, state, WANT, WANT, False, detail, evidence)
    seen = Snapshot(NAME, "main", "a" * 40, {}, ())
    outcome = Outcome(Keep(seen), verdict, Commit(commit, ()) if commit else None)
    return Report("cascade", Release("chaos", WANT), now, now, (verdict,), (outcome,))


def judged(folder: Path, report: Report, *releases: bytes, case: Case = CASE) -> Verdicts:
    into = Verdicts()
    with closing(Store(folder)) as store:
        store.create_repository(OWNER, "one", {PIN: b"1.0.0\n"})
        for content in releases:
            message = f"x\n\nTailrace-Release: chaos {WANT}\n"
            store.commit_file(OWNER, "one", PIN, content, message)
        judge(case, report, folder / "repositories", TOKEN, into)
    return into


def test_the_judge_sees_a_false_green(tmp_path: Path) -> None:
    found = judged(tmp_path, reported())
    assert (len(found.false_greens), len(found.wrong_exit_codes)) == (1, 1)


def test_the_judge_lets_a_true_green_pass(tmp_path: Path) -> None:
    assert judged(tmp_path, reported(), b"1.0.1\n").bad == 0


def test_the_judge_sees_doubled_and_lost_commits(tmp_path: Path) -> None:
    assert len(judged(tmp_path / "a", reported(), b"1.0.1 \n", b"1.0.1\n").lost_or_doubled) == 1
    assert len(judged(tmp_path / "b", reported(commit="c" * 40), b"1.0.1\n").lost_or_doubled) == 1


def test_the_judge_sees_a_token_and_a_run_that_should_have_recovered(tmp_path: Path) -> None:
    leaking = reported(State.DIVERGED, f"said {TOKEN}")
    must = replace(CASE, must_converge=True)
    found = judged(tmp_path, leaking, b"1.0.1\n", case=must)
    assert (len(found.leaks), len(found.wrong_exit_codes)) == (1, 1)
