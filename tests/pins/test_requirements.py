"""Pins in pip requirements files."""

from __future__ import annotations

import pytest

from tailrace.pins.formats import check, find
from tailrace.pins.places import Unreadable, replaced


@pytest.mark.parametrize(
    ("file", "old"),
    [
        (b"packaging==@\n", b"1.2"),
        (b"packaging==@", b"1.2"),
        (b"other==1\r\n Packaging == @ \r\n", b"1.2rc1"),
        (b"packaging[a, b] == @ ; python_version < '3'  # was 1.1\n", b"1.2"),
        (b"packaging (==@)\n", b"1.2"),
        (b"packaging==@;os_name=='nt'\n", b"1.2"),
        (b"packaging \\\n  == \\\n  @ \\\n # no\n", b"1.2"),
        (b"packaging==@\\\n", b"1.2"),
        (b"\xef\xbb\xbf# \xc3\xa9\npackaging==@\n", b"1.2"),
        (b"packaging==@; os_name == 'nt'\npackaging==@; os_name != 'nt'\n", b"1.2"),
        (
            b"-r x\n--index-url https://x\n-e packaging\n#packaging==1.1\n # a \\\npackaging==@\n",
            b"1.2",
        ),
        (b"packaging-x==1.1\npackaging==@\n", b"1.2"),
        (b"packaging/sub\n./packaging\npackaging==@\n", b"1.2"),
        (b"packaging==@\n", b"1!1.2+local"),
        (b"packaging==@ --config-settings=a=b\n", b"1.2"),
        (b"x --hash=sha256:0\npackaging==@\n", b"1.2"),
    ],
)
def test_only_the_version_changes(file: bytes, old: bytes) -> None:
    """Each @ is a place: it has the old version before, and the new one after."""
    before, after = file.replace(b"@", old), file.replace(b"@", b"9.0")
    assert replaced(before, find("requirements", before, None, "packaging"), "9.0") == after


def test_names_are_compared_canonically() -> None:
    content = b"Foo_Bar.baz==1.2\n"
    assert [place.value for place in find("requirements", content, None, "foo-bar-baz")] == ["1.2"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "has no requirement packaging"),
        (b"# packaging==1.2\nx  # packaging==1.2\n", "has no requirement packaging"),
        (b"# a \\\n#packaging==1.2\n", "has no requirement packaging"),
        (b"-c packaging==1.2\n", "has no requirement packaging"),
        (b"https://packaging==1.2\n", "has no requirement packaging"),
        (b"packaging>=1.2\n", "has packaging>=1.2, which is not pinned with =="),
        (b"packaging===1.2\n", "has packaging===1.2, which is not pinned with =="),
        (b"packaging==1.*\n", "has packaging==1.*, which is not pinned with =="),
        (b"packaging==1.2,<2\n", "has packaging==1.2,<2, which is not pinned with =="),
        (b"packaging==1.2,==1.2\n", "has packaging==1.2,==1.2, which is not pinned with =="),
        (b"packaging\n", "has packaging, which is not pinned with =="),
        (b"packaging==1.1\npackaging\n", "has packaging, which is not pinned with =="),
        (b"packaging==${V}\n", "has packaging==${V}, which is not a requirement"),
        (b"packaging==1.2#no\n", "has packaging==1.2#no, which is not a requirement"),
        (b"packaging=1.2\n", "has packaging=1.2, which is not a requirement"),
        (
            b"packaging @ https://x/y\n",
            "has packaging @ https://x/y, which is a URL and no version",
        ),
        (b"packaging=\xc3\xa9\n", r"has packaging=\xe9, which is not a requirement"),
        (
            b"packaging=" + b"x" * 60000,
            f"has packaging={'x' * 17}..., which is not a requirement",
        ),
        (
            b"packaging==1;" + b"(" * 60000,
            f"has packaging==1;{'(' * 14}..., which is not a requirement",
        ),
        (
            b"packaging==1.2 \\\n    --hash=sha256:00\n",
            "is locked with --hash; write the lock anew instead",
        ),
        (b"packaging==1.\\\n2\n", "has the version of packaging on two lines; join them"),
        (b"packaging==1.2 # \xff\n", "is not UTF-8"),
        ("packaging==1.2\n".encode("utf-16"), "is not UTF-8"),
        (b"# -*- coding: utf-7 -*-\npackaging==1.2\n", "has the encoding utf-7, not UTF-8"),
    ],
)
def test_what_cannot_be_edited_is_said(content: bytes, text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        find("requirements", content, None, "packaging")
    assert str(caught.value) == text


def test_there_is_no_key() -> None:
    check("requirements", None)
    check("requirements", "")
    with pytest.raises(ValueError, match="must be left out"):
        check("requirements", "packaging")
