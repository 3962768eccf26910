"""What a rule is for: at a terminal, and as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tailrace.lint.rule import Example, Rule


def explain_lines(rule: Rule) -> Iterator[str]:
    """A rule in words, with its first bad and good example."""
    yield f"{rule.id}: {rule.title}"
    yield f"    {rule.rationale}"
    yield f"    severity {rule.severity}; holds for {rule.holds_for}"
    if rule.needs:
        yield f"    needs {' and '.join(rule.needs)}; not checked without"
    yield f"    source: {rule.source}"
    for word, example in (("bad", rule.bad[0]), ("good", rule.good[0])):
        yield f"{word}:"
        yield from (f"    {line}" for line in _example(example))


def page(family: str, title: str, rules: Sequence[Rule]) -> str:
    """The documentation page of one family, made of its rules."""
    lines = [f"# {family}: {title}", ""]
    lines += ["Written by `python -m tailrace.report.lints.pages`; the examples are the tests.", ""]
    for rule in rules:
        lines += [f"## {rule.id}: {rule.title}", "", rule.rationale, ""]
        need = f" Needs {' and '.join(rule.needs)}; without: not checked." if rule.needs else ""
        lines += [f"{rule.severity.capitalize()}. Holds for {rule.holds_for}.{need}", ""]
        lines += [f"Source: {rule.source}.", ""]
        for word, example in (("Bad", rule.bad[0]), ("Good", rule.good[0])):
            lines += [f"{word}:", "", *(f"    {line}".rstrip() for line in _example(example)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _example(example: Example) -> Iterator[str]:
    for path, text in example.files.items():
        yield f"# {path}, for {example.target}"
        yield from text.rstrip("\n").split("\n")
    facts = example.facts
    if facts is not None and facts.required is not None:
        yield f"# required: {', '.join(facts.required.contexts) or 'all statuses'}"
    for path, text in example.added or ():
        yield f"# added to {path}: {text}"
