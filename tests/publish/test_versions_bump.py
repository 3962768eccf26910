"""The next version after one: a table, and what holds of all of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.versions import BadVersion, Part, bump, is_newer, parse

numbers = st.integers(0, 10**6)
#: Up to three numbers: a development release of a post-release, and a pre-release of a fourth
#: number, have no final version of three numbers of their own.
bases = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "1!"]),
    st.lists(numbers, min_size=1, max_size=3).map(lambda n: ".".join(map(str, n))),
    st.sampled_from(["", "rc1", "a0", "b12", ".post1", ".dev4", "rc1.post2", "a1.dev2"]),
)


@pytest.mark.parametrize(
    ("base", "part", "after"),
    [
        ("0.1.1000", Part.PATCH, "0.1.1001"),
        ("0.1.9", Part.PATCH, "0.1.10"),
        ("0.1.9", Part.MINOR, "0.2.0"),
        ("0.1.9", Part.MAJOR, "1.0.0"),
        ("1.2", Part.PATCH, "1.2.1"),
        ("2", Part.MINOR, "2.1.0"),
        ("1.2.3.4", Part.PATCH, "1.2.4"),
        ("1.2.3.post1", Part.PATCH, "1.2.4"),
        ("1.3.0rc1", Part.PATCH, "1.3.0"),
        ("1.3.0rc1", Part.MINOR, "1.3.0"),
        ("1.3.0rc1", Part.MAJOR, "2.0.0"),
        ("1.3.1rc1", Part.MINOR, "1.4.0"),
        ("2.0.0.dev3", Part.MAJOR, "2.0.0"),
        ("1!2.3.4", Part.PATCH, "1!2.3.5"),
        ("2026.11", Part.PATCH, "2026.11.1"),
    ],
)
def test_what_comes_after(base: str, part: Part, after: str) -> None:
    assert bump(base, part) == after


@given(bases, st.sampled_from(Part))
def test_the_next_is_newer_and_final(base: str, part: Part) -> None:
    after = bump(base, part)
    assert is_newer(after, base)
    assert re.fullmatch(r"(1!)?\d+\.\d+\.\d+", after)


@given(bases)
def test_a_larger_part_is_never_an_older_version(base: str) -> None:
    patch, minor, major = (parse(bump(base, part)) for part in Part)
    assert patch is not None
    assert minor is not None
    assert major is not None
    assert patch <= minor <= major


@pytest.mark.parametrize("base", ["", "latest", "1..2", "9" * 200])
def test_what_is_no_version_has_no_next(base: str) -> None:
    with pytest.raises(BadVersion):
        bump(base, Part.PATCH)
