"""Other people's programs: a deadline for all that they start, and little of what they say."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from tests.publish.bench import watched

from tailrace.errors import ExitCode
from tailrace.publish.command import Done, TookTooLong, run, without_secrets

#: Says that it hangs, and leaves a child that holds the same pipe.
HANGS = """
import os, subprocess, sys
pipe = os.open(sys.argv[1], os.O_WRONLY)
os.set_inheritable(pipe, True)
print("begun", "s3cret!", flush=True)
child = subprocess.Popen(["sleep", "600"], close_fds=False)
os.write(pipe, b"hanging\\n")
if len(sys.argv) == 2:
    child.wait()
"""


def python(script: str, *arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-I", "-c", script, *arguments]


async def test_a_program_says_how_it_ended() -> None:
    script = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"
    done = await run(python(script), timeout=60)
    assert done.code == 7
    assert sorted(done.output.split()) == ["err", "out"]


async def test_a_deadline_ends_its_children_too(tmp_path: Path) -> None:
    async with watched(tmp_path / "pipe") as pipe:
        running = asyncio.create_task(run(python(HANGS, pipe.path), timeout=2, hidden=("s3cret!",)))
        await pipe.hanging()
        with pytest.raises(TookTooLong, match="did not end in 2 s") as raised:
            await running
        await pipe.ended()
    # The first line is the command.
    assert str(raised.value).splitlines()[-1] == "    begun [secret]"
    assert raised.value.exit_code == ExitCode.NOT_CONVERGED


async def test_a_cancelled_run_ends_its_children_too(tmp_path: Path) -> None:
    async with watched(tmp_path / "pipe") as pipe:
        running = asyncio.create_task(run(python(HANGS, pipe.path), timeout=60))
        await pipe.hanging()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await pipe.ended()


async def test_a_child_left_behind_does_not_hold_it_up(tmp_path: Path) -> None:
    async with watched(tmp_path / "pipe") as pipe:
        done = await run(python(HANGS, pipe.path, "leave"), timeout=60)
        assert (done.code, done.output) == (0, "begun s3cret!\n")
        await pipe.hanging()
        await pipe.ended()


async def test_a_child_of_another_session_does_not_hold_it_up_either() -> None:
    script = (
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "print(child.pid, flush=True)"
    )
    done = await run(python(script), timeout=60)
    assert done.code == 0
    os.kill(int(done.output), signal.SIGKILL)


async def test_only_the_end_of_much_output_is_kept() -> None:
    script = "import sys\nfor n in range(200_000): print('line', n)"
    done = await run(python(script), timeout=60)
    assert len(done.output) <= 64 * 1024
    assert done.tail(2) == "    line 199998\n    line 199999"


async def test_what_is_no_text_is_kept_as_well_as_it_goes() -> None:
    script = "import sys; sys.stdout.buffer.write(b'a\\xff\\x00b')"
    assert (await run(python(script), timeout=60)).output == "a\ufffd\x00b"


def test_a_tail_is_short_and_has_no_empty_lines() -> None:
    done = Done(1, "x" * 5_000 + "\n\n  \nlast  \n")
    assert done.tail() == "    " + "x" * 200 + "\n    last"


async def test_what_is_no_program_is_like_one_that_fails(tmp_path: Path) -> None:
    gone = await run([tmp_path / "gone"], timeout=60)
    assert gone.code == 126
    assert "No such file" in gone.output
    text = tmp_path / "text"
    text.write_bytes(b"\x01\x02 not a program")
    text.chmod(0o755)
    assert (await run([text], timeout=60)).code == 126


async def test_what_is_hidden_is_nowhere_in_what_it_said() -> None:
    script = "print('token is s3cret!', 's3cret!' * 3)"
    done = await run(python(script), timeout=60, hidden=("", "s3cret!"))
    assert done.output == "token is [secret] [secret][secret][secret]\n"


def test_an_environment_without_secrets() -> None:
    environ = {
        "PATH": "/bin",
        "TAILRACE_TOKEN": "a",
        "TAILRACE_INDEX_TOKEN": "b",
        "TWINE_PASSWORD": "c",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "d",
        "GITHUB_TOKEN": "e",
        "MY_FORGE": "f",
        "COPY": "the token",
        "EMPTY": "",
        "PIP_INDEX_URL": "https://index.test/simple/",
    }
    assert without_secrets(environ, ["MY_FORGE"], ["the token", "", None]) == {
        "PATH": "/bin",
        "EMPTY": "",
        "PIP_INDEX_URL": "https://index.test/simple/",
    }


async def test_colours_are_no_part_of_what_is_said() -> None:
    # twine check writes them into a pipe too, whatever NO_COLOR says.
    done = await run(["printf", r"\033[31mFAILED\033[0m \033[1;38;5;9mx\033[K\n"], timeout=60)
    assert done.tail() == "    FAILED x"
