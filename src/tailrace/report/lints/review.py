"""A review comment's text: Gitea shows no annotations, so findings come as a review."""

from __future__ import annotations

from tailrace.lint.engine import Linted
from tailrace.report.escape import for_markdown
from tailrace.report.lints.plain import headline

#: More rows than this help nobody; the log has them all.
_MOST = 100


def review_body(linted: Linted) -> str:
    """Markdown: a headline, and a row for each finding."""
    lines = [f"**tailrace lint**: {for_markdown(headline(linted))}", ""]
    if linted.findings:
        lines += ["| where | rule | what | next |", "| --- | --- | --- | --- |"]
    for finding in linted.findings[:_MOST]:
        where = f"{for_markdown(finding.path, 120)}:{finding.start.line}"
        what, step = for_markdown(finding.message), for_markdown(finding.step)
        lines.append(f"| {where} | {finding.rule} | {what} | {step} |")
    if len(linted.findings) > _MOST:
        lines.append(f"\n{len(linted.findings) - _MOST} more are in the log.")
    for one in linted.not_checked[:20]:
        lines.append(f"\n{one.rule} was not checked: {for_markdown(one.reason)}")
    return "\n".join(lines) + "\n"
