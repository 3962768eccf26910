"""Findings that were there when the lint came: known, counted, and not to grow."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
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


def fingerprint(finding: Finding, text: str) -> str:
    """Rule, path and the line's own text: it stays when lines above it come or go."""
    lines = text.split("\n")
    line = lines[finding.start.line - 1].strip() if finding.start.line <= len(lines) else ""
    digest = hashlib.sha256(f"{line}\0{finding.message}".encode()).hexdigest()[:16]
    return f"{finding.rule} {finding.path} {digest}"


def write_baseline(file: Path, linted: Linted, texts: Mapping[str, str]) -> int:
    """Note every finding; how many there are. Raises `ConfigurationError`."""
    counted = Counter(fingerprint(one, texts.get(one.path, "")) for one in linted.findings)
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
    for finding in linted.findings:
        key = fingerprint(finding, texts.get(finding.path, ""))
        if known[key] > 0:
            known[key] -= 1
            taken += 1
        else:
            kept.append(finding)
    return replace(linted, findings=tuple(kept)), taken
