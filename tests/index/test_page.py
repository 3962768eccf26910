"""A page of an index into files: what pip takes, and nothing that hangs or breaks."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.index.base import IndexBadAnswer, IndexFile, Project
from tailrace.index.installable import offer
from tailrace.index.page import project_of
from tailrace.index.releases import base_for_bump

URL = "https://git.example.com/simple/acme-tool/"
JSON = "application/vnd.pypi.simple.v1+json"
WHEEL = "acme_tool-1.2.0-py3-none-any.whl"
SHA = "ab" * 32


def html(text: str, content_type: str = "text/html") -> Project:
    return project_of("acme-tool", URL, content_type, text.encode())


def rows(*files: dict[str, Any], version: str = "1.0") -> Project:
    page = {"meta": {"api-version": version}, "name": "acme-tool", "files": files}
    return project_of("acme-tool", URL, JSON, json.dumps(page).encode())


def only(project: Project) -> IndexFile:
    (file,) = project.files
    return file


@pytest.mark.parametrize("kind", ["text/html", "Text/HTML; charset=utf-8", JSON])
def test_html_and_json_list_the_same(kind: str) -> None:
    wanted = IndexFile(
        filename=WHEEL,
        url=f"https://git.example.com/files/{WHEEL}",
        version="1.2.0",
        is_wheel=True,
        hashes={"sha256": SHA},
        requires_python=">=3.9,<4",
        yanked=True,
        yanked_reason="it & that",
    )
    if kind == JSON:
        row = {
            "filename": WHEEL,
            "url": f"../../files/{WHEEL}",
            "hashes": {"SHA256": SHA.upper()},
            "requires-python": ">=3.9,<4",
            "yanked": "it & that",
            "size": 7,
        }
        assert only(rows(row)) == wanted
        return
    link = (
        f"<A class=x HREF='../../files/{WHEEL}#sha256={SHA}' data-yanked=\"it &amp; that\""
        f' data-requires-python="&gt;=3.9,<4">{WHEEL}</A>'
    )
    assert only(html(link, kind)) == wanted


@pytest.mark.parametrize(
    ("fragment", "hashes"),
    [
        (f"#sha256={SHA}", {"sha256": SHA}),
        # Gitea and Forgejo, for years.
        (f"#sha256-{SHA}", {"sha256": SHA}),
        (f"#md5=00ff&sha256={SHA.upper()}", {"md5": "00ff", "sha256": SHA}),
        (f"#egg=acme&sha256={SHA}", {"sha256": SHA}),
        ("#foo", {}),
        ("#sha256=", {}),
        ("#sha256=nothex", {}),
        ("", {}),
    ],
)
def test_hashes_of_a_link(fragment: str, hashes: dict[str, str]) -> None:
    file = only(html(f'<a href="/f/{WHEEL}{fragment}">x</a>'))
    assert (file.hashes, file.url) == (hashes, f"https://git.example.com/f/{WHEEL}")


@pytest.mark.parametrize(
    ("filename", "version"),
    [
        (WHEEL, "1.2.0"),
        ("Acme.Tool-1.2.0-1-py3-none-any.whl", "1.2.0"),
        ("acme_tool-1.2.0.tar.gz", "1.2.0"),
        ("acme-tool-1.2.0.zip", "1.2.0"),
        ("ACME--tool-1.2.0-2.TAR.GZ", "1.2.0-2"),
        ("acme-tool-1.2.0.tar.bz2", "1.2.0"),
        ("acme_tool_extra-1.2.0.tar.gz", None),
        ("acme-1.2.0.tar.gz", None),
        ("other-1.2.0-py3-none-any.whl", None),
        ("acme_tool-1.2.0.whl", None),
        ("acme_tool-1.2.0.egg", None),
        ("acme_tool-1.2.0.tar.gz.asc", None),
        ("acme_tool-1.2.0.tar.gz.metadata", None),
        ("acme_tool-1.2.0\n-py3-none-any.whl", None),
        (f"acme_tool-1.{'0' * 255}.tar.gz", None),
        ("acme_tool", None),
        ("", None),
    ],
)
def test_the_version_is_in_the_name(filename: str, version: str | None) -> None:
    found = rows({"filename": filename, "url": "x", "hashes": {}}).files
    assert [file.version for file in found] == ([] if version is None else [version])


def test_a_page_that_hides_links_from_a_browser_hides_them_from_us() -> None:
    link = f"<a href='{WHEEL}'>x</a>"
    text = f"<!-- {link} --><style>{link}</style><title>{link}</title>"
    text += "<base href='/b/'><base href='/c/'>"
    page = html(f'{text}<a href="a>b/acme-tool-1.tar.gz"></a><a name=x></a>')
    assert only(page).url == "https://git.example.com/b/a>b/acme-tool-1.tar.gz"
    assert html(f"<!-- {link}").files == ()


def test_odd_links_beside_the_right_one_do_not_matter() -> None:
    text = "<a href='http://[::1/x.whl'></a><a href='#foo'></a><a href='javascript:x'></a><a href>"
    assert only(html(f"{text}<a href='  {WHEEL}  '>{WHEEL}</a>")).filename == WHEEL
    assert only(html(f"<base href='http://[::1/'><a href='{WHEEL}'>")).url == URL + WHEEL


def test_a_json_file_keeps_an_address_that_is_none_for_the_message() -> None:
    file = only(rows({"filename": WHEEL, "url": "http://[::1/", "yanked": None}))
    assert (file.url, file.yanked, file.hashes) == ("http://[::1/", False, {})


@pytest.mark.parametrize("yanked", [True, "", "why"])
def test_every_kind_of_yanked(yanked: bool | str) -> None:
    file = only(rows({"filename": WHEEL, "url": "x", "hashes": {}, "yanked": yanked}))
    assert file.yanked == (yanked is not False)
    reason = only(html(f'<a href="{WHEEL}" data-yanked="a&#10;b">')).yanked_reason
    assert (reason, only(html(f"<a href={WHEEL} data-yanked>")).yanked) == ("a b", True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<title>Sign in</title><a href=/login>in</a>", "lists no file of acme-tool ('Sign in')"),
        ("<form action=/login><input name=user></form>", "lists no file of acme-tool;"),
        ("<div id=app></div><script src=/app.js></script>", "lists no file of acme-tool"),
        ("<title>a\x1b[31m&lt;b</title><a href=x>", "('a [31m<b')"),
        ("<meta name=pypi:repository-version content=9.1>", "version 9.1 of the simple API"),
        ("<meta name='pypi:repository-version' content=junk>", "version junk"),
        ("<a href='x", "a tag that does not end"),
    ],
)
def test_html_that_is_no_page_of_an_index(text: str, said: str) -> None:
    with pytest.raises(IndexBadAnswer) as caught:
        html(text)
    assert said in str(caught.value)
    assert str(caught.value).startswith(URL)
    assert "\n  next: correct `url` in [index]" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html><title>Links for acme-tool</title><h1>Links for acme-tool</h1>",
        "<meta name=pypi:repository-version content=1.9><a href='..'>up</a>",
        "",
    ],
)
def test_a_project_without_files_is_one(text: str) -> None:
    assert html(text) == Project("acme-tool", ())


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b""),
        (JSON, b"[]"),
        (JSON, b"{}"),
        (JSON, b'{"meta": {"api-version": "2.0"}, "files": []}'),
        (JSON, b'{"meta": {"api-version": "one"}, "files": []}'),
        (JSON, b'{"meta": {"api-version": "1.0"}, "files": [{"filename": 7, "url": ""}]}'),
        (JSON, b'{"meta": {"api-version": "1.0"}, "files": [], "x": ' + b"[" * 200_000),
        (JSON, b"\xff\xfe"),
        ("application/json", b'{"info": {}}'),
        ("", b"<a href=x>"),
    ],
)
def test_other_answers_are_bad_ones(kind: str, body: bytes) -> None:
    with pytest.raises(IndexBadAnswer):
        project_of("acme-tool", URL, kind, body)


# Each was seconds, minutes or for ever with a parser that builds a tree; a hang is the failure.
HUGE = {
    "nests": b"<div>" * 200_000,
    "links in links": b"<a href=x>" * 100_000,
    "open comments": b"<!--" * 250_000,
    "open quotes": b"<a href='" * 110_000,
    "attributes": b"<a " + b"x=y " * 250_000 + b">",
    "spaces": (b"<a a" + b" " * 30_000 + b">") * 33,
    "declarations": b"<![CDATA[" * 110_000,
    "ends": b"</" * 500_000,
    "titles": b"<title>" * 140_000,
    "entity": b"<a href='&#" + b"9" * 30_000 + b";'>",
    "dashes": b"<a href='acme_tool" + b"-1" * 500_000 + b"-.whl'>",
    "many dashes": (b"<a href='acme_tool" + b"-1" * 110 + b".tar.gz'>") * 4000,
    "many tags": (b"<a href='acme_tool-1.2.0-%s-%s-%s.whl'>" % ((b"a." * 36 + b"a",) * 3)) * 4000,
}


@pytest.mark.parametrize("name", HUGE)
def test_a_hostile_megabyte_is_read_or_refused(name: str) -> None:
    try:
        project = project_of("acme-tool", URL, "text/html", HUGE[name])
    except IndexBadAnswer:
        assert name not in ("nests", "open comments", "many dashes", "many tags")
        return
    assert len(project.files) == (4000 if name.startswith("many") else 0)
    offer(project, "1.2.0", ("3.11",))


PIECES = st.sampled_from(
    (
        *("<a", "<a href=", "'", '"', ">", "<!--", "-->", "<title>", "</title>", "<base href="),
        *(WHEEL, "http://[", "#sha256=", "data-yanked", "&#x", "&", "=", " ", "\0", "é", "//"),
        *("<meta name=", "pypi:repository-version' content=", "<script>", "</script", "1.2.0"),
        "data-requires-python=",
    )
)


@given(st.lists(PIECES, max_size=40).map("".join) | st.text())
def test_no_html_raises_anything_else(text: str) -> None:
    with contextlib.suppress(IndexBadAnswer):
        project = html(text)
        base_for_bump(project)
        offer(project, "1.2.0", ("3.11",))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just(WHEEL),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FILES = st.fixed_dictionaries(
    {"filename": st.just(WHEEL) | VALUES, "url": st.text(max_size=9) | VALUES},
    optional={"hashes": VALUES, "requires-python": st.text() | VALUES, "yanked": VALUES},
)


@given(st.lists(FILES, max_size=3) | VALUES)
def test_no_json_raises_anything_else(files: Any) -> None:
    body = json.dumps({"meta": {"api-version": "1.0"}, "files": files}).encode()
    with contextlib.suppress(IndexBadAnswer):
        project = project_of("acme-tool", URL, JSON, body)
        base_for_bump(project)
        offer(project, "1.2.0", ("3.11",))


@given(st.binary(), st.sampled_from([JSON, "text/html", "text/html; charset=punycode", "x/y", ""]))
def test_no_bytes_raise_anything_else(body: bytes, kind: str) -> None:
    with contextlib.suppress(IndexBadAnswer):
        project_of("acme-tool", URL, kind, body)
