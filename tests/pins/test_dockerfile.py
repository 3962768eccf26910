"""Pins as an ARG of a Dockerfile."""

from __future__ import annotations

import pytest

from tailrace.pins.formats import check, find
from tailrace.pins.places import Unreadable, replaced


@pytest.mark.parametrize(
    ("file", "old"),
    [
        (b"ARG V=@\nFROM x:$V\n", b"1.2"),
        (b'FROM x\r\n  arg\tV="@"\r\n', b"1.2"),
        (b"ARG A=1 V='@' B V2=3\n", b"1.2"),
        (b"ARG A='x y V=1' V=@\n", b"1.2"),
        (b'ARG A="x\\" V=1" V=@\n', b"1.2"),
        (b"ARG V\nARG V=@\nFROM x\nARG V=@", b"1.2"),
        (b"ONBUILD ARG V=@\n", b"1.2"),
        (b"ARG A=1 \\\n  # V=1.1\n\n  V=@\\\n\n", b"1.2"),
        (b"ARG \\\nV=\\\n@\n", b"1.2"),
        (b"AR\\\nG V=@\n", b"1.2"),
        (b"# escape = `\nARG A=\\ V=@ `\r\n V=@\n", b"1.2"),
        (b"# syntax=x\n#escape=`\nARG A=1 `\nV=@\n", b"1.2"),
        (b"# hello\n# escape=`\nARG A=` V=@\n", b"1.2"),
        (b"#ARG V=1\n # ARG V=1\nENV V=1\nARG V=@\n", b"1.2"),
        (b"RUN <<EOF\nARG V=1\nEOF\nARG V=@\n", b"1.2"),
        (b'RUN 3<<-"EOF" cat\n\tARG V=1\n EOF\n\tEOF\nARG V=@\n', b"1.2"),
        (b"COPY <<A << 'B c' /x\nARG V=1\nA\nARG V=1\nB c\nARG V=@\n", b"1.2"),
        (b"ONBUILD RUN <<A\nARG V=1\nA\nARG V=@\n", b"1.2"),
        (b"RUN <<A \\\n x\nARG V=1\r\nA\r\nARG V=@\n", b"1.2"),
        (b"RUN cat <<<A a<<B '<<C' \"<<D\"\nARG V=@\n", b"1.2"),
        (b"CMD <<A\nARG V=@\n", b"1.2"),
        (b"RUN a \\\\\nARG V=@\n", b"1.2"),
        (b"RUN a \\\nARG V=1\nARG V=@\n", b"1.2"),
        (b"\xef\xbb\xbfARG V=@ # \xc3\xa9\n", b"1.2"),
        (b"ARG V=@\n", b""),
        (b'ARG V="@"\n', b""),
    ],
)
def test_only_the_version_changes(file: bytes, old: bytes) -> None:
    """Each @ is a place: it has the old version before, and the new one after."""
    before, after = file.replace(b"@", old), file.replace(b"@", b"9.0")
    assert replaced(before, find("dockerfile", before, "V", "packaging"), "9.0") == after


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "has no ARG V with a value"),
        (b"ARG V\n", "has no ARG V with a value"),
        (b"ARG v=1.2\nARG VV=1.2\nARGV=1.2\n", "has no ARG V with a value"),
        (b"# ARG V=1.2\nENV V=1.2\n", "has no ARG V with a value"),
        (b"RUN <<EOF\nARG V=1.2\nEOF\n", "has no ARG V with a value"),
        (b"ENV A=1 \\\nARG V=1.2\n", "has no ARG V with a value"),
        (b"ARG V=$X\n", "has a variable in the value of ARG V"),
        (b"ARG V='1.2'\nARG V=\"${X:-1.2}\"\n", "has a variable in the value of ARG V"),
        (b'ARG V=1."2"\n', "has quotes or escapes inside ARG V"),
        (b'ARG V="1.2\n', "has quotes or escapes inside ARG V"),
        (b"ARG V=1\\.2\n", "has quotes or escapes inside ARG V"),
        (b'ARG "V"=1.2\n', "has ARG V in quotes; write it without"),
        (b"ARG V=1.\\\n2\n", "has the value of ARG V on two lines"),
        (b"ARG V=\xff\n", "has a value of ARG V that is not UTF-8"),
        (b"ARG V=1.2\nRUN <<EOF\n", "has a heredoc EOF without its end"),
        (b"RUN <<A\nARG V=1.2\n A\n", "has a heredoc A without its end"),
        (b"RUN <<A '\nA\nARG V=1.2\n", "has a line with << and a quote that is not closed"),
        (b"# escape=x\nARG V=1.2\n", "has an escape directive that is neither \\ nor `"),
    ],
)
def test_what_cannot_be_edited_is_said(content: bytes, text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        find("dockerfile", content, "V", "x")
    assert str(caught.value) == text


@pytest.mark.parametrize("key", [None, "", "A-B", "1A", "A B", "A\n", "\u00e9", "A" * 201])
def test_a_key_is_the_name_of_an_arg(key: str | None) -> None:
    check("dockerfile", "_A1")
    with pytest.raises(ValueError, match=r"^must be the name of an ARG"):
        check("dockerfile", key)
