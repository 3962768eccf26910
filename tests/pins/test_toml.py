"""Pins at a key of a TOML file, and the keys that TOML, YAML and JSON share."""

from __future__ import annotations

import pytest

from tailrace.pins.formats import check, find
from tailrace.pins.keys import parse
from tailrace.pins.places import Unreadable, replaced


@pytest.mark.parametrize(
    ("key", "file", "old"),
    [
        ("version", b"version='@'", b"1.2"),
        ("a.b.v", b'# v\n[a.b]\nv = "@" # c\r\n', b"1.2"),
        ("a.b.v", b"[a]\nb . v = '@'\n", b"1.2"),
        ("a.b.v", b"a = {x = 1, b = {v = '@'}}\n", b"1.2"),
        ("a.b.v", b"[\"a\".'b']\n\"v\" = '@'\n", b"1.2"),
        ('a."b.c".v', b"[a.b]\nc.v='1'\n[a.\"b.c\"]\nv='@'\n", b"1.2"),
        ('"\\u00e9".v', b"['\xc3\xa9']\nv='@'\n", b"1.2"),
        ("'é'.v", b'["\\u00e9"]\nv="@"\n', b"1.2"),
        ("v", b"\xef\xbb\xbfx = '\xf0\x9f\x98\x80'\nv = '@'\n", b"1.2"),
        ("v", b"x = '''\nv = '1.1'\n'''\nv = '@'\n", b""),
        ("p.1.v", b"[[p]]\nv='1'\n[[p]]\nv='@'\n", b"1.2"),
        ("p.1.q.0.v", b"[[p]]\n[[p]]\n[[p.q]]\nv='@'\n", b"1.2"),
        ("p.0.q.v", b"[[p]]\n[p.q]\nv='@'\n[[p]]\n", b"1.2"),
        ("p.1", b"p = ['1', # '2'\n'@']\n", b"1.2"),
        ("v", b"v = '@'\n", b"C:\\x"),
    ],
)
def test_only_the_version_changes(key: str, file: bytes, old: bytes) -> None:
    """Each @ is a place: it has the old version before, and the new one after."""
    check("toml", key)
    before, after = file.replace(b"@", old), file.replace(b"@", b"9.0")
    assert replaced(before, find("toml", before, key, "packaging"), "9.0") == after


@pytest.mark.parametrize(
    ("key", "content", "text"),
    [
        ("a.b", b"", "has no a.b"),
        ("a.b", b"a = 'b'\n", "has no a.b"),
        ("a.2", b"a = ['1']\n", "has no a.2"),
        ("a.b", b"a.b = 1.2\n", "has no string at a.b"),
        ("a.b", b"a.b.c = '1'\n", "has no string at a.b"),
        ("a.b", b"a.b = '''1.2'''\n", "has a multi-line string at a.b; put it on one line"),
        ("a.b", b'a.b = """\n1.2"""\n', "has a multi-line string at a.b; put it on one line"),
        ("a.b", b'a.b = "1.\\u0032"\n', "has an escape in the string at a.b; write it out"),
        ("a.b", b"a.b = '1.2'\na.b = '1.2'\n", "is not TOML"),
        ("a.b", b"a.b = '1.2", "is not TOML"),
        ("a.b", b"\xff\xfe", "is not TOML"),
        ("a.b", b"a = " + b"[" * 30000 + b"]" * 30000, "is nested too deeply"),
        ("a.b", b"a." * 30000 + b"a = 1", "is nested too deeply"),
        ("\u00e9", b"", r"has no \xe9"),
    ],
)
def test_what_cannot_be_edited_is_said(key: str, content: bytes, text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        find("toml", content, key, "x")
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("a", ("a",)),
        ("a-b.c_d.0", ("a-b", "c_d", "0")),
        ('a."b.c"', ("a", "b.c")),
        ("'a.b'.''", ("a.b", "")),
        (r'"\u00e9\"".x', ('\u00e9"', "x")),
        ("@x/\u00e9.$y", ("@x/\u00e9", "$y")),
    ],
)
def test_a_key_is_a_dotted_path(key: str, parts: tuple[str, ...]) -> None:
    assert parse(key) == parts


@pytest.mark.parametrize("format_", ["toml", "yaml", "json"])
@pytest.mark.parametrize(
    "key",
    [
        None,
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "a b",
        "a. b",
        '"a',
        "'a",
        '"a"b',
        'a"b"',
        "a\n",
        r'"\x"',
        "a" * 501,
        ".".join("a" * 41),
    ],
)
def test_another_key_is_refused(format_: str, key: str | None) -> None:
    with pytest.raises(ValueError, match=r"^must be a dotted path such as project.version"):
        check(format_, key)
