"""Each rule's examples are its test: the bad ones find it exactly once, the good ones never."""

from __future__ import annotations

import re

import pytest
from tests.lint.trees import tree_of

from tailrace.lint.engine import lint
from tailrace.lint.rule import Example, Rule
from tailrace.lint.rules import all_rules

RULES = all_rules()
BAD = [(rule, example) for rule in RULES for example in rule.bad]
GOOD = [(rule, example) for rule in RULES for example in rule.good]


def ids(pairs: list[tuple[Rule, Example]]) -> list[str]:
    return [f"{rule.id}-{number}" for number, (rule, _) in enumerate(pairs)]


@pytest.mark.parametrize(("rule", "example"), BAD, ids=ids(BAD))
def test_a_bad_example_finds_its_rule_once_and_no_other(rule: Rule, example: Example) -> None:
    found = lint(tree_of(example), RULES)
    assert [finding.rule for finding in found.findings] == [rule.id], found.findings
    finding = found.findings[0]
    assert finding.step
    assert "\n" not in finding.message + finding.step
    text = example.files.get(finding.path)
    if text is not None:
        lines = text.split("\n")
        assert 1 <= finding.start.line <= len(lines)
        assert 1 <= finding.start.column <= len(lines[finding.start.line - 1]) + 1


@pytest.mark.parametrize(("rule", "example"), GOOD, ids=ids(GOOD))
def test_a_good_example_finds_nothing(rule: Rule, example: Example) -> None:
    assert lint(tree_of(example), RULES).findings == ()


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_says_why_and_where_from(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z]{2}[0-9]{3}", rule.id)
    assert rule.bad
    assert rule.good
    for text in (rule.title, rule.rationale, rule.source, rule.holds_for):
        assert len(text) > 5
