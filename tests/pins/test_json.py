"""Pins at a key of a JSON file."""

from __future__ import annotations

import pytest

from tailrace.pins.formats import check, find
from tailrace.pins.places import Unreadable, replaced


@pytest.mark.parametrize(
    ("key", "file", "old"),
    [
        ("v", b'{"v":"@"}', b"1.2"),
        ("a.b.v", b'{\r\n\t"a" : {"v": "1", "b": {"v" : "@"}}}\r\n', b"1.2"),
        ("a.1.v", b'{"a": [{"v": "1"}, {"v": "@"}]}', b"1.2"),
        ("1", b'["1", "@"]', b"1.2"),
        ('a."b.c"', b'{"a": {"b": {"c": "1"}, "b.c": "@"}}', b"1.2"),
        ("é", b'{"x": "\xf0\x9f\x98\x80", "\\u00e9": "@"}', b"1.2"),
        ("v", b'\xef\xbb\xbf{"v": "@"}', b"1.2"),
        ("a.v", b'{"x": 1, "x": 2, "a": {"v": "@"}}', b"1.2"),
        ("v", b'{"v": "@"}', b""),
    ],
)
def test_only_the_version_changes(key: str, file: bytes, old: bytes) -> None:
    """Each @ is a place: it has the old version before, and the new one after."""
    check("json", key)
    before, after = file.replace(b"@", old), file.replace(b"@", b"9.0")
    assert replaced(before, find("json", before, key, "packaging"), "9.0") == after


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"{} {}", "is not JSON"),
        (b'{"a": {"b": "1.2"}} // no', "is not JSON"),
        (b'{"a": {"b": "1.2"},}', "is not JSON"),
        (b'{"a": {"b": "\xff"}}', "is not JSON"),
        ('{"a": {"b": "1"}}'.encode("utf-16"), "is not JSON"),
        (b"[" * 65000, "is not JSON"),
        (b"9" * 65000, "is not JSON"),
        (b"[]", "has no a.b"),
        (b'"a"', "has no a.b"),
        (b'{"a": ["1.2"]}', "has no a.b"),
        (b'{"a": {}}', "has no a.b"),
        (b'{"a": {"b": 1.2}}', "has no string at a.b"),
        (b'{"a": {"b": null}}', "has no string at a.b"),
        (b'{"a": {"b": ["1.2"]}}', "has no string at a.b"),
        (b'{"a": {"b": "1.\\u0032"}}', "has an escape in the string at a.b; write it out"),
        (b'{"a": {"b": "\\ud800"}}', "has an escape in the string at a.b; write it out"),
        (b'{"a": {"b": "1"}, "\\u0061": {"b": "1"}}', "has a of a.b twice; remove one"),
        (b'{"a": {"b": "1", "b": "1"}}', "has b of a.b twice; remove one"),
    ],
)
def test_what_cannot_be_edited_is_said(content: bytes, text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        find("json", content, "a.b", "x")
    assert str(caught.value) == text
