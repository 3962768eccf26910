"""Trusted publishing: the runner's identity for a token, against an index that offers it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from tests.conformance.worlds import no_wait
from tests.doubles.index import HANG, TOKEN, Answer, IndexDouble, login
from tests.publish.bench import RELEASE
from tests.publish.sources import write_artifacts

from tailrace.errors import ConfigurationError, ExitCode, NotPublished
from tailrace.index.base import IndexUnreachable
from tailrace.index.simple import SimpleIndex
from tailrace.publish import oidc
from tailrace.publish.checkout import Checkout
from tailrace.publish.run import Publisher
from tailrace.publish.upload import Credentials
from tailrace.settings import IndexSettings, PublishSettings


@pytest.fixture
async def double(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[IndexDouble]:
    """An index that trusts this run, and the runner's variables."""
    async with IndexDouble() as index:
        index.trust("double")
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", index.runner_url)
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", index.runner_token)
        yield index


def offered(double: IndexDouble) -> dict[str, str]:
    return {"ACTIONS_ID_TOKEN_REQUEST_URL": double.runner_url}


def publisher(double: IndexDouble, token: str | None, environ: dict[str, str]) -> Publisher:
    return Publisher(
        release=RELEASE,
        settings=PublishSettings(),
        index_settings=IndexSettings(url=double.simple_url, upload_url=double.upload_url),
        index=SimpleIndex(double.simple_url, sleep=no_wait),
        checkout=Checkout(),
        claims=None,
        token=token,
        environ=environ,
        watch=lambda _: None,
    )


@pytest.mark.parametrize(
    ("environ", "is_offered"),
    [
        ({}, False),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": ""}, False),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "https://runner.test"}, True),
        ({"PYPI_ID_TOKEN": "e.y.j"}, True),
    ],
)
def test_whether_a_runner_offers_an_identity(environ: dict[str, str], is_offered: bool) -> None:
    assert oidc.is_offered(environ) is is_offered


async def test_an_identity_is_taken_for_a_token(double: IndexDouble) -> None:
    assert await oidc.mint(double.upload_url) == double.minted
    ours = [(got.method, got.path.partition("?")[0]) for got in double.requests]
    assert ours == [
        ("GET", "/_/oidc/audience"),
        ("GET", "/runner-token"),
        ("POST", "/_/oidc/mint-token"),
    ]
    # The runner's own secret goes to the runner only.
    for got in double.requests:
        assert (double.runner_token in str(got.headers)) is got.path.startswith("/runner-token")


async def test_an_index_without_trusted_publishing_has_no_token_of_that_kind(
    double: IndexDouble,
) -> None:
    double.audience = None
    assert await oidc.mint(double.upload_url) is None
    assert not double.asked("GET", "/runner-token")


async def test_a_run_that_is_not_trusted_is_told_so(double: IndexDouble) -> None:
    double.refuse("invalid-publisher", "valid token, but no corresponding publisher")
    with pytest.raises(NotPublished, match="does not trust this run") as raised:
        await oidc.mint(double.upload_url)
    assert "no corresponding publisher" in str(raised.value)
    assert double.identity not in str(raised.value)
    assert raised.value.exit_code == ExitCode.NOT_CONVERGED


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"{}"),
        Answer(200, b'{"success": true, "token": ""}'),
        Answer(200, b'{"token": 7}'),
        Answer(500, b'{"token": "x"}'),
        login(),
        Answer(302, b"", {"location": "/login"}),
    ],
)
async def test_an_answer_without_a_token_is_no_token(double: IndexDouble, answer: Answer) -> None:
    double.mint_answer = answer
    with pytest.raises(NotPublished, match="does not trust this run"):
        await oidc.mint(double.upload_url)


async def test_a_runner_that_refuses_is_named(
    double: IndexDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "another")
    with pytest.raises(NotPublished, match="the runner gives no identity") as raised:
        await oidc.mint(double.upload_url)
    assert "id-token: write" in str(raised.value)


async def test_an_index_that_does_not_answer_is_unreachable(
    double: IndexDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "_TIMEOUT", 0.2)
    double.audience_answer = HANG
    with pytest.raises(IndexUnreachable):
        await oidc.mint(double.upload_url)
    with pytest.raises(IndexUnreachable):
        await oidc.mint("http://127.0.0.1:9/legacy/")


async def test_an_answer_in_pieces_is_read_to_its_end(
    double: IndexDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = asyncio.Event()
    read = aiohttp.StreamReader.read

    async def reading(reader: aiohttp.StreamReader, most: int = -1) -> bytes:
        part = await read(reader, most)
        taken.set()
        return part

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"success": true,', b' "token": ', b'"pypi-in-pieces"}'):
            yield piece
            # The next one only when this one was taken, so that each comes alone.
            async with asyncio.timeout(5):
                await taken.wait()
            taken.clear()

    monkeypatch.setattr(aiohttp.StreamReader, "read", reading)
    double.mint_answer = Answer(200, pieces)
    assert await oidc.mint(double.upload_url) == "pypi-in-pieces"


async def test_which_credentials_a_publish_takes(double: IndexDouble) -> None:
    here = offered(double)
    minted = Credentials("__token__", double.minted)
    assert await publisher(double, None, here)._credentials() == minted
    assert await publisher(double, TOKEN, here)._credentials() == minted
    own = Credentials("__token__", TOKEN)
    assert await publisher(double, TOKEN, {})._credentials() == own
    assert await publisher(double, None, {"TWINE_PASSWORD": "x"})._credentials() is None
    double.audience = None
    assert await publisher(double, TOKEN, here)._credentials() == own
    with pytest.raises(ConfigurationError, match="TAILRACE_INDEX_TOKEN is not set"):
        await publisher(double, None, here)._credentials()


@pytest.mark.parametrize("answer", [login(), Answer(302, b"", {"location": "/"}), Answer(401)])
async def test_a_login_page_for_an_audience_leaves_the_token(
    double: IndexDouble, answer: Answer
) -> None:
    double.audience_answer = answer
    here = offered(double)
    assert await publisher(double, TOKEN, here)._credentials() == Credentials("__token__", TOKEN)
    with pytest.raises(NotPublished, match="question for its audience"):
        await publisher(double, None, here)._credentials()


async def test_a_minted_token_uploads(double: IndexDouble, tmp_path: Path) -> None:
    files = tuple(write_artifacts(tmp_path)[:1])
    run = publisher(double, None, {**offered(double), "PATH": "/usr/bin:/bin"})
    async with SimpleIndex(double.simple_url, sleep=no_wait):
        await run._upload(files, await run._credentials())
    assert list(double.files) == [files[0].path.name]
