"""All rules over one tree: what was found, what was suppressed, what could not be checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from tailrace.lint.credentials import masked
from tailrace.lint.finding import Finding, NotChecked, Severity
from tailrace.lint.rule import Need, Rule
from tailrace.lint.suppress import BAD, UNUSED, Suppression, suppressions, unknown, unused
from tailrace.lint.tree import Tree

#: Linters that `others` runs.
_OTHERS = ("zizmor", "shellcheck")
#: What holds for the engine's own findings.
_OWN = {BAD: Severity.ERROR, UNUSED: Severity.WARNING}


@dataclass(frozen=True, slots=True)
class Linted:
    """What came of one tree."""

    target: str
    files: int
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    #: Findings that a comment took away, with its reason.
    suppressed: tuple[tuple[Finding, Suppression], ...]


def lint(
    tree: Tree, rules: Sequence[Rule], others: Mapping[str, Sequence[Finding]] | None = None
) -> Linted:
    """Apply every rule that holds for the tree's target; ``others`` is what other linters found."""
    found: list[Finding] = []
    not_checked: list[NotChecked] = []
    applied: set[str] = set()
    levels = tree.settings.severities
    for rule in rules:
        severity = levels.get(rule.id, rule.severity)
        if severity is Severity.OFF or not rule.holds(tree.target):
            continue
        reasons = [reason for need in rule.needs if (reason := _lacking(need, tree)) is not None]
        if reasons:
            not_checked.append(NotChecked(rule.id, "; ".join(reasons)))
            continue
        applied.add(rule.id)
        found += (_said(tree, replace(finding, severity=severity)) for finding in rule.check(tree))
    for name, more in (others or {}).items():
        applied |= {name, *(one.rule for one in more)}
        level = ((one, levels.get(one.rule, one.severity)) for one in more)
        found += (_said(tree, replace(one, severity=severity)) for one, severity in level)
    kept, suppressed, comments = _suppress(tree, found, applied, {rule.id for rule in rules})
    own = [
        replace(finding, severity=levels.get(finding.rule, _OWN[finding.rule]))
        for finding in comments
    ]
    everything = [one for one in (*kept, *own) if one.severity is not Severity.OFF]
    return Linted(
        target=str(tree.target),
        files=len(tree.workflows) + len(tree.actions) + len(tree.broken),
        findings=tuple(sorted(set(everything), key=_order)),
        not_checked=tuple(not_checked),
        suppressed=tuple(suppressed),
    )


def _said(tree: Tree, finding: Finding) -> Finding:
    """The finding with nothing in its words that must not be printed."""
    said = (finding.message, finding.step)
    message, step = (masked(text, finding.path, tree.secrets) for text in said)
    return replace(finding, message=message, step=step)


def _order(finding: Finding) -> tuple[str, int, int, str, str]:
    start = finding.start
    return finding.path, start.line, start.column, finding.rule, finding.message


def _lacking(need: Need, tree: Tree) -> str | None:
    """Why a rule cannot be applied to this tree; None where it can."""
    facts = tree.facts
    why = facts.why if facts is not None and facts.why else "the forge was not asked"
    missing = {
        Need.NOTHING: False,
        Need.PROTECTION: facts is None or not facts.protection_read,
        Need.STATUSES: facts is None or facts.statuses is None,
        Need.ISSUES: facts is None or not facts.issues_read,
        Need.DIFF: tree.added is None and tree.before is None,
        Need.LABELS: not tree.settings.runner_labels,
    }[need]
    if not missing:
        return None
    return f"needs {need}" + (f"; {why}" if need not in (Need.DIFF, Need.LABELS) else "")


def _suppress(
    tree: Tree, found: Iterable[Finding], applied: Set[str], known: Set[str]
) -> tuple[list[Finding], list[tuple[Finding, Suppression]], list[Finding]]:
    comments: list[Suppression] = []
    own: list[Finding] = []
    for document in (*tree.workflows, *tree.actions):
        good, bad = suppressions(document)
        comments += good
        own += bad
    kept: list[Finding] = []
    taken: list[tuple[Finding, Suppression]] = []
    used: set[Suppression] = set()
    for finding in found:
        by = next((one for one in comments if one.takes(finding, tree.today)), None)
        if by is None:
            kept.append(finding)
        else:
            taken.append((finding, by))
            used.add(by)
    looked_at = {document.path for document in (*tree.active(), *tree.actions)}
    for one in comments:
        strange = next((name for name in one.rules if not is_rule(name, known)), None)
        if strange is not None:
            own.append(unknown(one, strange))
        elif one in used:
            continue
        # A rule that was not applied, to this file or at all, may find again what is hidden here.
        elif one.has_expired(tree.today) or (
            one.path in looked_at and all(_linter(name) in applied for name in one.rules)
        ):
            own.append(unused(one, tree.today))
    return kept, taken, own


def is_rule(name: str, known: Set[str]) -> bool:
    """Whether it is one of ours, or may be one of a linter that `--with` runs."""
    return name in known or _linter(name) in _OTHERS


def _linter(name: str) -> str:
    """Whose rule it is, where it is not ours: SC2086, zizmor/template-injection."""
    if name.startswith("zizmor/"):
        return "zizmor"
    return "shellcheck" if name.startswith("SC") and len(name) == len("SC2086") else name
