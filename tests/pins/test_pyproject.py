"""Pins among the dependencies of a pyproject.toml."""

from __future__ import annotations

import pytest

from tailrace.pins.formats import check, find
from tailrace.pins.places import Unreadable, replaced


@pytest.mark.parametrize(
    ("file", "old"),
    [
        (
            b"[project]\ndependencies = ['a==1', \"packaging[x] == @ ; os_name=='nt'\"] # 1.2\n",
            b"1.2",
        ),
        (
            b"[project]\r\ndependencies = [\r\n  # packaging==1.2\r\n  'Packaging==@',\r\n]\r\n",
            b"1.2",
        ),
        (
            b"[project.optional-dependencies]\nx = ['packaging==@']\n'y z' = ['packaging==@']\n",
            b"1.2",
        ),
        (b"dependency-groups.a = [{include-group = 'b'}, 'packaging==@']\n", b"1.2"),
        (b"[tool.poetry.dependencies]\npython = '^3.11'\npackaging = '@'\n", b"1.2"),
        (
            b'[tool.poetry.group.dev.dependencies]\nPackaging = {version = "== @", extras = []}\n',
            b"1.2",
        ),
        (
            (
                b"[tool.poetry.dependencies.packaging]\nversion = '@'\n"
                b"[project]\ndependencies = ['packaging==@']\n"
            ),
            b"1.2",
        ),
        (
            (
                b"\xef\xbb\xbf# \xc3\xa9\n"
                b"[project]\ndependencies = ['packaging==@ ; os_name == \"\xc3\xa9\"']\n"
            ),
            b"1.2",
        ),
        (b'[project]\ndependencies = ["""other""", "a\\u0062", \'packaging==@\']\n', b"1.2"),
    ],
)
def test_only_the_version_changes(file: bytes, old: bytes) -> None:
    """Each @ is a place: it has the old version before, and the new one after."""
    before, after = file.replace(b"@", old), file.replace(b"@", b"9.0")
    assert replaced(before, find("pyproject", before, None, "packaging"), "9.0") == after


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "has no dependency packaging"),
        (b"[project]\ndependencies = 'packaging==1.2'\n", "has no dependency packaging"),
        (b"project = 1\ntool.poetry = 2\ndependency-groups = []\n", "has no dependency packaging"),
        (b"[project\n", "is not TOML"),
        (b"[project]\ndependencies = ['packaging==1.2']\n[project]\n", "is not TOML"),
        (b"# \xff\n[project]\ndependencies = ['packaging==1.2']\n", "is not TOML"),
        (
            b"[project]\ndependencies = ['packaging>=1.2']\n",
            "has packaging>=1.2, which is not pinned with ==",
        ),
        (
            b"[project]\ndependencies = ['packaging==1.2']\n[dependency-groups]\na=['packaging']\n",
            "has packaging, which is not pinned with ==",
        ),
        (
            b'[project]\ndependencies = ["packaging==1.\\u0032"]\n',
            "has an escape in the string at project.dependencies.0; write it out",
        ),
        (
            b"[project]\ndependencies = ['''packaging==1.2''']\n",
            "has a multi-line string at project.dependencies.0; put it on one line",
        ),
        (
            b"tool.poetry.dependencies.packaging = '^1.2'\n",
            'has packaging = "^1.2", which is not exact',
        ),
        (
            b"tool.poetry.dependencies.packaging = '1.2 || 1.3'\n",
            'has packaging = "1.2 || 1.3", which is not exact',
        ),
        (
            b"tool.poetry.dependencies.packaging = {version = '1.*'}\n",
            'has packaging = "1.*", which is not exact',
        ),
        (
            b"tool.poetry.dependencies.packaging = {git = 'x'}\n",
            "has packaging without one version for Poetry",
        ),
        (
            b"tool.poetry.dependencies.packaging = [{version = '1.2'}]\n",
            "has packaging without one version for Poetry",
        ),
    ],
)
def test_what_cannot_be_edited_is_said(content: bytes, text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        find("pyproject", content, None, "packaging")
    assert str(caught.value) == text


def test_there_is_no_key() -> None:
    check("pyproject", None)
    with pytest.raises(ValueError, match="must be left out"):
        check("pyproject", "project.dependencies")
