"""The version gate: the fixture's bad versions, and properties against `packaging`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from tailrace.versions import BadVersion, VersionPolicy, gate, is_newer, is_version, parse

FIXTURE = json.loads((Path(__file__).parent / "fixtures" / "six-templates.json").read_text())
STRICT = VersionPolicy.STRICT
PEP440 = VersionPolicy.PEP440

strict_versions = st.from_regex(
    r"\A(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})"
    r"(rc[0-9]{1,4}|a[0-9]{1,4}|b[0-9]{1,4}|\.post[0-9]{1,4}|\.dev[0-9]{1,4})?\Z"
)


@pytest.mark.parametrize("text", FIXTURE["bad_versions"])
def test_bad_versions_of_the_incident_are_refused(text: str) -> None:
    assert not is_version(text)
    with pytest.raises(BadVersion) as raised:
        gate(text)
    assert "not a version" in str(raised.value)
    assert all(line.isprintable() and len(line) <= 80 for line in str(raised.value).split("\n"))


@pytest.mark.parametrize(
    "text", ["0.1.1001", "1.2.3", "1.2.3rc1", "1.2.3a0", "1.2.3b12", "1.2.3.post1", "1.2.3.dev4"]
)
def test_what_the_rule_allows(text: str) -> None:
    assert gate(text) == text


@pytest.mark.parametrize(
    "text", ["0.1.1\r\n", "0.1.1\x00", "1.2.3RC1", "1.2.3.rc1", "1.2.3-1", "1.2.3rc", "٣.٢.١"]
)
def test_what_only_looks_like_a_version(text: str) -> None:
    assert not is_version(text)


def test_a_version_as_long_as_a_file_is_refused_before_it_is_parsed() -> None:
    assert not is_version("1." * 50_000 + "1")
    assert not is_version(f"1.2.{'9' * 6_000}")
    assert parse("9" * 6_000) is None


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("1!1.2.3", True),
        ("1.2.3+local", True),
        ("1.2", True),
        ("2026.11", True),
        ("v1.2", False),
        ("1.2.3-1", False),
        ("1.2.3RC1", False),
        ("1.02", False),
        ("", False),
        ("1.2\n", False),
    ],
)
def test_the_second_policy_takes_canonical_versions_only(text: str, *, allowed: bool) -> None:
    assert is_version(text, PEP440) is allowed


@given(strict_versions)
def test_whatever_the_gate_allows_packaging_can_order(text: str) -> None:
    assert is_version(text)
    assert parse(text) == Version(text)


@given(st.text(max_size=40))
def test_the_gate_never_changes_a_text_and_allows_ascii_only(text: str) -> None:
    if is_version(text):
        assert gate(text) == text
        assert text.isascii()
        assert text.isprintable()


@given(strict_versions, strict_versions)
def test_newer_is_pep_440s_order(left: str, right: str) -> None:
    assert is_newer(left, right) is (Version(left) > Version(right))


def test_what_has_no_place_in_the_order_is_newer_than_nothing() -> None:
    assert not is_newer("latest", "0.0.1")
    assert not is_newer("0.0.1", "latest")
    assert is_newer("1.0.0", "1.0.0rc1")
    assert is_newer("0.1.1000", "0.1.999")
