"""Pins at a key of a YAML file."""

from __future__ import annotations

import pytest

from tailrace.pins.formats import check, find
from tailrace.pins.places import Unreadable, replaced


@pytest.mark.parametrize(
    ("key", "file", "old"),
    [
        ("image.tag", b"image:\n  tag: @   # c\n", b"1.2"),
        ("image.tag", b"image:\r\n  tag: '@'\r\nx: y\r\n", b"1.2"),
        ("image.tag", b'image: {x: 1, tag: "@"}', b"1.2"),
        ('jobs.b."A.B"', b"jobs:\n  b:\n    A.B: @\n", b"v1.2"),
        ("steps.1.with.v", b"steps:\n- a\n- with: {v: @}\n", b"1.2"),
        ("0", b"- @", b"1.2"),
        ("1.2", b"1:\n  2: @\n", b"1.2"),
        ("v", b"\xef\xbb\xbfx: \xf0\x9f\x98\x80\nv: @\n", b"1.2"),
        ("é.v", b"\xc3\xa9:\n  v: '@' # \xc3\xa9\n", b"1.2"),
        ("v", b"%YAML 1.1\n---\n? v\n: @\n...\n", b"1.2"),
        ("v", b"x: &x 1\ny: *x\nz: !t 2\nv: @\n", b"1.2"),
        ("a.v", b"b: &b {v: 1}\na:\n  <<: *b\n  v: @\n", b"1.2"),
        ("a.v", b"x: 1\nx: 2\na: {v: @}\n", b"1.2"),
        ("v", b"x: |\n  v: 1.1\nv: '@'\n", b""),
    ],
)
def test_only_the_version_changes(key: str, file: bytes, old: bytes) -> None:
    """Each @ is a place: it has the old version before, and the new one after."""
    check("yaml", key)
    before, after = file.replace(b"@", old), file.replace(b"@", b"9.0")
    assert replaced(before, find("yaml", before, key, "packaging"), "9.0") == after


@pytest.mark.parametrize(
    ("source", "value"),
    [("1.2", "1.2"), ("1.10", "1.10"), ("0x1f", "0x1f"), ("~", "~"), ("'1.2 '", "1.2 ")],
)
def test_the_value_is_the_text_of_the_file(source: str, value: str) -> None:
    (place,) = find("yaml", f"v: {source}\n".encode(), "v", "x")
    assert place.value == value


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "has no YAML in it"),
        (b"# a.b\n", "has no YAML in it"),
        (b"a: {b: 1.2", "is not YAML"),
        (b"a: {b: 1.2}\nc: \x00", "is not YAML"),
        (b"a: \xff", "is not UTF-8"),
        ("a: {b: 1.2}".encode("utf-16"), "is not UTF-8"),
        (b"a: {b: 1.2}\nc: *x\n", "is not YAML: it has an alias without an anchor"),
        (b"a: {b: 1.2}\n---\nx: y\n", "has more than one YAML document"),
        (b"[" * 65000, "is nested too deeply"),
        (b"- " * 32000, "is nested too deeply"),
        (b"a: 1.2", "has no a.b"),
        (b"a: [1.2]", "has no a.b"),
        (b"x: &x {b: 1.2}\na:\n  <<: *x\n", "has no a.b"),
        (b"a: {b: {c: 1.2}}", "has no single value at a.b"),
        (b"a: {b: [1.2]}", "has no single value at a.b"),
        (b"a:\n  b:\n", "has no value at a.b"),
        (b"a:\n  b: |\n    1.2\n", "has a block at a.b; put the version on the line"),
        (b"a:\n  b: >-\n    1.2\n", "has a block at a.b; put the version on the line"),
        (b"a: {b: &x 1.2}", "has an anchor on the way to a.b; remove it"),
        (b"a: &x {b: 1.2}", "has an anchor on the way to a.b; remove it"),
        (b"x: &x {b: 1.2}\na: *x", "has an alias on the way to a.b; write it out"),
        (b"x: &x 1.2\na: {b: *x}", "has an alias on the way to a.b; write it out"),
        (b"x: &x b\na: {*x : 1.2}", "has an alias as a key on the way to a.b"),
        (b"a: {b: !!str 1.2}", "has a tag on the way to a.b; remove it"),
        (b"a: !m {b: 1.2}", "has a tag on the way to a.b; remove it"),
        (b"a: {b: 1.2, 'b': 1.2}", "has b of a.b twice; remove one"),
        (b"a: {b: 1.2}\na: 1\n", "has a of a.b twice; remove one"),
        (b'a: {b: "1.\\x32"}', "has escapes or several lines at a.b; write it out"),
        (b"a: {b: '1''2'}", "has escapes or several lines at a.b; write it out"),
        (b"a:\n  b: 1.2\n    3\n", "has escapes or several lines at a.b; write it out"),
    ],
)
def test_what_cannot_be_edited_is_said(content: bytes, text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        find("yaml", content, "a.b", "x")
    assert str(caught.value) == text
