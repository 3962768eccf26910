"""Pins as the group of a regular expression."""

from __future__ import annotations

import pytest

from tailrace.pins.formats import check, find
from tailrace.pins.places import Unreadable, replaced


@pytest.mark.parametrize(
    ("key", "file", "old"),
    [
        ("v([0-9.]+)", b"v@ x v@\r\n", b"1.2"),
        ("(?m)^V=(\\S+)$", b"\xff\nV=@\n V=1\nV=@", b"1.2"),
        ("é([0-9.]+)", b"\xef\xbb\xbf\xc3\xa9\xc3\xa9@", b"1.2"),
        ("(?:a|b)=([^;]+);", b"a=@;b=@;c=3;", b"1.2"),
    ],
)
def test_only_the_group_changes(key: str, file: bytes, old: bytes) -> None:
    """Each @ is a place: it has the old version before, and the new one after."""
    check("regex", key)
    before, after = file.replace(b"@", old), file.replace(b"@", b"9.0")
    assert replaced(before, find("regex", before, key, "packaging"), "9.0") == after


@pytest.mark.parametrize(
    ("key", "content", "text"),
    [
        ("v([0-9.]+)", b"", "has no match of v([0-9.]+)"),
        ("v([0-9.]*)", b"v1.2 v", "has a match of v([0-9.]*) of which the group is empty"),
        ("v(1)?", b"v1 v", "has a match of v(1)? of which the group is empty"),
        (r"v(\C)", b"v\xff", r"has a match of v(\\C) that is not UTF-8"),
        ("(a)", b"a" * 101, "has more than 100 matches of (a)"),
    ],
)
def test_what_cannot_be_edited_is_said(key: str, content: bytes, text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        find("regex", content, key, "x")
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (None, "must be a regular expression of 1 to 500 characters"),
        ("", "must be a regular expression of 1 to 500 characters"),
        (f"({'a' * 499})", "must be a regular expression of 1 to 500 characters"),
        ("a", "must have exactly one group, the version, and has 0"),
        ("(a)(b)", "must have exactly one group, the version, and has 2"),
        ("((a)", "is not a regular expression: missing ): ((a)"),
        (r"(a)\1", r"is not a regular expression: invalid escape sequence: \\1"),
        (
            r"(?:\pL?){900}(x)",
            "is not a regular expression: pattern too large - compile failed",
        ),
        ("(\ud800)", "must be a regular expression of Unicode characters"),
    ],
)
def test_a_key_is_an_expression_with_one_group(
    key: str | None, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    check("regex", "(?:a)(b)")
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
        check("regex", key)
    assert str(caught.value) == text
    assert capfd.readouterr().err == ""
