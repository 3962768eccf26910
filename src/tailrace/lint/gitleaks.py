"""The rules and allow lists of a ``.gitleaks.toml``.

Its patterns are foreign, so RE2 runs them. What gitleaks reads and this does not is in `unread`.
"""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tailrace.errors import ConfigurationError

_MOST_BYTES = 1024 * 1024
_MOST_RULES = 2000
_LONGEST = 20_000
_MEMORY = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Allowed:
    """One allow list. Patterns are compiled."""

    paths: tuple[Any, ...] = ()
    regexes: tuple[Any, ...] = ()
    stopwords: tuple[str, ...] = ()
    #: What the patterns look at: secret, match or line.
    target: str = "secret"
    #: Whether everything it names has to hold, not one of it.
    all_of: bool = False
    #: The rules that it is for; empty: for all.
    rules: tuple[str, ...] = ()

    def allows(self, rule: str, path: str, secret: str, match: str, line: str) -> bool:
        """Whether this secret is none."""
        if self.rules and rule not in self.rules:
            return False
        text = {"match": match, "line": line}.get(self.target, secret)
        said = (
            (self.paths, any(one.search(path) for one in self.paths)),
            (self.regexes, any(one.search(text) for one in self.regexes)),
            (self.stopwords, any(word in secret.lower() for word in self.stopwords)),
        )
        holds = [held for named, held in said if named]
        return bool(holds) and (all(holds) if self.all_of else any(holds))


@dataclass(frozen=True, slots=True)
class SecretRule:
    """One rule that has a pattern."""

    id: str
    regex: Any
    keywords: tuple[str, ...] = ()
    entropy: float = 0.0
    group: int = 0
    path: Any = None

    def secrets(self, path: str, line: str) -> Iterator[tuple[int, int, str]]:
        """Where a line has one, and the secret itself, which nobody may print."""
        if self.path is not None and not self.path.search(path):
            return
        if self.keywords and not any(word in line.lower() for word in self.keywords):
            return
        for match in self.regex.finditer(line):
            groups = (match.group(number) for number in range(1, self.regex.groups + 1))
            first = next((one for one in groups if one), match.group())
            secret = match.group(self.group) if self.group else first
            if secret and (not self.entropy or entropy(secret) > self.entropy):
                yield match.start(), match.end(), secret


@dataclass(frozen=True, slots=True)
class SecretRules:
    """All of one file."""

    rules: tuple[SecretRule, ...] = ()
    allowed: tuple[Allowed, ...] = ()
    #: Ids of built-in kinds that are switched off.
    disabled: tuple[str, ...] = ()
    #: Settings that have no meaning here, for the person who wrote them.
    unread: tuple[str, ...] = ()


def entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def read_gitleaks(data: bytes, name: str = ".gitleaks.toml") -> SecretRules:
    """The rules in a file. Raises `ConfigurationError`, which names the rule."""
    if len(data) > _MOST_BYTES:
        raise ConfigurationError(f"{name} has more than {_MOST_BYTES:,} bytes")
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name} is not TOML: {str(error)[:200]!a}") from error
    rules: list[SecretRule] = []
    allowed: list[Allowed] = []
    extend = document.get("extend")
    extend = extend if isinstance(extend, dict) else {}
    unread = [f"extend.{key}" for key in ("path", "url") if key in extend]
    for table in _tables(document, "rules", name):
        which = f"{name}: the rule {str(table.get('id', ''))[:60]!a}"
        own = table.get("id")
        if not isinstance(own, str) or not own:
            raise ConfigurationError(f"{which} has no id")
        for one in (*_tables(table, "allowlists", which), *_tables(table, "allowlist", which)):
            allowed += _allowed(one, which, unread, (own,))
        if "regex" in table:
            rules.append(_rule(own, table, which))
        elif "path" in table:
            unread.append(f"rules.{own[:60]}: a path without a regex")
    for one in (*_tables(document, "allowlists", name), *_tables(document, "allowlist", name)):
        allowed += _allowed(one, f"{name}: an allow list", unread, ())
    return SecretRules(
        tuple(rules),
        tuple(allowed),
        _texts(extend, "disabledRules", f"{name}: extend"),
        tuple(unread),
    )


def _rule(own: str, table: Mapping[str, Any], which: str) -> SecretRule:
    group, least = table.get("secretGroup", 0), table.get("entropy", 0.0)
    regex = _compiled(table["regex"], which)
    if not isinstance(group, int) or not 0 <= group <= regex.groups:
        raise ConfigurationError(f"{which}: secretGroup is no group of its regex")
    if isinstance(least, bool) or not isinstance(least, int | float):
        raise ConfigurationError(f"{which}: entropy is no number")
    words = tuple(word.lower() for word in _texts(table, "keywords", which))
    path = _compiled(table["path"], which) if "path" in table else None
    return SecretRule(own, regex, words, float(least), group, path)


def _allowed(
    table: Mapping[str, Any], which: str, unread: list[str], own: tuple[str, ...]
) -> Iterator[Allowed]:
    all_of = str(table.get("condition", "OR")).upper() in ("AND", "&&")
    if table.get("commits"):
        unread.append("allowlist.commits")
        if all_of:
            # A commit is not known here, so it never holds.
            return
    yield Allowed(
        paths=tuple(_compiled(one, which) for one in _texts(table, "paths", which)),
        regexes=tuple(_compiled(one, which) for one in _texts(table, "regexes", which)),
        stopwords=tuple(word.lower() for word in _texts(table, "stopwords", which)),
        target=str(table.get("regexTarget", "secret")),
        all_of=all_of,
        rules=own or _texts(table, "targetRules", which),
    )


def _tables(table: Mapping[str, Any], key: str, which: str) -> list[dict[str, Any]]:
    value = table.get(key, [])
    value = [value] if isinstance(value, dict) else value
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ConfigurationError(f"{which}: {key} is no list of tables")
    if len(value) > _MOST_RULES:
        raise ConfigurationError(f"{which}: {key} has more than {_MOST_RULES} entries")
    return value


def _texts(table: Mapping[str, Any], key: str, which: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConfigurationError(f"{which}: {key} is no list of texts")
    return tuple(value)


def _compiled(pattern: object, which: str) -> Any:
    import re2

    if not isinstance(pattern, str) or not 0 < len(pattern) <= _LONGEST:
        raise ConfigurationError(f"{which} has a pattern that is no text of a sensible length")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise ConfigurationError(
            f"{which} has a pattern that RE2 does not take: {str(error)[:200]!a}"
            "\n  next: write it as gitleaks wants it, in Go's syntax"
        ) from error
