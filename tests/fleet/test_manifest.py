"""manifest.json, as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tailrace.fleet.file import read_fleet
from tailrace.fleet.manifest import ManifestError, read_manifest

LEGACY = Path(__file__).parents[1] / "fixtures" / "manifest-legacy.json"
FLEET = 'package = "p"\n[forge]\nurl = "https://x.example"\n'


def test_the_incidents_manifest() -> None:
    entries = read_manifest(LEGACY, "workspace_templates")
    assert [entry.name for entry in entries] == [
        "claude-code-default",
        "langgraph",
        "autogen",
        "hermes",
        "openclaw",
        "codex",
    ]
    assert str(entries[0].repository) == "molecule-ai/molecule-ai-workspace-template-claude-code"
    assert {entry.ref for entry in entries} == {"main"}


def test_a_fleet_from_a_manifest_by_option_and_by_file(tmp_path: Path) -> None:
    file = tmp_path / "tailrace.toml"
    file.write_text(FLEET)
    by_option = read_fleet(file, manifest=LEGACY, list_name="workspace_templates")
    file.write_text(f'{FLEET}[fleet]\nmanifest = "{LEGACY}"\nlist = "workspace_templates"\n')
    assert read_fleet(file).downstreams == by_option.downstreams
    assert by_option.downstreams[5].name == "codex"
    assert by_option.downstreams[5].branch == "main"


def test_what_the_fleet_file_says_goes_before_the_manifest(tmp_path: Path) -> None:
    file = tmp_path / "tailrace.toml"
    own = "molecule-ai/molecule-ai-workspace-template-codex"
    file.write_text(
        f'{FLEET}[fleet]\nmanifest = "{LEGACY}"\nlist = "workspace_templates"\n'
        f'[[downstream]]\nname = "codex"\nrepo = "{own}"\nbranch = "next"\n'
    )
    fleet = read_fleet(file)
    assert [d.branch for d in fleet.downstreams if d.name == "codex"] == ["next"]
    assert len(fleet.downstreams) == 6


def row(**changes: Any) -> dict[str, Any]:
    return {"name": "a", "repo": "o/a", "ref": "main", **changes}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", ":1: is not JSON"),
        ('{"a": 1, "a": 2}', "the key 'a' stands twice"),
        ('{"l": [' + "9" * 5_000 + "]}", "is not JSON that can be read"),
        ("[" * 100_000, "is not JSON that can be read"),
        ("[]", "has no list 'l'"),
        ({"other": [row()]}, "there are: other"),
        ({"l": []}, "l is empty"),
        ({"l": [row(), 7]}, "l[1].name: is not there"),
        ({"l": [row(repo=7)]}, "l[0].repo: is not there, or no text"),
        ({"l": [row(repo="a")]}, "l[0].repo: needs the owner"),
        ({"l": [row(name="a\n::error::")]}, "l[0].name: 'a\\n::error::' is no name"),
        ({"l": [row(repo="../etc")]}, "l[0].repo: '..' is no name"),
        ({"l": [row(ref="a..b")]}, "l[0].ref: 'a..b' is no branch name"),
        ({"l": [row(), row()]}, "name a stands twice"),
        ({"l": [row(), row(name="b", repo="O/A")]}, "repo o/a stands twice"),
    ],
)
def test_what_is_refused(tmp_path: Path, content: Any, said: str) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(ManifestError) as raised:
        read_manifest(file, "l")
    assert said in str(raised.value)
    assert str(file) in str(raised.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps({"l": [row(), row(), 5, row(name="b", repo="o/b", ref="-x")]}))
    with pytest.raises(ManifestError) as raised:
        read_manifest(file, "l")
    assert [line.removeprefix(f"{file}: ") for line in str(raised.value).split("\n")] == [
        "l[2].name: is not there: the entry is no object",
        "l[3].ref: '-x' is no branch name (git-check-ref-format)",
        "l: name a stands twice",
        "l: repo o/a stands twice",
    ]
