"""The simple repository API over HTTP (PEP 503, 592, 629, 691), asked as pip asks it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import unquote, urlsplit

import aiohttp
from packaging.utils import canonicalize_name
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter
from yarl import URL

from tailrace import __version__
from tailrace.index.base import (
    Download,
    FileMissing,
    IndexBadAnswer,
    IndexFailure,
    IndexFile,
    IndexRefused,
    IndexUnreachable,
    Project,
)
from tailrace.index.page import project_of
from tailrace.wire import bare, once, proxy_of, retry_after, shown

T = TypeVar("T")

#: pip's own (pip, "index/collector.py"); an index may serve others something else.
ACCEPT = (
    "application/vnd.pypi.simple.v1+json,"
    " application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
)
#: A project of 20,000 files is about 12 MiB of JSON.
PAGE_LIMIT = 32 * 1024 * 1024
#: No file of a package that a fleet builds from comes near this.
FILE_LIMIT = 4 * 1024 * 1024 * 1024

_CHUNK = 256 * 1024
_MOST_REDIRECTS = 5


class SimpleIndex:
    """One index. The token goes to its own origin and nowhere else, and only where it must."""

    def __init__(
        self,
        url: str,
        *,
        username: str = "__token__",
        token: str | None = None,
        timeout: float = 30.0,
        attempts: int = 4,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.url = url.rstrip("/") + "/"
        self._auth = None if token is None else aiohttp.encode_basic_auth(username, token, "utf-8")
        self._timeout = timeout
        self._attempts = attempts
        self._sleep = sleep
        self._pages: aiohttp.ClientSession | None = None
        self._files: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._pages = self._open(unpack=True)
        # As pip: what is compressed on the way stays so, or a hash would be another's.
        self._files = self._open(unpack=False)
        return self

    def _open(self, *, unpack: bool) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            auto_decompress=unpack,
            headers={"User-Agent": f"tailrace/{__version__}"},
            timeout=aiohttp.ClientTimeout(total=None, sock_read=self._timeout),
            # A connection each: an index behind several nodes must not answer from one only.
            connector=aiohttp.TCPConnector(force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(once,),
        )

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for session in (self._pages, self._files):
            if session is not None:
                await session.close()
        self._pages = self._files = None

    async def project(self, package: str) -> Project | None:
        url = f"{self.url}{canonicalize_name(package)}/"

        async def read(response: aiohttp.ClientResponse) -> Project | None:
            if response.status == HTTPStatus.NOT_FOUND:
                return None
            self._check(response)
            body = await _bounded(response)
            kind = response.headers.get("content-type", "")
            return project_of(package, str(response.url), kind, body)

        # Not from a cache on the way, as pip asks for it.
        headers = {"Accept": ACCEPT, "Cache-Control": "max-age=0"}
        session = self._opened(self._pages)
        return await self._again(lambda: self._get(session, url, headers, self._timeout, read))

    async def download(self, file: IndexFile) -> Download:
        async def read(response: aiohttp.ClientResponse) -> Download:
            self._check_file(response, file)
            names = {"sha256", *(name for name in file.hashes if name in _ALGORITHMS)}
            digests = {name: hashlib.new(name, usedforsecurity=False) for name in names}
            size = 0
            async for chunk in response.content.iter_chunked(_CHUNK):
                size += len(chunk)
                if size > FILE_LIMIT:
                    raise IndexBadAnswer(f"{file.filename}: more than {FILE_LIMIT:,} bytes")
                for digest in digests.values():
                    digest.update(chunk)
            return Download(size, {name: digest.hexdigest() for name, digest in digests.items()})

        # As pip: the bytes themselves, not compressed on the way.
        headers = {"Accept-Encoding": "identity"}
        session, wait = self._opened(self._files), 20 * self._timeout
        return await self._again(lambda: self._get(session, file.url, headers, wait, read))

    @staticmethod
    def _opened(session: aiohttp.ClientSession | None) -> aiohttp.ClientSession:
        if session is None:
            raise RuntimeError("use the index as an async context manager")
        return session

    async def _again(self, call: Callable[[], Awaitable[T]]) -> T:
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(IndexUnreachable),
            stop=stop_after_attempt(self._attempts),
            wait=_pause,
            sleep=self._sleep,
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                return await call()
        raise AssertionError("unreachable: reraise is set")  # pragma: no cover

    async def _get(
        self,
        session: aiohttp.ClientSession,
        url: str,
        headers: dict[str, str],
        deadline: float,
        read: Callable[[aiohttp.ClientResponse], Awaitable[T]],
    ) -> T:
        trouble: IndexFailure
        try:
            if self._auth is not None and _origin(url) == _origin(self.url):
                # aiohttp takes it off again at a redirect to another origin.
                headers = {**headers, "Authorization": self._auth}
            async with (
                asyncio.timeout(deadline),
                session.get(
                    URL(url, encoded=True),
                    headers=headers,
                    max_redirects=_MOST_REDIRECTS,
                    proxy=proxy_of(url),
                ) as response,
            ):
                return await read(response)
        except aiohttp.ServerTimeoutError:
            trouble = self._unreachable(f"no answer in {self._timeout:g} s")
        except TimeoutError:
            trouble = self._unreachable(f"no answer in {deadline:g} s")
        except aiohttp.TooManyRedirects:
            trouble = IndexBadAnswer(f"{self.url}: redirects {_MOST_REDIRECTS} times and more")
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError):
            trouble = IndexBadAnswer(f"{self.url}: an address that is none: {shown(bare(url), 99)}")
        except aiohttp.ClientConnectorError as error:
            trouble = self._unreachable(f"cannot connect ({shown(error.os_error.strerror or '')})")
        except (aiohttp.ClientError, OSError) as error:
            trouble = self._unreachable(f"the connection broke ({type(error).__name__})")
        # Outside of the handlers: aiohttp's errors hold the request's headers, so the token.
        raise trouble

    def _check(self, response: aiohttp.ClientResponse) -> None:
        status = response.status
        what = f"{self.url}: answered {status} to {shown(unquote(response.url.path), 100)}"
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            has = "refuses the token" if self._auth else "wants a token"
            raise IndexRefused(
                f"{what}; it {has}"
                "\n  next: set `private = true` in [index], and its token in the environment"
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            step = "next: is the index up? then run this again"
            raise IndexUnreachable(f"{what}\n  {step}", retry_after(response.headers))
        if status != HTTPStatus.OK:
            raise IndexBadAnswer(f"{what}\n  next: correct `url` in [index]")

    def _check_file(self, response: aiohttp.ClientResponse, file: IndexFile) -> None:
        """As a page's, but a file that is not there may be there on the next node."""
        status = response.status
        ours = _origin(str(response.url)) == _origin(self.url)
        # A store of files refuses what it does not have: S3 does.
        refused = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) and not ours
        if refused or status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            host = shown(response.url.host or "", 80)
            raise FileMissing(f"lists {file.filename}, and {host} answers {status} to it")
        self._check(response)

    def _unreachable(self, why: str) -> IndexUnreachable:
        return IndexUnreachable(f"{self.url}: {why}\n  next: is the index up? then run this again")


#: Those of hashlib that have a digest of one length, so that it can be compared.
_ALGORITHMS = hashlib.algorithms_guaranteed - {"shake_128", "shake_256"}


_BACKOFF = wait_exponential_jitter(multiplier=0.5, max=8.0, jitter=0.5)
#: Seconds that an index may ask to wait for, at most.
_LONGEST_WAIT = 60.0


def _pause(state: RetryCallState) -> float:
    """What the index asks for, else longer each time."""
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.after if isinstance(error, IndexUnreachable) else None
    return _BACKOFF(state) if asked is None else min(asked, _LONGEST_WAIT)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Raises ValueError for an address that is none."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > PAGE_LIMIT:
            raise IndexBadAnswer(f"{bare(str(response.url))}: more than {PAGE_LIMIT:,} bytes")
    return bytes(body)
