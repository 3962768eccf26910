"""What holds for every format, whatever the file is."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailrace.pins.formats import FINDERS, check, find
from tailrace.pins.places import Place, Unreadable, replaced

KEYS = {
    "requirements": None,
    "pyproject": None,
    "toml": "a.b",
    "dockerfile": "V",
    "yaml": "a.b",
    "json": "a.b",
    "regex": r"V *[=:] *([^\s'\"]*)",
}

#: What files of all these formats are made of, so that random ones come near to valid ones.
_TOML = [
    b"[a]\n",
    b"[[a]]\n",
    b"b='1.2'\n",
    b'a.b="1"\n',
    b"a={b='1'}\n",
    b'"""',
    b"'''",
    b"\\u0031",
]
PIECES: dict[str, list[bytes]] = {
    "requirements": [
        b"packaging",
        b"==",
        b"1.2",
        b";",
        b"os_name=='nt'",
        b"\\\n",
        b" --hash=x",
        b"(",
        b")",
        b",",
        b"[x]",
        b" @ https://x",
        b">=",
        b"-r x\n",
    ],
    "pyproject": [
        b"[project]\n",
        b"dependencies=[",
        b"'packaging==1.2',",
        b"]\n",
        b"packaging='1.2'\n",
        b"[tool.poetry.dependencies]\n",
        b"[dependency-groups]\n",
        b"x=['packaging==1']\n",
        *_TOML,
    ],
    "toml": _TOML,
    "dockerfile": [
        b"ARG ",
        b"V=1.2",
        b"V='1.2'",
        b"RUN <<E\n",
        b"E\n",
        b"\\\n",
        b"`\n",
        b"$",
        b"# escape=`\n",
        b"ONBUILD ",
        b"<<",
        b"-",
    ],
    "yaml": [
        b"a:",
        b"b:",
        b" 1.2",
        b"\n  ",
        b"- ",
        b"&x ",
        b"*x",
        b"!t ",
        b"{",
        b"}",
        b"---\n",
        b"|",
        b"? ",
        b"[",
        b"]",
    ],
    "json": [b'{"a":', b'{"b":', b'"1.2"', b"}", b"[", b"]", b",", b"\\u0061", b"1", b'"b":'],
    "regex": [b"V=", b"V: ", b"1.2"],
}
SHARED = [
    b"\n",
    b"\r\n",
    b" ",
    b"\t",
    b"#",
    b'"',
    b"'",
    b"\\",
    b"\xef\xbb\xbf",
    b"\xc3\xa9",
    b"\xff",
]
SHARED += [b"\xf0\x9f\x98\x80", b"\x00", b"\xe2\x80\xa8", b"\x0c", b"\xff\xfe"]


def outside(content: bytes, places: Sequence[Place]) -> list[bytes]:
    ends = [0, *(place.end for place in places)]
    starts = [*(place.start for place in places), len(content)]
    return [content[end:start] for end, start in zip(ends, starts, strict=True)]


def check_places(content: bytes, places: Sequence[Place]) -> None:
    assert places
    last = 0
    for place in places:
        assert last <= place.start <= place.end <= len(content)
        assert content[place.start : place.end].decode() == place.value
        last = place.end


def files(format_: str) -> st.SearchStrategy[bytes]:
    pieces = st.sampled_from(PIECES[format_] * 3 + SHARED)
    return st.binary(max_size=200) | st.lists(pieces, max_size=25).map(b"".join)


def test_every_format_is_tried() -> None:
    assert set(KEYS) == set(PIECES) == set(VALID) == set(FINDERS)


@pytest.mark.parametrize("format_", KEYS)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_bytes_give_places_or_are_unreadable(format_: str, data: st.DataObject) -> None:
    content = data.draw(files(format_))
    check(format_, KEYS[format_])
    try:
        places = find(format_, content, KEYS[format_], "packaging")
    except Unreadable as error:
        text = str(error)
        assert text.isascii()
        assert text.isprintable()
        assert len(text) <= 90
    else:
        check_places(content, places)


VERSIONS = st.from_regex(
    r"[0-9]{1,3}(\.[0-9]{1,4}){1,3}((rc|a|b|\.post|\.dev)[0-9]{1,2})?", fullmatch=True
)
ENDS = st.sampled_from(["\n", "\r\n"])
TEXT = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="\\\"'@|"), max_size=8
)


@st.composite
def requirements(draw: st.DrawFn) -> tuple[str, int]:
    name = draw(st.sampled_from(["packaging", "Packaging", "PACKAGING[x, y]", " packaging "]))
    equals = draw(st.sampled_from(["==", " == ", "==\\\n", " \\\n ==  "]))
    tail = draw(st.sampled_from(["", " ", " ; os_name=='nt'", " --config-settings=a=b", " \\"]))
    other = draw(
        st.sampled_from(["", "other>=1", "-r x", "# packaging==1", "-e ./packaging", "\\"])
    )
    end = draw(ENDS)
    lines = [f"x # {draw(TEXT)}", other, f"{name}{equals}@{tail}", f" # {draw(TEXT)}"]
    return end.join(lines).replace("\n", end).replace("\r\r", "\r"), 1


