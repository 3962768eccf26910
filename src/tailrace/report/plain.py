"""Lines for logs: one per downstream, the state's word first, the next step below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tailrace.model import Create, FailureKind, Refuse, Skip, Snapshot, State, Verdict, Write
from tailrace.report.divergence import got_word
from tailrace.report.escape import for_terminal, lines_for_terminal
from tailrace.report.words import (
    NOT_CONVERGED,
    THE_FORGES_OWN,
    action_word,
    counts,
    did_word,
    headline,
    pairs,
    seconds,
    some,
)
from tailrace.runs import Check, CheckState, DriftReport, Outcome, Plan, Planned, Report

_SHORT = 7
_COLUMNS = 80
#: A file of so many lines, the empty one after the last newline included, is shown whole.
_WHOLE = 2
#: How often a failure of the whole forge is spelt out.
_SAID_OFTEN_ENOUGH = 2


def plain_lines(report: Report) -> Iterator[str]:
    """The whole report, line by line."""
    width = max((len(v.downstream.name) for v in report.verdicts), default=0)
    said = Counter[FailureKind]()
    for verdict, outcome in pairs(report):
        yield from _verdict(verdict, outcome, min(width, 30))
        for line in detail_lines(verdict, said):
            yield f"    {line}"
    yield from summary_lines(report)


def detail_lines(verdict: Verdict, said: Counter[FailureKind]) -> list[str]:
    """The fact and the next step; where the whole forge is the trouble, not 600 times."""
    failure = verdict.failure
    if failure is not None and failure.kind in THE_FORGES_OWN:
        said[failure.kind] += 1
        if said[failure.kind] > _SAID_OFTEN_ENOUGH:
            return [f"{failure.kind}, as above"]
    return lines_for_terminal(verdict.detail) if verdict.detail else []


def _verdict(verdict: Verdict, outcome: Outcome | None, width: int) -> Iterator[str]:
    words = [f"{verdict.state.value:<9}", f"{verdict.downstream.name:<{width}}"]
    if verdict.state not in (State.SKIPPED, State.UNKNOWN):
        words.append(for_terminal(got_word(verdict), 24))
    if verdict.state in NOT_CONVERGED:
        words.append(f"(wants {for_terminal(verdict.want, 24)})")
    evidence = verdict.evidence
    skipped = verdict.state is State.SKIPPED
    if evidence is not None and evidence.commit is not None and not skipped:
        words.append(evidence.commit[:_SHORT])
    if outcome is not None and did_word(outcome) and not skipped:
        words.append(did_word(outcome))
    if verdict.state is State.CONVERGED and verdict.consumers:
        words.append(consumers(verdict))
    yield "  ".join(words).rstrip()


def consumers(verdict: Verdict) -> str:
    """Which consumer was found; where several are, the one that shadows the others first."""
    first = for_terminal(verdict.consumers[0].rsplit("/", 1)[0], 40)
    more = len(verdict.consumers) - 1
    return f"{first} (+{more})" if more else first


def summary_lines(report: Report) -> Iterator[str]:
    """The last lines: how many of each, what it cost, and what to do next."""
    fact, step = headline(report)
    if report.skip is None:
        found = [f"{number} {state}" for state, number in counts(report).items() if number]
        cost = f"{some(report.calls, 'call')}, {seconds(report):.1f} s"
        yield f"{', '.join(found) or 'nothing'}; {cost}"
    fact = for_terminal(fact, 400)
    first, colon, names = fact.partition(": ")
    if colon and len(fact) > _COLUMNS:
        yield f"{first}:"
        yield f"  {names}"
    else:
        yield fact
    if step:
        yield f"  next: {step}"


def plan_lines(plan: Plan) -> Iterator[str]:
    """What would be done to each downstream, and the cost."""
    for planned in plan.planned:
        yield f"{action_word(planned.action):<7} {planned.observation.downstream.name}"
        for line in [*diff_lines(planned), *plan_reason(planned)]:
            yield f"    {line}"
    yield cost(plan)


def cost(plan: Plan) -> str:
    """What carrying out a plan would cost."""
    pulls = f", {some(plan.pull_requests, 'pull request')}" if plan.pull_requests else ""
    costs = f"{some(plan.commits, 'commit')}{pulls}, {some(plan.calls, 'call')}"
    return f"costs {costs}; nothing was written"


def plan_reason(planned: Planned) -> list[str]:
    """Why this action, as lines that are safe to print."""
    match planned.action:
        case Refuse() as action:
            return lines_for_terminal(action.failure.message)
        case Write() | Create() | Skip() as action:
            return lines_for_terminal(action.reason)
        case _:
            return ["has it already"]


def diff_lines(planned: Planned) -> list[str]:
    """The pin before and after, each byte that matters visible; no lines where it stays."""
    action, seen = planned.action, planned.observation.seen
    if not isinstance(action, Write | Create) or not isinstance(seen, Snapshot):
        return []
    lines = []
    for change in action.changes:
        before = seen.pins[change.path].content if change.path in seen.pins else None
        lines += _diff(before, change.content)
    return lines


def _diff(before: bytes | None, after: bytes) -> list[str]:
    """The lines that differ; of a pin that is a whole file, the file."""
    if before is None:
        return [f"+{_bytes(after)}"]
    old, new = before.split(b"\n"), after.split(b"\n")
    if len(old) != len(new) or len(old) <= _WHOLE:
        return [f"-{_bytes(before)}", f"+{_bytes(after)}"]
    pairs = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    return [line for a, b in pairs for line in (f"-{_bytes(a)}", f"+{_bytes(b)}")]


def _bytes(content: bytes) -> str:
    return for_terminal(content[:200].decode(errors="backslashreplace"), 48)


def drift_lines(report: DriftReport) -> Iterator[str]:
    """Every disagreement, then what was compared."""
    for finding in report.findings:
        yield f"{finding.kind}  {for_terminal(finding.name)}"
        for line in lines_for_terminal(finding.message):
            yield f"    {line}"
    yield drift_headline(report)


def drift_headline(report: DriftReport) -> str:
    """What was compared, and how it ended."""
    compared = ", ".join(for_terminal(source) for source in report.sources)
    if report.findings:
        return f"{some(len(report.findings), 'disagreement')} between {compared}"
    return f"no drift: {report.listed} listed; compared {compared}"


def check_lines(checks: Sequence[Check]) -> Iterator[str]:
    """Every check of a doctor, then how many failed."""
    for check in checks:
        first, *rest = lines_for_terminal(check.message)
        yield f"{check.state:<8} {for_terminal(check.name)}: {first}"
        for line in rest:
            yield f"    {line}"
    yield checks_headline(checks)


def checks_headline(checks: Sequence[Check]) -> str:
    """How many checks failed or warn."""
    failed = sum(check.state is CheckState.FAILED for check in checks)
    warned = sum(check.state is CheckState.WARNING for check in checks)
    return f"{some(len(checks), 'check')}: {failed} failed, {some(warned, 'warning')}"
