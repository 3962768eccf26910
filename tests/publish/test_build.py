"""Builds in isolation: what they make, how they fail, and that the source is as it was."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.publish.bench import RELEASE, git, watched
from tests.publish.sources import make_source

from tailrace.errors import ConfigurationError, ExitCode, NotPublished
from tailrace.model import Pin, PinFormat, Release
from tailrace.publish.artifact import Artifact
from tailrace.publish.build import build, place_of
from tailrace.settings import PublishSettings

ENVIRON = {"PATH": os.environ["PATH"]}


async def built(
    source: Path,
    release: Release = RELEASE,
    environ: dict[str, str] | None = None,
    commit_time: int | None = None,
    **settings: Any,
) -> tuple[Artifact, ...]:
    into = source.parent / f"into-{source.name}"
    into.mkdir(exist_ok=True)
    told = PublishSettings(source=str(source), **settings)
    return await build(told, release, into, environ=environ or ENVIRON, commit_time=commit_time)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a source tree, but what Python leaves there."""
    paths = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in paths
        if "__pycache__" not in path.parts
    }


async def test_a_stated_version_is_the_release_s_and_the_source_is_as_it_was(
    tmp_path: Path,
) -> None:
    source = make_source(tmp_path / "source", tells_environment=str(tmp_path / "told"))
    before = contents(source)
    # A program of that name beside the source is not the one that is meant.
    (source / "build.py").write_text("raise SystemExit('the wrong build')\n")
    pyproject = source / "pyproject.toml"
    pyproject.chmod(0o640)
    here = Path.cwd()
    os.chdir(source)
    try:
        made = await built(source, environ={**ENVIRON, "COLUMNS": "20"}, commit_time=1_700_000_000)
    finally:
        os.chdir(here)
    names = [artifact.path.name for artifact in made]
    assert names == ["tiny_demo-1.2.3-py3-none-any.whl", "tiny_demo-1.2.3.tar.gz"]
    (source / "build.py").unlink()
    assert contents(source) == before
    assert pyproject.stat().st_mode & 0o777 == 0o640
    told = json.loads((tmp_path / "told").read_text())
    assert told["SETUPTOOLS_SCM_PRETEND_VERSION"] == "1.2.3"
    assert told["SOURCE_DATE_EPOCH"] == "1700000000"


async def test_a_version_in_a_file_and_a_name_in_other_letters(tmp_path: Path) -> None:
    source = make_source(
        tmp_path / "source", package="Tiny_Demo", static=False, version_file="version.py"
    )
    (source / "version.py").rename(source / "real.py")
    (source / "version.py").symlink_to("real.py")
    before = contents(source)
    place = Pin("version.py", PinFormat.REGEX, '__version__ = "([^"]*)"')
    made = await built(source, version_in=place)
    assert {artifact.version for artifact in made} == {"1.2.3"}
    assert {artifact.name for artifact in made} == {"Tiny_Demo"}
    assert contents(source) == before
    assert (source / "version.py").is_symlink()


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({"fails": "the compiler is missing"}, "the compiler is missing"),
        ({"wheel_version": "9.9.9"}, "its metadata says '9.9.9', not 1.2.3"),
        ({"wheel_name": "other"}, "is of 'other', not of tiny-demo"),
        ({"no_wheel": True}, "not one wheel and one sdist"),
        ({"static": False, "version": "0.0.7"}, "its metadata says '0.0.7', not 1.2.3"),
    ],
    ids=["fails", "version", "name", "no wheel", "unstated"],
)
async def test_a_build_of_something_else_is_not_published(
    tmp_path: Path, knobs: dict[str, Any], said: str
) -> None:
    source = make_source(tmp_path / "source", **knobs)
    before = contents(source)
    with pytest.raises(NotPublished) as raised:
        await built(source)
    assert said in str(raised.value)
    assert "\n  next: " in str(raised.value)
    assert raised.value.exit_code == ExitCode.NOT_CONVERGED
    assert contents(source) == before


async def test_of_a_build_that_says_much_only_the_end_is_shown(tmp_path: Path) -> None:
    source = make_source(tmp_path / "source", says="blah\n", times=100_000, fails="at last")
    with pytest.raises(NotPublished, match="at last") as raised:
        await built(source)
    assert len(str(raised.value)) < 4_000


async def test_a_build_that_is_stopped_is_ended_with_its_children(tmp_path: Path) -> None:
    async with watched(tmp_path / "pipe") as pipe:
        source = make_source(tmp_path / "source", hangs=str(pipe.path))
        before = contents(source)
        building = asyncio.create_task(built(source))
        await pipe.hanging()
        assert b'version = "1.2.3"' in (source / "pyproject.toml").read_bytes()
        with pytest.raises(NotPublished, match="another run builds in this folder"):
            await built(source)
        assert b'version = "1.2.3"' in (source / "pyproject.toml").read_bytes()
        building.cancel()
        with pytest.raises(asyncio.CancelledError):
            await building
        await pipe.ended()
        assert contents(source) == before


