"""SC001: a credential in the added lines. What it found is never printed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from tailrace.lint.finding import Finding
from tailrace.lint.gitleaks import SecretRules, entropy
from tailrace.lint.node import Position
from tailrace.lint.rule import Example, Need, Rule
from tailrace.lint.tree import AddedLine, Tree

_HEX = "[0-9a-fA-F]{40}"
#: Kinds that are told by their look, by gitleaks' own ids; `_` stands for `-`.
_LOOKS = {
    "private_key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "aws_access_token": r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
    "github_pat": r"\bgh[pousr]_[0-9A-Za-z]{36,}",
    "github_fine_grained_pat": r"\bgithub_pat_[0-9A-Za-z_]{60,}",
    "gitlab_pat": r"\bgl(?:pat|ptt|dt|rt|cbt|soat)-[0-9A-Za-z_-]{20,}",
    "slack_token": r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}",
    "slack_webhook_url": r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9+/]{43,}",
    "stripe_access_token": r"\b[sr]k_live_[0-9A-Za-z]{16,}",
    "pypi_upload_token": r"\bpypi-Ag[A-Za-z0-9_-]{50,}",
    "jwt": r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
}
_NAME = r"(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|credential)"
#: Kinds that only what stands around them tells; the named group is the secret.
_AROUND = (
    rf"(?i)token[\"']?(?:\s*[:=]\s*|\s+)[\"']?(?P<gitea_token>{_HEX})\b"
    rf"|://(?:[^/\s:@]+:)?(?P<gitea_url>{_HEX})@"
    r"|aws_secret_access_key[\"']?\s*[:=]\s*[\"']?(?P<aws_secret>[A-Za-z0-9/+]{40})\b"
)
#: As above, and less sure.
_GUESSES = (
    r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@\"'<>]+:(?P<url_password>[^\s/@\"'<>]{3,})@[\w\[]"
    rf"|{_NAME}[\"']?\s*(?:=>|:=|=|:)\s*[\"'](?P<generic_api_key>[^\s\"']{{8,200}})[\"']"
    rf"|^\s*(?:export\s+)?\w*{_NAME}=(?P<environment_key>[^\s\"'$()]{{12,200}})\s*$"
)
_GUESSED = ("generic_api_key", "environment_key")
#: Bits a character below which a guess is taken for a word.
_LEAST = 3.2
#: As many a line are enough to say it.
_MOST = 20
_PLACEHOLDERS = ("example", "changeme", "change-me", "placeholder", "redacted", "xxxx", "****")
_EXPANDED = ("${", "$(", "{{", "%(", "<", "os.environ", "getenv", "process.env", "secrets.")
_WORDS = frozenset(
    ("password", "passwd", "pass", "secret", "token", "guest", "root", "test", "user", "postgres")
)


def _check(tree: Tree) -> Iterator[Finding]:
    known = tree.secrets or SecretRules()
    for added in tree.added or ():
        # Also gitleaks' own mark, which people have in their files.
        if "gitleaks:allow" in added.text:
            continue
        for kind, start, end, secret in _secrets(added, known):
            match = added.text[start:end]
            given = (kind, added.path, secret, match, added.text)
            if not any(one.allows(*given) for one in known.allowed):
                yield Finding(
                    "SC001",
                    added.path,
                    Position(added.line, start + 1),
                    Position(added.line, end + 1),
                    f"an added line has what looks like a credential ({kind})",
                    "rotate it now, it counts as known; then read it from a secret of the forge",
                )


def _secrets(added: AddedLine, known: SecretRules) -> Iterator[tuple[str, int, int, str]]:
    """Kind, place and value of each, the surest first, no place twice."""
    looks, *contexts = _compiled()
    text = added.text
    taken: list[tuple[int, int]] = []
    found = [(_kind(one), *one.span(), one.group()) for one in looks.finditer(text)]
    for match in (match for one in contexts for match in one.finditer(text)):
        secret = match.group(match.lastgroup)
        if not _harmless(secret, guessed=match.lastgroup in _GUESSED):
            found.append((_kind(match), *match.span(), secret))
    for rule in known.rules:
        found += ((rule.id, *place) for place in rule.secrets(added.path, text))
    for kind, start, end, secret in found:
        usual = kind not in known.disabled and "EXAMPLE" not in secret
        apart = all(end <= before or start >= after for before, after in taken)
        if usual and apart and len(taken) < _MOST:
            taken.append((start, end))
            yield kind, start, end, secret


def _kind(match: Any) -> str:
    name = match.lastgroup.replace("_", "-")
    return "generic-api-key" if match.lastgroup in _GUESSED else name


def _harmless(secret: str, *, guessed: bool) -> bool:
    low = secret.lower()
    if low in _WORDS or any(mark in low for mark in (*_PLACEHOLDERS, *_EXPANDED)):
        return True
    mixed = any(char.isdigit() for char in secret) and any(char.isalpha() for char in secret)
    return guessed and (not mixed or entropy(secret) < _LEAST)


@cache
def _compiled() -> tuple[Any, ...]:
    # RE2: a line of an added file may be a megabyte long.
    import re2

    looks = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _LOOKS.items())
    return tuple(re2.compile(pattern) for pattern in (looks, _AROUND, _GUESSES))


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
