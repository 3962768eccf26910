"""A wheel is tried where nothing else is: imported, its entry points loaded, its command run."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from tests.publish.sources import PACKAGE, VERSION, metadata, zipped

from tailrace.errors import ConfigurationError, ExitCode, NotPublished
from tailrace.publish.artifact import Artifact, read_artifact
from tailrace.publish.smoke import smoke
from tailrace.settings import Smoke

ENVIRON = {"PATH": os.environ["PATH"]}
INFO = f"tiny_demo-{VERSION}.dist-info"


def wheel_of(
    folder: Path, files: dict[str, str], scripts: str = "", requires: str = ""
) -> Artifact:
    """A wheel of these files."""
    head = metadata().replace(b"\n\ntiny", f"\n{requires}\ntiny".encode() if requires else b"\n\n")
    wheel = "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content = {path: text.encode() for path, text in files.items()}
    content |= {f"{INFO}/METADATA": head, f"{INFO}/WHEEL": wheel.encode()}
    if scripts:
        content[f"{INFO}/entry_points.txt"] = f"[console_scripts]\n{scripts}\n".encode()
    content[f"{INFO}/RECORD"] = "".join(f"{path},,\n" for path in content).encode()
    path = folder / f"tiny_demo-{VERSION}-py3-none-any.whl"
    path.write_bytes(zipped(content))
    return read_artifact(path)


async def test_all_that_is_asked_for_is_tried_in_a_clean_environment(
    tmp_path: Path, built: tuple[Artifact, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The source where this runs is not what is imported.
    (tmp_path / "tiny.py").write_text("raise RuntimeError('the source, not the wheel')\n")
    monkeypatch.chdir(tmp_path)
    environ = {**ENVIRON, "PYTHONPATH": str(tmp_path), "PIP_USER": "1"}
    asked = Smoke(modules=("tiny",), entry_points=(PACKAGE,), command=(PACKAGE, "0"))
    tried = await smoke(built[0], asked, environ=environ)
    assert tried == ("import tiny", f"entry point {PACKAGE}", f"{PACKAGE} 0")


async def test_nothing_of_this_environment_is_there(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    code = (
        "import json, os, sys, importlib.util as u\n"
        f"found = dict(prefix=sys.prefix, click=u.find_spec('click') is not None)\n"
        f"open({str(told)!r}, 'w').write(json.dumps(found))\n"
    )
    wheel = wheel_of(tmp_path, {"tiny/__init__.py": code})
    assert await smoke(wheel, Smoke(), environ=ENVIRON) == ("import tiny",)
    found = json.loads(told.read_text())
    assert found["prefix"] != sys.prefix
    assert found["click"] is False


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Smoke(modules=("tiny.gone",)), "No module named 'tiny.gone'"),
        (Smoke(entry_points=("gone",)), "no entry point 'gone'; there are: tiny-demo"),
        (Smoke(command=(PACKAGE, "7")), f"`{PACKAGE} 7` ended with 7"),
        (Smoke(command=("tiny-gone",)), "tiny-gone: not found"),
    ],
    ids=["module", "entry point", "command", "no command"],
)
async def test_what_does_not_work_is_not_published(
    built: tuple[Artifact, ...], asked: Smoke, said: str
) -> None:
    with pytest.raises(NotPublished) as raised:
        await smoke(built[0], asked, environ=ENVIRON)
    assert said in str(raised.value)
    assert "nothing was uploaded" in str(raised.value)
    assert raised.value.exit_code == ExitCode.NOT_CONVERGED


async def test_a_module_that_raises_says_so(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, {"tiny/__init__.py": "raise RuntimeError('no good')\n"})
    with pytest.raises(NotPublished, match="RuntimeError: no good"):
        await smoke(wheel, Smoke(), environ=ENVIRON)


async def test_a_module_that_hangs_is_ended(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, {"tiny/__init__.py": "import signal\nsignal.pause()\n"})
    with pytest.raises(NotPublished, match="did not end in 1 s"):
        await smoke(wheel, Smoke(timeout=1.0), environ=ENVIRON)


async def test_a_wheel_that_cannot_be_installed_is_not_published(tmp_path: Path) -> None:
    requires = "Requires-Dist: tiny-gone==1\n"
    wheel = wheel_of(tmp_path, {"tiny/__init__.py": ""}, requires=requires)
    environ = {**ENVIRON, "PIP_NO_INDEX": "1"}
    with pytest.raises(NotPublished, match="cannot be installed in a clean environment"):
        await smoke(wheel, Smoke(), environ=environ)


async def test_a_wheel_with_nothing_to_try_is_a_mistake(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, {"tiny_demo-1.2.3.data/data/file": "x"})
    with pytest.raises(ConfigurationError, match="nothing would be tried"):
        await smoke(wheel, Smoke(), environ=ENVIRON)
