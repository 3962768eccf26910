"""The index over HTTP: asked as pip asks, every odd answer named, and the token kept at home."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import socket
from collections.abc import AsyncIterator, Callable

import pytest
from tests.doubles.index import (
    CLOSE,
    HANG,
    LOGIN,
    RESET,
    TOKEN,
    Answer,
    IndexDouble,
    down,
    login,
    page,
    redirect,
)
from tests.forges.scripted import Server, Waits, in_turn, raw, texts

from tailrace import __version__
from tailrace.index import simple
from tailrace.index.base import (
    FileMissing,
    IndexBadAnswer,
    IndexFailure,
    IndexFile,
    IndexRefused,
    IndexUnreachable,
)
from tailrace.index.simple import ACCEPT, SimpleIndex

WHEEL = "acme_tool-1.2.0-py3-none-any.whl"
BASIC = "Basic " + base64.b64encode(f"__token__:{TOKEN}".encode()).decode()


def client(
    double: IndexDouble,
    waits: Waits | None = None,
    *,
    attempts: int = 1,
    token: str | None = None,
    timeout: float = 5.0,
) -> SimpleIndex:
    sleep = Waits() if waits is None else waits
    url = double.simple_url
    return SimpleIndex(url, token=token, timeout=timeout, attempts=attempts, sleep=sleep)


async def first(index: SimpleIndex) -> IndexFile:
    project = await index.project("Acme.Tool")
    assert project is not None
    return project.files[0]


@pytest.mark.parametrize("html_only", [False, True])
async def test_it_asks_as_pip_does_and_reads_what_it_gets(html_only: bool) -> None:
    async with IndexDouble(html_only=html_only) as double:
        double.add(WHEEL, b"wheel", requires_python=">=3.9", yanked="bad")
        async with client(double) as index:
            file = await first(index)
            got = await index.download(file)
            assert await index.project("other") is None
    asked = double.requests[0]
    assert asked.path == "/simple/acme-tool/"
    assert asked.headers["accept"] == ACCEPT
    assert asked.headers["cache-control"] == "max-age=0"
    assert asked.headers["user-agent"] == f"tailrace/{__version__}"
    assert double.requests[1].headers["accept-encoding"] == "identity"
    digest = hashlib.sha256(b"wheel").hexdigest()
    assert (file.hashes, got.hashes, got.size) == ({"sha256": digest}, {"sha256": digest}, 5)
    assert (file.requires_python, file.yanked, file.yanked_reason) == (">=3.9", True, "bad")
    assert not any("authorization" in got.headers for got in double.requests)


async def test_a_download_is_hashed_by_every_algorithm_that_the_index_names() -> None:
    async with IndexDouble() as double:
        double.add(WHEEL, b"x", hashes={"md5": "1", "shake_128": "2", "mystery": "3"})
        async with client(double) as index:
            got = await index.download(await first(index))
    assert got.hashes == {
        "md5": hashlib.md5(b"x", usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(b"x").hexdigest(),
    }


async def test_a_file_that_says_it_is_packed_is_hashed_as_it_came_and_a_page_is_unpacked() -> None:
    packed = gzip.compress(b"inside")
    async with IndexDouble() as double:
        double.add(WHEEL, packed)
        double.file_answers = [Answer(200, packed, {"content-encoding": "gzip"})]
        text = gzip.compress(f"<a href='/files/{WHEEL}'>x</a>".encode())
        headers = {"content-type": "text/html", "content-encoding": "gzip"}
        double.page_answers = [Answer(200, text, headers)]
        async with client(double) as index:
            got = await index.download(await first(index))
    assert got.hashes["sha256"] == hashlib.sha256(packed).hexdigest()


BAD: list[tuple[Answer, type[IndexFailure], str]] = [
    (login(), IndexBadAnswer, "lists no file of acme-tool ('Sign in'); that is no simple index"),
    (page("<form>"), IndexBadAnswer, "no simple index"),
    (page(b"%PDF", "application/pdf"), IndexBadAnswer, "answers application/pdf"),
    (Answer(200, b"x"), IndexBadAnswer, "without a content type"),
    (Answer(400), IndexBadAnswer, "answered 400 to /simple/acme-tool/"),
    (Answer(204), IndexBadAnswer, "answered 204"),
    (Answer(401), IndexRefused, "answered 401 to /simple/acme-tool/; it wants a token"),
    (Answer(403), IndexRefused, "answered 403"),
    (down(500), IndexUnreachable, "answered 500"),
    (down(503), IndexUnreachable, "answered 503"),
    (down(429), IndexUnreachable, "answered 429"),
    (CLOSE, IndexUnreachable, "the connection broke"),
    (RESET, IndexUnreachable, "the connection broke"),
    (Answer(200, b"<a>", {"content-type": "text/html"}, how="cut"), IndexUnreachable, "broke"),
    (redirect("http://[::1/"), IndexBadAnswer, "an address that is none"),
    (redirect("file:///etc/passwd"), IndexBadAnswer, "an address that is none"),
    (redirect("/simple/acme-tool/"), IndexBadAnswer, "redirects 5 times"),
]


@pytest.mark.parametrize(("answer", "error", "said"), BAD)
async def test_every_odd_answer_has_its_error(
    answer: Answer, error: type[IndexFailure], said: str
) -> None:
    async with IndexDouble() as double:
        double.add(WHEEL)
        double.always_page = answer
        async with client(double) as index:
            with pytest.raises(IndexFailure) as caught:
                await index.project("acme-tool")
    assert type(caught.value) is error
    assert said in str(caught.value)
    assert "\n  next: " in str(caught.value) or "redirects" in said or "address" in said
    # Nothing below of us asks again by itself.
    assert double.reads == (5 if "redirects" in said else 1)


async def test_silence_ends_with_the_time_out() -> None:
    async with IndexDouble() as double:
        double.always_page = HANG
        async with client(double, timeout=0.05) as index:
            with pytest.raises(IndexUnreachable, match=r"no answer in 0\.05 s"):
                await index.project("acme-tool")


async def test_connecting_ends_with_the_time_out_too() -> None:
    with contextlib.ExitStack() as sockets:
        full = sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            # Nobody accepts them, so that the next one is not answered at all.
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        async with SimpleIndex(url, attempts=1, timeout=0.05) as index:
            with pytest.raises(IndexUnreachable, match=r"no answer in 0\.05 s"):
                await index.project("acme-tool")


async def test_it_is_tried_again_and_patience_ends() -> None:
    waits = Waits()
    async with IndexDouble() as double:
        double.add(WHEEL)
        double.page_answers = [down(503), RESET, down(500)]
        async with client(double, waits, attempts=4) as index:
            assert (await first(index)).filename == WHEEL
            assert double.reads == 4
            double.always_page = down(502)
            with pytest.raises(IndexUnreachable):
                await index.project("acme-tool")
    assert double.reads == 8
    assert len(waits) == 6
    for wait, least in zip(waits, (0.5, 1.0, 2.0) * 2, strict=True):
        assert least <= wait <= least + 0.5


@pytest.mark.parametrize(("asked", "waited"), [("7", 7.0), ("0", 0.0), ("86400", 60.0)])
async def test_it_waits_as_long_as_it_is_asked_to(asked: str, waited: float) -> None:
    waits = Waits()
    async with IndexDouble() as double:
        double.add(WHEEL)
        double.page_answers = [down(503, retry_after=asked), down(429, retry_after=asked)]
        async with client(double, waits, attempts=3) as index:
            await first(index)
    assert waits == [waited, waited]


@pytest.mark.parametrize("answer", [login(), Answer(403), Answer(404)])
async def test_what_time_does_not_mend_is_asked_once(answer: Answer) -> None:
    waits = Waits()
    async with IndexDouble() as double:
        double.always_page = answer
        async with client(double, waits, attempts=4) as index:
            if answer.status == 404:
                assert await index.project("acme-tool") is None
            else:
                with pytest.raises(IndexFailure):
                    await index.project("acme-tool")
    assert (double.reads, waits) == (1, [])


def endless(chunk: bytes) -> Callable[[], AsyncIterator[bytes]]:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield chunk

    return chunks


async def test_a_page_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simple, "PAGE_LIMIT", 1_000_000)
    async with IndexDouble() as double:
        double.always_page = Answer(200, endless(b" " * 65536), {"content-type": "text/html"})
        async with client(double) as index:
            with pytest.raises(IndexBadAnswer, match="more than 1,000,000 bytes"):
                await index.project("acme-tool")


async def test_a_page_that_unpacks_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simple, "PAGE_LIMIT", 1_000_000)
    packed = gzip.compress(b" " * 50_000_000)
    headers = {"content-type": "text/html", "content-encoding": "gzip"}
    async with IndexDouble() as double:
        double.always_page = Answer(200, packed, headers)
        async with client(double) as index:
            with pytest.raises(IndexBadAnswer, match="more than 1,000,000 bytes"):
                await index.project("acme-tool")


async def test_a_file_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simple, "FILE_LIMIT", 1_000_000)
    async with IndexDouble() as double:
        double.add(WHEEL)
        double.always_file = Answer(200, endless(b"x" * 65536))
        async with client(double) as index:
            with pytest.raises(IndexBadAnswer, match="more than 1,000,000 bytes"):
                await index.download(await first(index))


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (Answer(404), FileMissing, f"lists {WHEEL}, and 127.0.0.1 answers 404 to it"),
        (Answer(410), FileMissing, "answers 410 to it"),
        (Answer(403), IndexRefused, "answered 403 to /files/"),
        (down(500), IndexUnreachable, "answered 500"),
        (Answer(200, b"cut short", how="cut"), IndexUnreachable, "the connection broke"),
    ],
)
async def test_a_file_that_does_not_come(
    answer: Answer, error: type[IndexFailure], said: str
) -> None:
    async with IndexDouble() as double:
        double.add(WHEEL)
        double.always_file = answer
        async with client(double) as index:
            with pytest.raises(error) as caught:
                await index.download(await first(index))
    assert said in str(caught.value)


@pytest.mark.parametrize("url", ["http://[::1/", "javascript:alert(1)", "file:///etc/passwd", "//"])
async def test_a_file_at_an_address_that_is_none(url: str) -> None:
    async with IndexDouble(private=True) as double, client(double, token=TOKEN) as index:
        file = IndexFile(WHEEL, url, "1.2.0", is_wheel=True, hashes={})
        with pytest.raises(IndexBadAnswer, match="an address that is none"):
            await index.download(file)


# the token


async def test_a_private_index_gets_the_token_for_pages_and_files() -> None:
    async with IndexDouble(private=True) as double:
        double.add(WHEEL)
        async with client(double, token=TOKEN) as index:
            await index.download(await first(index))
    assert [got.headers.get("authorization") for got in double.requests] == [BASIC, BASIC]


async def test_without_a_token_and_with_a_wrong_one() -> None:
    async with IndexDouble(private=True) as double:
        async with client(double) as index:
            with pytest.raises(IndexRefused, match=r"answered 401 .* it wants a token"):
                await index.project("acme-tool")
        async with client(double, token="another-secret") as index:
            with pytest.raises(
                IndexRefused, match=r"answered 403 .* it refuses the token"
            ) as caught:
                await index.project("acme-tool")
    assert "another-secret" not in texts([caught.value])
    encoded = base64.b64encode(b"__token__:another-secret").decode()
    assert encoded not in texts([caught.value])


async def test_a_redirect_to_another_origin_does_not_get_the_token() -> None:
    async with IndexDouble() as other, IndexDouble(private=True) as double:
        other.add(WHEEL)
        double.add(WHEEL)
        double.page_answers = [redirect(other.simple_url + "acme-tool/")]
        double.file_answers = [redirect(f"{other.url}/files/{WHEEL}", 307)]
        async with client(double, token=TOKEN) as index:
            assert (await first(index)).url == f"{other.url}/files/{WHEEL}"
            ours = IndexFile(WHEEL, f"{double.url}/files/{WHEEL}", "1.2.0", True, {})
            await index.download(ours)
    assert [got.headers.get("authorization") for got in double.requests] == [BASIC, BASIC]
    assert len(other.requests) == 2
    assert not any("authorization" in got.headers for got in other.requests)


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/zip"])
async def test_an_address_that_was_signed_is_not_printed_whole(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(simple, "PAGE_LIMIT", 1_000)
    large = {"text/html": LOGIN, "text/plain": LOGIN, "application/zip": b"x" * 2_000}[kind]
    async with IndexDouble() as double:
        signed = f"{double.simple_url}acme-tool/?X-Signature=s-ecret#s-ecret"
        away = signed.replace("://", "://me:s-ecret@")
        double.page_answers = [redirect(away), Answer(200, large, {"content-type": kind})]
        async with client(double) as index:
            with pytest.raises(IndexBadAnswer) as caught:
                await index.project("acme-tool")
            assert f"{double.simple_url}acme-tool/: " in str(caught.value)
            assert "s-ecret" not in str(caught.value)
            file = IndexFile(WHEEL, "gopher://me:s-ecret@h/x?k=s-ecret", "1.2.0", True, {})
            with pytest.raises(IndexBadAnswer, match="gopher://h/x") as caught:
                await index.download(file)
    assert "s-ecret" not in str(caught.value)


async def test_a_file_on_another_host_does_not_get_the_token_and_may_refuse() -> None:
    async with IndexDouble() as store, IndexDouble(private=True) as double:
        double.add(WHEEL, url=f"{store.url}/files/{WHEEL}")
        store.add(WHEEL)
        # A store answers so to what it does not have.
        store.file_answers = [Answer(403)]
        async with client(double, token=TOKEN) as index:
            file = await first(index)
            with pytest.raises(FileMissing, match=r"127\.0\.0\.1 answers 403 to it"):
                await index.download(file)
            assert (await index.download(file)).size == 7
    assert not any("authorization" in got.headers for got in store.requests)


async def test_the_same_origin_in_other_letters_gets_the_token() -> None:
    async with IndexDouble(private=True) as double:
        double.add(WHEEL, url=f"{double.url.replace('http', 'HTTP')}/files/{WHEEL}")
        async with client(double, token=TOKEN) as index:
            assert (await index.download(await first(index))).size == 7


async def test_errors_of_the_connection_do_not_hold_the_token() -> None:
    async with IndexDouble(private=True) as double:
        for answer in (CLOSE, redirect("http://[::1/"), redirect("/simple/acme-tool/")):
            double.always_page = answer
            async with client(double, token=TOKEN) as index:
                with pytest.raises(IndexFailure) as caught:
                    await index.project("acme-tool")
            said = texts([caught.value])
            assert TOKEN not in said
            assert BASIC not in said


# what surrounds it


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"<a href='/files/{WHEEL}'>x</a>".encode()
    async with Server(in_turn(raw(200, text, content_type="text/html"))) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        async with SimpleIndex("http://index.example.test/simple", attempts=1) as index:
            file = await first(index)
            await index.download(file)
    assert [got.path for got in proxy.got] == [
        "http://index.example.test/simple/acme-tool/",
        f"http://index.example.test/files/{WHEEL}",
    ]


async def test_a_dead_proxy_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://me:proxy-pass@127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    async with SimpleIndex("http://index.example.test/simple", attempts=1) as index:
        with pytest.raises(IndexUnreachable, match="cannot connect") as caught:
            await index.project("acme-tool")
    assert "proxy-pass" not in texts([caught.value])


async def test_outside_of_its_context_it_says_how_to_use_it() -> None:
    index = SimpleIndex("http://127.0.0.1:1/")
    with pytest.raises(RuntimeError, match="async context manager"):
        await index.project("acme-tool")
