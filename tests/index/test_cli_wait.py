"""``tailrace wait`` as a process: its exit codes, its documents, and its end by a signal."""

from __future__ import annotations

import asyncio
import hashlib
import signal
from pathlib import Path

import pytest
from tests.cli.processes import start, tailrace
from tests.doubles.index import HANG, TOKEN, Answer, IndexDouble, down, login

from tailrace.sandbox.index_process import IndexProcess
from tailrace.sandbox.package import wheel

WHEEL = "acme_tool-1.2.0-py3-none-any.whl"
CONTENT = b"the wheel"
SHA = hashlib.sha256(CONTENT).hexdigest()


def fleet(folder: Path, url: str | None, more: str = "", package: str = "acme-tool") -> Path:
    index = "" if url is None else f'url = "{url}"\n'
    (folder / "tailrace.toml").write_text(
        f"""package = "{package}"
[forge]
kind = "gitea"
url = "https://git.example.com"
owner = "acme"
[index]
{index}{more}
[[downstream]]
name = "template-a"
repo = "template-a"
pin = "pin.txt"
"""
    )
    return folder


async def test_installable_on_a_real_index(tmp_path: Path) -> None:
    async with IndexProcess(tmp_path / "packages", "a-token") as server:
        name, content = wheel("acme-runtime", "1.2.0")
        (server.folder / name).write_bytes(content)
        folder = fleet(tmp_path, server.simple_url, 'python = ["3.11"]', "acme-runtime")
        done = await tailrace("wait", "1.2.0", "--good-answers", "2", cwd=folder)
    assert (done.code, done.err) == (0, "")
    first, file, digest = done.out.splitlines()
    assert first.startswith("installable  acme-runtime 1.2.0  ")
    assert first.endswith(" s, 2 reads")
    assert file == f"    {name}"
    assert digest == f"    sha256 {hashlib.sha256(content).hexdigest()}"


async def test_the_json_document_and_the_outputs_for_later_steps(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    async with IndexDouble() as double:
        double.add(WHEEL, CONTENT)
        folder = fleet(tmp_path, double.simple_url, "good-answers = 1")
        done = await tailrace("wait", "1.2.0", "--json", cwd=folder, GITHUB_OUTPUT=str(outputs))
        url = double.simple_url
    document = done.document
    assert (done.code, done.err, document.pop("seconds") >= 0) == (0, "", True)
    assert document == {
        "schema": "tailrace/wait/1",
        "package": "acme-tool",
        "version": "1.2.0",
        "index": url,
        "state": "installable",
        "exit_code": 0,
        "detail": "",
        "reads": 1,
        "file": WHEEL,
        "sha256": SHA,
    }
    assert outputs.read_text() == "state=installable\nversion=1.2.0\n"


@pytest.mark.parametrize(
    ("answer", "code", "state", "said"),
    [
        (Answer(404), 1, "not-indexed", "the index has no such project yet"),
        (login(), 3, "unknown", "lists no file of acme-tool ('Sign in')"),
        (down(503), 3, "unknown", "answered 503"),
        (Answer(401), 3, "unknown", "wants a token"),
    ],
    ids=["404", "login", "503", "401"],
)
async def test_the_other_ends(
    tmp_path: Path, answer: Answer, code: int, state: str, said: str
) -> None:
    outputs = tmp_path / "outputs"
    async with IndexDouble() as double:
        double.always_page = answer
        folder = fleet(tmp_path, double.simple_url)
        arguments = ("wait", "1.2.0", "--deadline", "1")
        done = await tailrace(*arguments, cwd=folder, GITHUB_OUTPUT=str(outputs))
    assert done.code == code
    assert done.out.startswith(f"{state}  acme-tool 1.2.0  ")
    assert said in done.out
    assert "\n      next: " in done.out
    assert outputs.read_text() == f"state={state}\nversion=1.2.0\n"
    if state != "unknown" or answer.status != 401:
        assert said in done.err.replace("\n", " ")


async def test_broken(tmp_path: Path) -> None:
    async with IndexDouble() as double:
        folder = fleet(tmp_path, double.simple_url, 'python = ["3.11"]')
        for served in (
            {"yanked": "bad\x1b[31m"},
            {"requires_python": ">=3.12"},
            {"hashes": {"sha256": "0" * 64}},
        ):
            double.add(WHEEL, CONTENT, **served)
            done = await tailrace("wait", "1.2.0", "--json", "--good-answers=1", cwd=folder)
            assert (done.code, done.document["state"]) == (1, "broken")
            assert "\x1b" not in done.out
            assert "publish another version" in done.document["detail"]


async def test_a_private_index(tmp_path: Path) -> None:
    async with IndexDouble(private=True) as double:
        double.add(WHEEL, CONTENT)
        folder = fleet(tmp_path, double.simple_url, "private = true\ngood-answers = 1")
        without = await tailrace("wait", "1.2.0", cwd=folder)
        wrong = await tailrace("wait", "1.2.0", cwd=folder, TAILRACE_INDEX_TOKEN="tok-wrong")
        right = await tailrace("wait", "1.2.0", cwd=folder, TAILRACE_INDEX_TOKEN=TOKEN)
    assert (without.code, wrong.code, right.code) == (2, 3, 0)
    assert "no token for the index: TAILRACE_INDEX_TOKEN" in without.err
    assert "refuses the token" in wrong.out
    assert "tok-wrong" not in wrong.out + wrong.err
    assert TOKEN not in right.out + right.err


async def test_pips_own_index_is_waited_at(tmp_path: Path) -> None:
    async with IndexDouble() as double:
        double.add(WHEEL, CONTENT)
        folder = fleet(tmp_path, None, "good-answers = 1")
        done = await tailrace("wait", "1.2.0", cwd=folder, PIP_INDEX_URL=double.simple_url)
    assert done.code == 0
    assert double.reads == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it(tmp_path: Path, number: signal.Signals) -> None:
    asked = asyncio.Event()
    async with IndexDouble() as double:
        double.always_page = HANG
        double.before_read = lambda _: asked.set()
        process = await start("wait", "1.2.0", "--json", cwd=fleet(tmp_path, double.simple_url))
        async with asyncio.timeout(20):
            await asked.wait()
            process.send_signal(number)
            out, err = await process.communicate()
    assert (process.returncode, out) == (128 + number, b"")
    assert f"{number.name} came while waiting for acme-tool 1.2.0; nothing was written" in (
        err.decode()
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("1.2",), "not a version: '1.2'"),
        (("1.2.0", "--deadline", "soon"), "--deadline"),
        (("1.2.0", "--good-answers", "0"), "--good-answers"),
    ],
)
async def test_wrong_usage(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = await tailrace("wait", *arguments, cwd=fleet(tmp_path, "http://127.0.0.1:1/"))
    assert (done.code, done.out) == (2, "")
    assert said in done.err
