"""``python -m tailrace.report.lints.pages DIR``: writes the documentation pages of all rules."""

from __future__ import annotations

import sys
from pathlib import Path

from tailrace.lint.rules import all_rules
from tailrace.report.lints.explain import page

FAMILIES = {
    "GT": "what a Gitea ignores, lacks or does otherwise",
    "RC": "required checks",
    "CE": "continue-on-error",
    "SH": "shell in workflows",
    "SE": "security",
    "CX": "the fleet's lists and consumers",
    "PA": "paths that a change may not touch",
    "SC": "secrets in a change",
}


def pages() -> dict[str, str]:
    """The text of each family's page, by file name."""
    rules = all_rules()
    return {
        f"{family.lower()}.md": page(family, title, [r for r in rules if r.family == family])
        for family, title in FAMILIES.items()
    }


def main() -> None:
    """Write them all."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
