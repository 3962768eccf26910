"""Which index it is, and whose token: by the settings, else by this machine's pip."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.doubles.index import TOKEN, IndexDouble
from tests.forges.scripted import texts

from tailrace.errors import ConfigurationError
from tailrace.index.open import index_token, open_index, pip_index
from tailrace.settings import IndexSettings

WHEEL = "acme-1.2.0-py3-none-any.whl"
SETTINGS = IndexSettings(url="https://git.example.com/simple")


def asked(environ: dict[str, str], cwd: Path) -> str:
    """What a process with this environment takes for pip's index."""
    code = (
        "from tailrace.errors import ConfigurationError\n"
        "from tailrace.index.open import pip_index\n"
        "try: print(pip_index())\n"
        "except ConfigurationError as error: print('refused', error)\n"
    )
    home = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "PIP_CONFIG_FILE": "/dev/null"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**home, **environ},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_index_of_the_settings() -> None:
    index = open_index(SETTINGS, {})
    assert index.url == "https://git.example.com/simple/"


def test_pips_own_index(tmp_path: Path) -> None:
    long = "https://mirror.example.com/" + "a-long-part/" * 20 + "simple"
    assert re.fullmatch(r"https://[a-z.]+/simple", asked({}, tmp_path))
    assert asked({"PIP_INDEX_URL": long}, tmp_path) == long


def test_pips_own_index_by_its_file(tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = http://10.0.0.1:3141/root/+simple/\n")
    assert asked({"PIP_CONFIG_FILE": str(file)}, tmp_path) == "http://10.0.0.1:3141/root/+simple/"


@pytest.mark.parametrize(
    "url", ["https://me:s3cret@git.example.com/simple", "https://s3cret@host/x", "file:///s3cret"]
)
def test_an_address_with_a_password_is_refused_and_not_shown(tmp_path: Path, url: str) -> None:
    said = asked({"PIP_INDEX_URL": url}, tmp_path)
    assert said.startswith("refused which index? pip's own has a password")
    assert "\n  next: set `url` in [index]" in said
    assert "s3cret" not in said


def test_without_a_pip_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for executable in ("/bin/true", str(tmp_path / "none")):
        monkeypatch.setattr(sys, "executable", executable)
        with pytest.raises(ConfigurationError, match="there is no pip here to ask"):
            pip_index()


@pytest.mark.parametrize(
    ("value", "token"),
    [(None, None), ("", None), ("\n", None), ("tok-1", "tok-1"), ("tok-1\r\n", "tok-1")],
)
def test_the_token_of_the_environment(value: str | None, token: str | None) -> None:
    environ = {} if value is None else {SETTINGS.token_env: value}
    assert index_token(SETTINGS, environ) == token


@pytest.mark.parametrize("value", ["tok 1", "tok-1\nx", "'tok-é'", "x\0", "t" * 4097])
def test_a_token_that_is_none_is_not_shown(value: str) -> None:
    with pytest.raises(ConfigurationError, match="TAILRACE_INDEX_TOKEN") as caught:
        index_token(SETTINGS, {SETTINGS.token_env: value})
    assert value.strip() not in texts([caught.value])


def test_a_private_index_needs_its_token() -> None:
    settings = IndexSettings(url="https://h/simple", private=True, token_env="MY_TOKEN")
    with pytest.raises(ConfigurationError, match="no token for the index: MY_TOKEN") as caught:
        open_index(settings, {"TAILRACE_INDEX_TOKEN": "x"})
    assert "\n  next: export MY_TOKEN=..." in str(caught.value)


@pytest.mark.parametrize("private", [True, False])
async def test_the_token_is_sent_to_a_private_index_only(*, private: bool) -> None:
    async with IndexDouble(private=private) as double:
        double.username = "robot"
        double.add(WHEEL)
        settings = IndexSettings(url=double.simple_url, private=private, username="robot")
        index = open_index(settings, {settings.token_env: TOKEN}, attempts=1)
        async with index:
            assert await index.project("acme") is not None
        assert TOKEN not in repr(index)
    assert ["authorization" in got.headers for got in double.requests] == [private]
