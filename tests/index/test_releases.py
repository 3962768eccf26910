"""Which releases there are: the order is PEP 440's, and a used number is used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from tailrace.index.base import IndexFile, Project
from tailrace.index.releases import base_for_bump, files_of


def project(*versions: str, yanked: tuple[str, ...] = ()) -> Project:
    files = tuple(
        IndexFile(f"acme-{v}.tar.gz", "u", v, is_wheel=False, hashes={}, yanked=v in yanked)
        for v in versions
    )
    return Project("acme", files)


@pytest.mark.parametrize(
    ("versions", "highest"),
    [
        ((), None),
        (("junk", "1.0.linux-x86_64", ""), None),
        (("0.1.9", "0.1.10", "0.1.2"), "0.1.10"),
        (("1.0", "1.0.0", "0.9"), "1.0"),
        (("1.0", "2.0rc1", "2.0.dev3"), "1.0"),
        (("1.0a1", "1.0.dev2", "1.0b1"), "1.0b1"),
        (("1.0", "1.0.post1"), "1.0.post1"),
        (("1.0", "1.0.post1.dev2"), "1.0"),
        (("2024.1", "1!0.1"), "1!0.1"),
        (("1.0", "1.1+ours"), "1.0"),
        (("1.0+ours",), None),
        (("1.0rc1", "9" * 200), "1.0rc1"),
    ],
)
def test_what_the_next_release_is_counted_from(
    versions: tuple[str, ...], highest: str | None
) -> None:
    assert base_for_bump(project(*versions)) == highest
    assert base_for_bump(project(*reversed(versions))) in (highest, "1.0.0" if highest else None)


def test_a_yanked_number_is_used_up() -> None:
    assert base_for_bump(project("1.0", "1.1", yanked=("1.1",))) == "1.1"
    assert base_for_bump(None) is None


@given(st.lists(st.from_regex(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True), min_size=1))
def test_no_final_release_is_above_it(versions: list[str]) -> None:
    found = base_for_bump(project(*versions))
    assert found is not None
    assert Version(found) == max(map(Version, versions))


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ("1.0", ["1.0", "1.0.0", "v1.0"]),
        ("1.0.0", ["1.0", "1.0.0", "v1.0"]),
        ("1.1", ["1.1"]),
        ("2", []),
        ("no version", []),
    ],
)
def test_the_files_of_a_version_however_it_is_spelled(version: str, names: list[str]) -> None:
    of = project("1.0", "1.0.0", "v1.0", "1.1", "junk", yanked=("1.1",))
    assert [file.version for file in files_of(of, version)] == names
    assert files_of(None, version) == ()
