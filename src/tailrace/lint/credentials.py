"""Where a line has what looks like a credential: for the rule that says so, and for hiding it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from tailrace.lint.gitleaks import SecretRules, entropy

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


@dataclass(frozen=True, slots=True)
class Credential:
    """One that was found. Nobody may print `secret`."""

    kind: str
    #: All that told it, the name before it included.
    span: tuple[int, int]
    secret: str
    #: Where the secret itself stands.
    at: tuple[int, int]


def credentials(text: str, path: str, known: SecretRules) -> Iterator[Credential]:
    """Those of a line, the surest first, no place twice."""
    taken: list[tuple[int, int]] = []
    for one in _found(text, path, known):
        usual = one.kind not in known.disabled and "EXAMPLE" not in one.secret
        apart = all(one.span[1] <= before or one.span[0] >= end for before, end in taken)
        if usual and apart and len(taken) < _MOST:
            taken.append(one.span)
            yield one


def masked(text: str, path: str = "", known: SecretRules | None = None) -> str:
    """The text with stars for what looks like a credential; every column stays where it is."""
    # A file's name may have bytes that are no UTF-8, which RE2 does not take.
    text = text.encode("utf-8", "backslashreplace").decode()
    return _starred(text, path, known) if known and known.rules else _usual(text)


@lru_cache(maxsize=4096)
def _usual(text: str) -> str:
    # The same words stand in thousands of findings.
    return _starred(text, "", SecretRules())


def _starred(text: str, path: str, known: SecretRules) -> str:
    for one in _found(text, path, known):
        begin, end = one.at
        text = text[:begin] + "*" * (end - begin) + text[end:]
    return text


def _found(text: str, path: str, known: SecretRules) -> list[Credential]:
    looks, *contexts = _compiled()
    found = [Credential(_kind(one), one.span(), one[0], one.span()) for one in looks.finditer(text)]
    for match in (match for one in contexts for match in one.finditer(text)):
        secret = match.group(match.lastgroup)
        if not _harmless(secret, guessed=match.lastgroup in _GUESSED):
            at = match.span(match.lastindex)
            found.append(Credential(_kind(match), match.span(), secret, at))
    for rule in known.rules:
        for start, end, secret in rule.secrets(path, text):
            begin = text.index(secret, start)
            found.append(Credential(rule.id, (start, end), secret, (begin, begin + len(secret))))
    return found


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
