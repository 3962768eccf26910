"""What ``tailrace lint`` prints and writes: formats, baselines, fixes, explanations, exit codes."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tailrace.errors import ConfigurationError, ExitCode
from tailrace.settings import Severity

if TYPE_CHECKING:
    from tailrace.lint.engine import Linted
    from tailrace.lint.run import Outcome


def exit_code(linted: Linted, *, asked_forge: bool, has_base: bool) -> int:
    """1 for an error or a warning; 3 where nothing was looked at or the forge said too little."""
    if any(one.severity in (Severity.ERROR, Severity.WARNING) for one in linted.findings):
        return int(ExitCode.NOT_CONVERGED)
    if is_empty(linted, has_base=has_base):
        return int(ExitCode.UNKNOWN)
    if asked_forge and any("from the forge" in one.reason for one in linted.not_checked):
        return int(ExitCode.UNKNOWN)
    return int(ExitCode.CONVERGED)


def is_empty(linted: Linted, *, has_base: bool) -> bool:
    """Whether there was nothing to judge: most often the wrong folder, and never a proof."""
    return not linted.files and not has_base and not linted.findings


def show(linted: Linted, outcome: Outcome, form: str, code: int) -> None:
    from tailrace.lint.rules import all_rules
    from tailrace.report.lints import annotations, document, plain, review, sarif

    if form == "json":
        click.echo(json.dumps(document.of_linted(linted, code), indent=2))
    elif form == "sarif":
        click.echo(json.dumps(sarif.to_sarif(linted, all_rules()), indent=2))
    elif form == "annotations":
        echo(list(annotations.lint_annotations(linted)))
        click.echo(plain.headline(linted), err=True)
    elif form == "review":
        click.echo(review.review_body(linted), nl=False)
    else:
        echo(list(plain.lint_lines(linted, outcome.texts, outcome.secrets)))


def echo(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(line)


def write_junit(file: Path, linted: Linted, paths: tuple[str, ...]) -> None:
    from tailrace.report.lints.junit import lint_to_junit

    try:
        file.write_bytes(lint_to_junit(linted, paths))
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be written: {error.strerror}") from error


def note_baseline(file: Path, outcome: Outcome) -> int:
    from tailrace.lint.baseline import write_baseline

    number = write_baseline(file, outcome.linted, outcome.texts)
    click.echo(f"{file} written: {number} known findings\n  next: commit it")
    return int(ExitCode.CONVERGED)


def show_or_fix(
    root: Path, outcome: Outcome, linted: Linted, *, write: bool, code: Callable[[Linted], int]
) -> int:
    from tailrace.lint.fix import diff_lines, fixed
    from tailrace.lint.local import write_text
    from tailrace.report.lints.plain import diff_line

    after = fixed(outcome.texts, linted.findings)
    echo([diff_line(line) for line in diff_lines(outcome.texts, after, outcome.secrets)])
    if write:
        for path, text in after.items():
            write_text(root, path, text)
    mended = [one for one in linted.findings if one.edits and one.path in after]
    left = replace(linted, findings=tuple(one for one in linted.findings if one not in mended))
    word = "mended" if write else "could be mended"
    click.echo(f"{len(mended)} {word}, {len(left.findings)} left", err=True)
    return code(left if write else linted)


def explain_rule(name: str) -> int:
    """What a rule is for, with its examples; what the engine says of suppressions has none."""
    from tailrace.lint.rules import all_rules
    from tailrace.lint.suppress import ABOUT
    from tailrace.report.lints.explain import explain_lines

    wanted = name.strip().upper()
    rule = next((rule for rule in all_rules() if rule.id == wanted), None)
    if rule is None and wanted not in ABOUT:
        known = ", ".join([*(rule.id for rule in all_rules()), *ABOUT])
        said = textwrap.fill(known, 76, initial_indent="  ", subsequent_indent="  ")
        raise ConfigurationError(f"--explain {name[:40]!a}: there is no such rule\n{said}")
    echo(list(explain_lines(rule)) if rule is not None else [f"{wanted}: {ABOUT[wanted]}"])
    return int(ExitCode.CONVERGED)
