"""Reading a pin must give what the consumer's shell gives: compared with the real one."""

from __future__ import annotations

import re
import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from tailrace.model import FileKind, PinFile
from tailrace.pins.text import read
from tailrace.versions import VersionPolicy

CONSUMER = "LC_ALL=C; export LC_ALL; head -n1 | tr -d '[:space:]'"


def of(content: bytes) -> PinFile:
    return PinFile(FileKind.FILE, "0" * 40, len(content), content)


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.lists(
            st.sampled_from([b"0.1.1001", b"\n", b"\r", b" ", b"\t", b"\v", b"\f", b"# x", b"\xff"])
        ).map(b"".join),
    )
)
def test_reading_is_what_head_and_tr_give(content: bytes) -> None:
    shell = subprocess.run(["sh", "-c", CONSUMER], input=content, capture_output=True, check=True)
    assert read(of(content), VersionPolicy.STRICT).value == shell.stdout.decode(errors="replace")


@given(st.one_of(st.binary(max_size=20), st.from_regex(rb"\A[0-9]\.[0-9]\.[0-9][\n #]*\Z")))
def test_exact_is_exactly_a_version_and_one_newline(content: bytes) -> None:
    exact = re.fullmatch(rb"[0-9]+\.[0-9]+\.[0-9]+((rc|a|b|\.post|\.dev)[0-9]+)?\n", content)
    assert read(of(content), VersionPolicy.STRICT).exact is (exact is not None)


def test_a_pin_that_was_not_read_has_no_value_and_says_its_size() -> None:
    reading = read(PinFile(FileKind.FILE, "0" * 40, 1024**3, None), VersionPolicy.STRICT)
    assert reading.value is None
    assert reading.problem == "is 1,073,741,824 bytes (limit 65,536), not read"
