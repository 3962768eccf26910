"""Findings that were there when the lint came: known, counted, and not to grow."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from tailrace.errors import ConfigurationError
from tailrace.fleet.bounded import read_bounded
from tailrace.lint.engine import Linted
from tailrace.lint.finding import Finding

_LIMIT = 16 * 1024 * 1024


class _Baseline(msgspec.Struct, forbid_unknown_fields=True):
    schema: str
    #: How many findings have each fingerprint.
    findings: dict[str, int]


def _fingerprints(linted: Linted, texts: Mapping[str, str]) -> Iterator[tuple[Finding, str]]:
    """Rule, path and the line's own text: they stay when lines above it come or go.

    Where no line is known, as in a file that is no workflow, the message stands for it.
    """
    paths = {one.path for one in linted.findings}
    lines = {path: texts.get(path, "").split("\n") for path in paths}
    for one in linted.findings:
        number = one.start.line
        own = lines[one.path]
        line = own[number - 1].strip() if one.path in texts and number <= len(own) else one.message
        digest = hashlib.sha256(line.encode()).hexdigest()[:16]
        # A name that is no UTF-8 would make the file unreadable.
        path = one.path.encode("utf-8", "backslashreplace").decode()
        yield one, f"{one.rule} {path} {digest}"


def write_baseline(file: Path, linted: Linted, texts: Mapping[str, str]) -> int:
    """Note every finding; how many there are. Raises `ConfigurationError`."""
    counted = Counter(key for _, key in _fingerprints(linted, texts))
    document = {"schema": "tailrace/lint-baseline/1", "findings": dict(sorted(counted.items()))}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be written: {error.strerror}") from error
    return sum(counted.values())


def without_known(file: Path, linted: Linted, texts: Mapping[str, str]) -> tuple[Linted, int]:
    """The findings that the baseline does not know, and how many it does."""
    raw = read_bounded(file, _LIMIT, "write one with --write-baseline")
    try:
        known = Counter(msgspec.json.decode(raw, type=_Baseline).findings)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: is no baseline: {error}") from error
    kept: list[Finding] = []
    taken = 0
    for finding, key in _fingerprints(linted, texts):
        if known[key] > 0:
            known[key] -= 1
            taken += 1
        else:
            kept.append(finding)
    return replace(linted, findings=tuple(kept)), taken
