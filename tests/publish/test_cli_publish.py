"""`version next` and `publish` as processes: exit codes, output, signals, two at once."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.cli.processes import DEADLINE, start, tailrace
from tests.doubles.index import IndexDouble, login
from tests.publish.bench import REPOSITORY, TAG, Bench, git, watched
from tests.publish.sources import PACKAGE, VERSION, make_source, wheel_bytes

NAMES = ["tiny_demo-1.2.3-py3-none-any.whl", "tiny_demo-1.2.3.tar.gz"]
NOWHERE = "http://127.0.0.1:9"


def fleet(
    folder: Path,
    forge: str = NOWHERE,
    index: str = f"{NOWHERE}/simple/",
    upload: str = f"{NOWHERE}/",
) -> Path:
    """A fleet file in ``folder`` for the source beside it."""
    (folder / "tailrace.toml").write_text(
        f'package = "{PACKAGE}"\n\n[forge]\nkind = "gitea"\nurl = "{forge}"\nowner = "acme"\n\n'
        f'[index]\nurl = "{index}"\nupload-url = "{upload}"\n\n'
        f'[publish]\nsource = "source"\nrepo = "{REPOSITORY.name}"\n\n'
        f'[publish.smoke]\ncommand = ["{PACKAGE}"]\n\n'
        '[[downstream]]\nname = "one"\nrepo = "one"\n'
    )
    return folder


def clone(bench: Bench, folder: Path, **knobs: Any) -> Path:
    """A fleet file, and a clone of the repository that has a source tree in it."""
    folder.mkdir()
    bare = bench.server.forge.path(REPOSITORY.owner, REPOSITORY.name)
    source = folder / "source"
    git(folder, "clone", "--quiet", str(bare), "source")
    if not (source / "pyproject.toml").exists():
        (source / "README.md").unlink()
        (source / ".gitignore").write_text("__pycache__/\n")
        make_source(source, **knobs)
        git(source, "add", "--all")
        git(source, "commit", "--quiet", "-m", "A package")
        git(source, "push", "--quiet", "origin", "HEAD:main")
    assert bench.server.index is not None
    return fleet(folder, bench.server.url, bench.index.url, bench.server.index.upload_url)


def environ(bench: Bench, run: str = "77") -> dict[str, str]:
    token = bench.server.forge.admin_token
    return {
        "TAILRACE_TOKEN": token,
        "TAILRACE_INDEX_TOKEN": token,
        "GITHUB_RUN_ID": run,
        "GITHUB_JOB": "publish",
    }


def fits(text: str) -> bool:
    return all(len(line) <= 80 for line in text.splitlines())


async def test_a_dry_run_needs_no_network_no_token_and_no_git(tmp_path: Path) -> None:
    make_source(tmp_path / "source")
    done = await tailrace("publish", "--dry-run", cwd=fleet(tmp_path), COLUMNS="20")
    assert done.code == 0, done.err
    assert "tiny-demo 0.0.0.dev0 builds and works; nothing was uploaded" in done.out
    assert "nothing was uploaded" in done.out
    assert f"tried     {PACKAGE}" in done.out
    assert fits(done.err)
    names = sorted(path.name for path in (tmp_path / "dist").iterdir())
    assert names == [name.replace(VERSION, "0.0.0.dev0") for name in NAMES]


async def test_from_the_number_to_the_index_and_once_more(bench: Bench, tmp_path: Path) -> None:
    (bench.packages / NAMES[0].replace(VERSION, "1.2.2")).write_bytes(wheel_bytes(version="1.2.2"))
    folder = clone(bench, tmp_path / "run")
    output = tmp_path / "output"
    told = {**environ(bench), "GITHUB_OUTPUT": str(output)}
    number = await tailrace("version", "next", cwd=folder, **told)
    assert (number.code, number.out) == (0, f"{VERSION}\n"), number.err
    assert output.read_text() == f"release=true\nversion={VERSION}\ntag={TAG}\n"
    output.unlink()

    done = await tailrace("publish", VERSION, "--json", cwd=folder, **told)
    assert done.code == 0, done.err
    assert done.document["schema"] == "tailrace/publish/1"
    assert done.document["state"] == "published"
    assert done.document["uploaded"] == NAMES
    assert done.document["tag"] == TAG
    assert output.read_text() == f"state=published\nversion={VERSION}\n"
    assert bench.on_index[1:] == NAMES
    assert bench.server.forge.admin_token not in done.out + done.err
    assert git(folder / "source", "status", "--porcelain") == ""

    again = await tailrace("publish", VERSION, cwd=folder, **told)
    assert again.code == 0
    assert "is on the index already, with the same bytes" in again.out
    lost = await tailrace("publish", VERSION, cwd=folder, **environ(bench, "78"))
    assert (lost.code, lost.out) == (1, "")
    assert "this run has lost" in lost.err
    assert fits(again.out + again.err + lost.err)

    taken = await tailrace(
        "version", "next", "--version", "1.2.2", cwd=folder, **environ(bench, "78")
    )
    assert (taken.code, taken.out) == (1, "")
    assert "is on the index already" in taken.err
    none = await tailrace("version", "next", "--json", cwd=folder, **environ(bench, "78"))
    assert none.code == 0
    assert none.document["release"] is False
    assert "published by" in none.document["reason"]


async def test_two_at_once_publish_one_release(bench: Bench, tmp_path: Path) -> None:
    folders = [clone(bench, tmp_path / name) for name in ("one", "two")]
    ended = await asyncio.gather(
        *(
            tailrace("publish", VERSION, cwd=folder, **environ(bench, run))
            for folder, run in zip(folders, ("77", "78"), strict=True)
        )
    )
    assert sorted(done.code for done in ended) == [0, 1], [done.err for done in ended]
    winner, loser = sorted(ended, key=lambda done: done.code)
    assert f"{PACKAGE} {VERSION} published" in winner.out
    assert "this run has lost" in loser.err
    assert bench.on_index == NAMES


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
async def test_a_signal_in_a_hanging_build_leaves_nothing(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    async with watched(tmp_path / "pipe") as pipe:
        source = make_source(tmp_path / "source", hangs=str(pipe.path))
        before = (source / "pyproject.toml").read_bytes()
        process = await start("publish", VERSION, "--dry-run", cwd=fleet(tmp_path))
        await pipe.hanging()
        assert (source / "pyproject.toml").read_bytes() != before
        process.send_signal(number)
        async with asyncio.timeout(DEADLINE):
            out, err = await process.communicate()
        await pipe.ended()
    assert process.returncode == code
    assert out == b""
    assert f"{number.name} came while building" in err.decode()
    assert (source / "pyproject.toml").read_bytes() == before
    assert list((tmp_path / "dist").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("publish",), 2, "Missing argument 'VERSION'"),
        (("publish", "v1.2.3"), 2, "not a version"),
        (("publish", VERSION), 2, "TAILRACE_TOKEN is not set"),
        (("version", "next", "--tag", "v1.2.3"), 2, "does not begin with 'runtime-v'"),
        (("version", "next", "--version", "one"), 2, "not a version"),
    ],
)
async def test_mistakes_end_with_their_code(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    make_source(tmp_path / "source")
    done = await tailrace(*arguments, cwd=fleet(tmp_path))
    assert (done.code, done.out) == (code, ""), done.err
    assert said in done.err
    assert fits(done.err)
    assert not (tmp_path / "dist").exists()


@pytest.mark.parametrize(
    "arguments", [("publish", VERSION, "--no-claim"), ("version", "next", "--first", "0.1.0")]
)
async def test_an_index_that_answers_with_a_page_ends_with_3(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    make_source(tmp_path / "source")
    async with IndexDouble() as double:
        double.always_page = login()
        folder = fleet(tmp_path, index=double.simple_url, upload=double.upload_url)
        done = await tailrace(*arguments, cwd=folder)
        assert (done.code, done.out) == (3, "")
        assert double.url in done.err
        assert not double.asked("POST", "/")
    assert not (tmp_path / "dist").exists()


async def test_a_source_without_a_backend_ends_with_2(tmp_path: Path) -> None:
    (make_source(tmp_path / "source") / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    done = await tailrace("publish", "--dry-run", cwd=fleet(tmp_path))
    assert done.code == 2
    assert "names no build backend" in done.err


async def test_an_empty_version_is_no_version(tmp_path: Path) -> None:
    done = await tailrace("publish", "", cwd=tmp_path)
    assert done.code == 2
    assert "VERSION is empty" in done.err
