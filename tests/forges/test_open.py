"""Which adapter a fleet's settings open, and where its token comes from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.forges.scripted import TOKEN, Server, Waits, by_path, json

from tailrace.errors import ConfigurationError
from tailrace.forges.git import GitForge
from tailrace.forges.gitea import GiteaForge
from tailrace.forges.github import GitHubForge
from tailrace.forges.open import TOKEN_LIMIT, _github_api, open_forge, read_token
from tailrace.model import ForgeKind
from tailrace.settings import ForgeSettings


def settings(kind: ForgeKind, url: str, token_file: Path | None = None) -> ForgeSettings:
    return ForgeSettings(
        kind, url, token_env="THE_TOKEN", token_file=None if token_file is None else str(token_file)
    )


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://github.com/", "https://api.github.com"),
        ("https://api.github.com", "https://api.github.com"),
        ("https://ghe.example.com", "https://ghe.example.com/api/v3"),
        ("https://ghe.example.com/", "https://ghe.example.com/api/v3"),
        ("https://ghe.example.com/api/v3", "https://ghe.example.com/api/v3"),
        ("https://github.com.evil.test", "https://github.com.evil.test/api/v3"),
    ],
)
def test_where_githubs_api_is(url: str, api: str) -> None:
    assert _github_api(url) == api


@pytest.mark.parametrize(
    ("kind", "adapter", "path", "authorization"),
    [
        (ForgeKind.GITEA, GiteaForge, "/api/v1/user", f"token {TOKEN}"),
        (ForgeKind.FORGEJO, GiteaForge, "/api/v1/user", f"token {TOKEN}"),
        (ForgeKind.GITHUB, GitHubForge, "/api/v3/user", f"Bearer {TOKEN}"),
    ],
)
async def test_how_a_forge_is_spoken_to(
    kind: ForgeKind, adapter: type, path: str, authorization: str
) -> None:
    async with Server(by_path({f"GET {path}": json(200, {"login": "me"})})) as server:
        async with open_forge(settings(kind, server.url + "/"), TOKEN, sleep=Waits()) as forge:
            assert isinstance(forge, adapter)
            assert (await forge.account()).login == "me"
        async with open_forge(settings(kind, server.url), None) as forge:
            await forge.account()
    with_token, without = server.got
    assert with_token.headers["authorization"] == authorization
    assert "authorization" not in without.headers
    if kind is ForgeKind.GITHUB:
        assert with_token.headers["x-github-api-version"] == "2022-11-28"
        assert with_token.headers["accept"] == "application/vnd.github+json"


def test_a_folder(tmp_path: Path) -> None:
    assert isinstance(open_forge(settings(ForgeKind.GIT, str(tmp_path)), None), GitForge)


def test_a_folder_without_pygit2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tailrace.forges.git")
    monkeypatch.delitem(sys.modules, "tailrace.forges.git_repository")
    monkeypatch.setitem(sys.modules, "pygit2", None)
    with pytest.raises(ConfigurationError, match=r"tailrace\[git\]"):
        open_forge(settings(ForgeKind.GIT, str(tmp_path)), None)


def test_the_variable_comes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n")
    where = settings(ForgeKind.GITEA, "https://x.test", file)
    assert read_token(where, {"THE_TOKEN": "from-variable"}) == "from-variable"
    assert read_token(where, {"THE_TOKEN": ""}) == "from-file"
    assert read_token(where, {}) == "from-file"


@pytest.mark.parametrize("environ", [{}, {"THE_TOKEN": ""}, {"TAILRACE_TOKEN": "other"}])
def test_no_token_is_none(environ: dict[str, str]) -> None:
    assert read_token(settings(ForgeKind.GITEA, "https://x.test"), environ) is None


@pytest.mark.parametrize("text", [TOKEN, f"{TOKEN}\n", f"{TOKEN}\r\n", "a" * 4000, "a=b/c+d~"])
def test_a_token_and_at_most_one_newline(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_bytes(text.encode())
    wanted = text.rstrip("\r\n")
    assert read_token(settings(ForgeKind.GITEA, "https://x.test", file), {}) == wanted
    where = settings(ForgeKind.GITEA, "https://x.test")
    assert read_token(where, {"THE_TOKEN": text}) == wanted


SECRET = "s3cr3t"


@pytest.mark.parametrize(
    "text",
    [
        f"{SECRET}\n\n",
        f"{SECRET}\nsecond",
        f" {SECRET}",
        f"{SECRET} ",
        f"{SECRET}\t",
        f"{SECRET}\r",
        f"{SECRET}\0",
        f"{SECRET}\x1b[31m",
        f"{SECRET}\x7f",
        f"{SECRET}é",
        f"{SECRET}\r\nHost: evil",
        "\n",
        " ",
        SECRET * 1000,
    ],
    ids=ascii,
)
def test_anything_else_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_bytes(text.encode())
    cases: list[tuple[ForgeSettings, dict[str, str]]] = [
        (settings(ForgeKind.GITEA, "https://x.test", file), {}),
        (settings(ForgeKind.GITEA, "https://x.test"), {"THE_TOKEN": text}),
    ]
    for where, environ in cases:
        with pytest.raises(ConfigurationError) as caught:
            read_token(where, environ)
        assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r}"
        assert "next: " in str(caught.value)


def test_an_empty_file_is_no_way_to_skip(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.touch()
    with pytest.raises(ConfigurationError, match="is empty"):
        read_token(settings(ForgeKind.GITEA, "https://x.test", file), {})


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for file in (tmp_path / "none", tmp_path):
        with pytest.raises(ConfigurationError, match="cannot be read") as caught:
            read_token(settings(ForgeKind.GITEA, "https://x.test", file), {})
        assert str(file) in str(caught.value)


def test_a_file_without_end_is_not_read_to_the_end() -> None:
    with pytest.raises(ConfigurationError, match=f"more than {TOKEN_LIMIT} bytes"):
        read_token(settings(ForgeKind.GITEA, "https://x.test", Path("/dev/zero")), {})