@st.composite
def pyproject(draw: st.DrawFn) -> tuple[str, int]:
    quote, end = draw(st.sampled_from("\"'")), draw(ENDS)
    space = draw(st.sampled_from(["", " "]))
    lines = [
        f"# {draw(TEXT)}",
        "[project]",
        f"name = {quote}{draw(TEXT)}{quote}",
        f"dependencies = [ {quote}other>=1{quote}, {quote}packaging == @ {quote}, ]",
        "[tool.poetry.dependencies]",
        f"packaging = {{version = {quote}=={space}@{quote}}} # {draw(TEXT)}",
        "[dependency-groups]",
        f"g = [{{include-group = 'x'}}, {quote}packaging[x]==@;os_name!=''{quote}]".replace(
            "''", "'a'" if quote == '"' else '"a"'
        ),
    ]
    return end.join(lines), 3


@st.composite
def toml(draw: st.DrawFn) -> tuple[str, int]:
    quote, end = draw(st.sampled_from("\"'")), draw(ENDS)
    value = f"{quote}@{quote}"
    body = draw(
        st.sampled_from(
            [
                f"[a]{{}}b = {value}",
                f"a.b = {value}",
                f"a = {{b = {value}}}",
                f"[a]{{}}'b' = {value}",
            ]
        )
    ).replace("{}", end)
    return f"# {draw(TEXT)}{end}x = {quote}{draw(TEXT)}{quote}{end}{body} # {draw(TEXT)}{end}", 1


@st.composite
def dockerfile(draw: st.DrawFn) -> tuple[str, int]:
    quote, end = draw(st.sampled_from(["", '"', "'"])), draw(ENDS)
    argument = draw(st.sampled_from(["ARG ", "arg\t", "  Arg A=1 ", "ARG \\\n ", "ONBUILD ARG "]))
    before = draw(st.sampled_from(["", "# ARG V=1", "RUN <<E\nARG V=1\nE", "ARG V", "ENV V=1"]))
    lines = [before, f"{argument}V={quote}@{quote} B={quote}x{quote}", f"# {draw(TEXT)}"]
    lines += [f"ARG V={quote}@{quote}"]
    return "\n".join(lines).replace("\n", end), 2


@st.composite
def yaml(draw: st.DrawFn) -> tuple[str, int]:
    quote, end = draw(st.sampled_from(["", '"', "'"])), draw(ENDS)
    value = f"{quote}@{quote}"
    body = draw(
        st.sampled_from([f"a:|  b: {value} # x|", f"a: {{b: {value}}}|", f"? a|: b:   {value}"])
    )
    return f"# {draw(TEXT)}|x: '{draw(TEXT)}'|{body}".replace("|", end), 1


@st.composite
def json_(draw: st.DrawFn) -> tuple[str, int]:
    data = {draw(TEXT) + "x": draw(TEXT), "a": {"c": [], "b": "@"}, "z": draw(TEXT)}
    indent = draw(st.sampled_from([None, 2]))
    return json.dumps(data, ensure_ascii=draw(st.booleans()), indent=indent), 1


@st.composite
def regex(draw: st.DrawFn) -> tuple[str, int]:
    tail = draw(st.sampled_from(["", " ", '"']))
    return f"# {draw(TEXT)}\nV = @\nV: @{tail}", 2


VALID = {
    "requirements": requirements(),
    "pyproject": pyproject(),
    "toml": toml(),
    "dockerfile": dockerfile(),
    "yaml": yaml(),
    "json": json_(),
    "regex": regex(),
}


@pytest.mark.parametrize("format_", KEYS)
@settings(max_examples=150, deadline=None)
@given(data=st.data(), old=VERSIONS, new=VERSIONS, bom=st.booleans())
def test_an_edit_changes_the_versions_and_nothing_else(
    format_: str, data: st.DataObject, old: str, new: str, bom: bool
) -> None:
    template, count = data.draw(VALID[format_])
    content = (b"\xef\xbb\xbf" if bom else b"") + template.replace("@", old).encode()
    places = find(format_, content, KEYS[format_], "packaging")
    check_places(content, places)
    assert [place.value for place in places] == [old] * count
    edited = replaced(content, places, new)
    again = find(format_, edited, KEYS[format_], "packaging")
    assert [place.value for place in again] == [new] * count
    assert outside(edited, again) == outside(content, places)


@pytest.mark.parametrize("format_", KEYS)
@pytest.mark.parametrize(
    "piece", ["[", "{", "- ", "? ", "(", '{"a":', "a.", "\\\n", "<<A ", "&a ", '"', "'", " ", "#"]
)
def test_a_long_hostile_file_is_unreadable(format_: str, piece: str) -> None:
    for start in (b"", b"RUN ", b"packaging==1;", b"packaging ", b"a = ", b"ARG V"):
        content = (start + piece.encode() * 65536)[:65536]
        with pytest.raises(Unreadable):
            find(format_, content, KEYS[format_], "packaging")
