"""SC001: a credential in the added lines. What it found is never printed."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace.lint.credentials import credentials
from tailrace.lint.finding import Finding
from tailrace.lint.gitleaks import SecretRules
from tailrace.lint.node import Position
from tailrace.lint.rule import Example, Need, Rule
from tailrace.lint.tree import Tree


def _check(tree: Tree) -> Iterator[Finding]:
    known = tree.secrets or SecretRules()
    for added in tree.added or ():
        # Also gitleaks' own mark, which people have in their files.
        if "gitleaks:allow" in added.text:
            continue
        for one in credentials(added.text, added.path, known):
            start, end = one.span
            match = added.text[start:end]
            given = (one.kind, added.path, one.secret, match, added.text)
            if not any(allowed.allows(*given) for allowed in known.allowed):
                yield Finding(
                    "SC001",
                    added.path,
                    Position(added.line, start + 1),
                    Position(added.line, end + 1),
                    f"an added line has what looks like a credential ({one.kind})",
                    "rotate it now, it counts as known; then read it from a secret of the forge",
                )


def _example(line: str) -> Example:
    return Example(
        {
            ".gitea/workflows/ci.yml": "name: CI\non: [push]\njobs:\n  a:\n    name: a\n"
            "    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
        },
        added=(("src/settings.py", line),),
    )


# Put together here, so that no scanner takes the examples for live ones.
_HEX_TOKEN = "0123456789abcdef" * 2 + "01234567"

RULE = Rule(
    id="SC001",
    title="A credential in the added lines",
    rationale="Whoever can read the repository, now or later, can use it; taking the line out "
    "again does not take it out of the history.",
    source="gitleaks' default rules (ids, keywords, entropy); docs.gitea.com, API usage: "
    "`Authorization: token`, 40 hexadecimal digits",
    holds=lambda target: True,
    holds_for="every target, in a change",
    check=_check,
    bad=(
        _example(f'header = "Authorization: token {_HEX_TOKEN}"'),
        _example("-----BEGIN " + "OPENSSH PRIVATE KEY-----"),
        _example('password = "' + "k7Qz!m2Xw9Lp" + '"'),
    ),
    good=(
        _example(f"uses: actions/checkout@{_HEX_TOKEN}"),
        _example('password = "${PASSWORD}"'),
        _example('password = os.environ["PASSWORD"]'),
    ),
    need=Need.DIFF,
)
