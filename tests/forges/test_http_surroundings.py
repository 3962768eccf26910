"""The transport and what surrounds it: ~/.netrc, proxies, a forge that is down or echoes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.forges.scripted import RESET, TOKEN, Server, in_turn, json, raw
from tests.forges.test_http import OK, line

from tailrace.forges.answers import Rejected
from tailrace.forges.base import AnswerLost, Unreachable
from tailrace.forges.http import ANSWER_LIMIT, Patience, Transport


async def no_wait(seconds: float) -> None:
    """The injected sleep."""


async def test_a_netrc_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with line(OK) as to:
        await to.get()
    assert to.server.got[0].headers["authorization"] == f"token {TOKEN}"


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server(in_turn(OK)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        transport = Transport(
            "http://git.example.test/api", authorization=None, concurrency=1, timeout=5
        )
        async with transport:
            assert await transport.get("/x", dict) == {"a": 1}
        assert proxy.got[0].path == "http://git.example.test/api/x"


async def test_what_no_proxy_names_is_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    async with line(OK) as to:
        assert await to.get() == {"a": 1}


async def test_a_forge_that_echoes_the_token_does_not_get_it_into_a_message() -> None:
    async with line(json(404, {"message": f"no user for {TOKEN}"})) as to:
        with pytest.raises(Rejected) as caught:
            await to.get()
    assert caught.value.message == "no user for [secret]"


async def test_a_token_that_straddles_the_cut_of_a_message_is_found_as_well() -> None:
    async with line(json(404, {"message": "x" * 220 + TOKEN})) as to:
        with pytest.raises(Rejected) as caught:
            await to.get()
    assert TOKEN[:10] not in caught.value.message


async def test_a_proxys_password_is_in_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server(in_turn(raw(407, b"no"))) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("://", "://user:pr0xypass@"))
        monkeypatch.setenv("no_proxy", "")
        transport = Transport(
            "https://git.example.test/api",
            authorization=None,
            concurrency=1,
            timeout=5,
            patience=Patience(attempts=1),
        )
        async with transport:
            with pytest.raises(Unreachable) as caught:
                await transport.get("/x", dict)
    assert "pr0xypass" not in str(caught.value)


async def test_a_name_that_no_resolver_takes_is_an_error_of_the_forge() -> None:
    transport = Transport(
        "http://git..example.test",
        authorization=None,
        concurrency=1,
        timeout=5,
        patience=Patience(attempts=1),
    )
    async with transport:
        with pytest.raises(Unreachable):
            await transport.get("/x", dict)


async def test_a_write_with_an_answer_without_end_may_have_been_done() -> None:
    async with line(raw(200, b" " * (ANSWER_LIMIT + 1))) as to:
        with pytest.raises(AnswerLost):
            await to.send()
    assert len(to.server.got) == 1


async def test_a_redirect_to_nowhere_is_not_followed_to_itself() -> None:
    from tailrace.forges.base import BadAnswer

    async with line(raw(302, b"")) as to:
        with pytest.raises(BadAnswer, match="not followed"):
            await to.get()


async def test_a_forge_that_never_answers_is_soon_not_asked_any_more() -> None:
    async with Server(in_turn(RESET)) as server:
        transport = Transport(
            f"{server.url}/api",
            authorization=None,
            concurrency=1,
            timeout=5,
            patience=Patience(attempts=2),
            sleep=no_wait,
        )
        async with transport:
            for _ in range(10):
                with pytest.raises(Unreachable, match="next: is the forge up"):
                    await transport.get("/x", dict)
        assert transport.calls == 3 * 2


async def test_one_answer_in_between_and_it_is_asked_again() -> None:
    async with Server(in_turn(RESET)) as server:
        transport = Transport(
            f"{server.url}/api",
            authorization=None,
            concurrency=1,
            timeout=5,
            patience=Patience(attempts=1),
            sleep=no_wait,
        )
        async with transport:
            for _ in range(5):
                server.script = in_turn(RESET)
                for _ in range(2):
                    with pytest.raises(Unreachable):
                        await transport.get("/x", dict)
                server.script = in_turn(OK)
                assert await transport.get("/x", dict) == {"a": 1}