@pytest.mark.parametrize(
    ("pyproject", "said"),
    [
        (None, "has no pyproject.toml"),
        ("", "names no build backend"),
        ("[build-system]\nrequires = []\n", "names no build backend"),
        ("build-system = 7\n", "names no build backend"),
        ("[build-system\n", "cannot be read as TOML"),
        ("x = '\udcff'", "cannot be read as TOML"),
    ],
)
async def test_a_source_without_a_build_backend_is_a_mistake(
    tmp_path: Path, pyproject: str | None, said: str
) -> None:
    source = make_source(tmp_path / "source")
    if pyproject is None:
        (source / "pyproject.toml").unlink()
    else:
        (source / "pyproject.toml").write_bytes(pyproject.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError, match=said) as raised:
        await built(source)
    assert raised.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    "place",
    [
        Pin("gone.py", PinFormat.REGEX, '= "([^"]*)"'),
        Pin("README.md", PinFormat.REGEX, 'version = "([^"]*)"'),
        Pin("pyproject.toml", PinFormat.TOML, "project.nothing"),
    ],
)
async def test_a_place_that_states_no_version_is_a_mistake(tmp_path: Path, place: Pin) -> None:
    source = make_source(tmp_path / "source")
    before = contents(source)
    with pytest.raises(ConfigurationError, match="correct `version-in`"):
        await built(source, version_in=place)
    assert contents(source) == before


async def test_the_same_source_gives_the_same_bytes(
    tmp_path: Path, built: tuple[Artifact, ...]
) -> None:
    into = tmp_path / "into"
    into.mkdir()
    settings = PublishSettings(source=str(make_source(tmp_path / "elsewhere")))
    again = await build(settings, RELEASE, into, environ=ENVIRON, commit_time=None)
    assert [artifact.sha256 for artifact in again] == [artifact.sha256 for artifact in built]
    with zipfile.ZipFile(again[0].path) as wheel:
        assert wheel.testzip() is None


async def test_a_backend_that_writes_the_clock_gives_the_same_bytes_for_a_commit(
    tmp_path: Path,
) -> None:
    source = make_source(tmp_path / "source", clock=True)
    once = await built(source, commit_time=1_700_000_000)
    again = await built(source, commit_time=1_700_000_000)
    assert [artifact.sha256 for artifact in once] == [artifact.sha256 for artifact in again]
    with tarfile.open(once[1].path) as sdist:
        members = sdist.getmembers()
        assert {(m.mtime, m.uid, m.uname, m.mode) for m in members} == {
            (1_700_000_000, 0, "", 0o644)
        }
        readme = sdist.extractfile("tiny_demo-1.2.3/README.md")
        assert readme is not None
        assert readme.read() == (source / "README.md").read_bytes()


def repository(source: Path) -> Path:
    """The source tree as a repository with one commit."""
    git(source, "init", "--quiet", "--initial-branch=main")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "-m", "A package")
    return source


async def test_nothing_of_ours_is_in_the_sdist(tmp_path: Path) -> None:
    # This backend packs whatever lies in the folder, as hatchling does.
    source = repository(make_source(tmp_path / "source"))
    _, sdist = await built(source)
    with tarfile.open(sdist.path) as packed:
        assert not [name for name in packed.getnames() if "tailrace" in name]
    assert git(source, "status", "--porcelain", "--untracked-files=no") == ""


@pytest.mark.parametrize("in_git", [True, False])
@pytest.mark.parametrize("edited", [True, False])
async def test_what_a_killed_build_left_is_put_back_and_an_edit_since_is_kept(
    tmp_path: Path, in_git: bool, edited: bool
) -> None:
    source = make_source(tmp_path / "source")
    if in_git:
        repository(source)
    pyproject = source / "pyproject.toml"
    before = pyproject.read_text()
    # A process of its own, so that it can die as by SIGKILL: with no clean-up at all.
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from tailrace.model import Pin, PinFormat, Release\n"
        "from tailrace.publish.stating import stating\n"
        "pin = Pin('pyproject.toml', PinFormat.TOML, 'project.version')\n"
        "with stating(Path(sys.argv[1]), pin, Release('tiny-demo', '1.1.1')):\n"
        "    os._exit(9)\n"
    )
    died = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(source))
    assert await died.wait() == 9
    left = pyproject.read_text()
    assert left == before.replace("0.0.0", "1.1.1")
    if edited:
        pyproject.write_text(left + 'description = "Mine."\n')
    made = await built(source)
    assert {artifact.version for artifact in made} == {"1.2.3"}
    after = left + 'description = "Mine."\n' if edited else before
    assert pyproject.read_text() == after
    assert not list(source.rglob("*tailrace*original"))


@pytest.mark.parametrize("dynamic", [True, False])
async def test_poetry_s_own_version_is_the_release_s(tmp_path: Path, dynamic: bool) -> None:
    source = make_source(tmp_path / "source")
    text = (source / "pyproject.toml").read_text()
    project = '[project]\nname = "tiny-demo"\ndynamic = ["version"]\n' if dynamic else ""
    head = text.partition("[project]")[0]
    own = '[tool.poetry]\nname = "tiny-demo"\nversion = "0.0.1" # by hand\n'
    (source / "pyproject.toml").write_text(head + project + own)
    found = place_of(PublishSettings(source=str(source)))
    assert found == Pin("pyproject.toml", PinFormat.TOML, "tool.poetry.version")
