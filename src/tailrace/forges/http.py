"""The HTTP transport of the adapters: deadlines, bounded answers, retries, and where a token goes.

Reads are retried. A write is repeated only where it provably was not carried out; where it may
have been, `AnswerLost` says so and the caller reads back first.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter
from yarl import URL

from tailrace import __version__
from tailrace.forges.answers import (
    Answer,
    Redirected,
    Rejected,
    complaint,
)
from tailrace.forges.base import AnswerLost, BadAnswer, ForgeError, RateLimited, Unreachable
from tailrace.forges.breaker import Breaker
from tailrace.forges.limiter import Limiter
from tailrace.wire import once, proxy_of, retry_after, shown

T = TypeVar("T")

#: More than this is read of no answer: a page of a tree listing is about 0.4 MiB.
ANSWER_LIMIT = 8 * 1024 * 1024

#: After so many patient calls' worth of attempts in a row without any answer, a forge is down.
_DEAD_AFTER = 3

_READS = frozenset({"GET", "HEAD"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRANSIENT = frozenset({408, 425, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call is tried again."""

    attempts: int = 5
    #: Seconds before the second attempt, doubled each time, with jitter.
    first: float = 0.25
    most: float = 8.0
    #: A Retry-After beyond this many seconds is not waited for.
    longest_retry_after: float = 90.0


class _Transient(Exception):
    """An attempt that may go better the next time."""

    def __init__(
        self,
        why: str,
        retry_after: float | None = None,
        *,
        limited: bool = False,
    ):
        super().__init__(why)
        self.retry_after = retry_after
        self.limited = limited


class Transport:
    """Calls to one forge. ``token`` is sent to that forge's own origin and nowhere else."""

    def __init__(
        self,
        url: str,
        *,
        authorization: str | None,
        concurrency: int,
        timeout: float,
        patience: Patience = Patience(),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.calls = 0
        self.authenticated = authorization is not None
        self._proxy = proxy_of(self.url)
        proxy_password = urlsplit(self._proxy or "").password
        secrets = ((authorization or "").rpartition(" ")[2], proxy_password or "")
        self._secrets = [secret for secret in secrets if secret]
        self._prefix = urlsplit(self.url).path
        self._origin = URL(self.url).origin()
        self._headers = {"User-Agent": f"tailrace/{__version__}", **(headers or {})}
        if authorization is not None:
            self._headers["Authorization"] = authorization
        self._concurrency = concurrency
        self.limiter = Limiter(concurrency, clock)
        self._clock = clock
        self._timeout = timeout
        self._patience = patience
        self._sleep = sleep
        self._session: aiohttp.ClientSession | None = None
        self._breaker = Breaker(_DEAD_AFTER * patience.attempts, clock)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            connector=aiohttp.TCPConnector(limit=self._concurrency),
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=self._proxy,
            middlewares=(once,),
            max_line_size=16 * 1024,
            max_field_size=16 * 1024,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(
        self, path: str, shape: type[T], query: Mapping[str, str | int] | None = None
    ) -> T:
        """The decoded answer to a GET. Raises `Rejected`, `Redirected` or a `ForgeError`."""
        return (await self.get_page(path, shape, query))[0]

    async def get_page(
        self, path: str, shape: type[T], query: Mapping[str, str | int] | None = None
    ) -> tuple[T, Mapping[str, str]]:
        """Like `get`, with the answer's headers (names in lower case), for paging."""
        return await self._call("GET", path, shape, query, None)

    async def send(self, method: str, path: str, body: object, shape: type[T]) -> T:
        """The decoded answer to a write. Raises `AnswerLost` where it may have been carried out."""
        return (await self._call(method, path, shape, None, body))[0]

    async def _call(
        self,
        method: str,
        path: str,
        shape: type[T],
        query: Mapping[str, str | int] | None,
        body: object,
    ) -> tuple[T, Mapping[str, str]]:
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_Transient),
            stop=stop_after_attempt(self._patience.attempts),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        # A call that was told to wait does so by itself; this is for all others.
        await self.limiter.until_pause_is_over(self._sleep)
        try:
            async for attempt in retrying:
                with attempt:
                    return await self._attempt(method, path, shape, query, body)
        except _Transient as error:
            if error.limited:
                raise RateLimited(
                    f"{self.url}: {error}\n  on {method} {path}"
                    "\n  next: run it again later, or lower `concurrency`"
                ) from error
            raise Unreachable(
                f"{self.url}: {error} (tried {self._patience.attempts} times)"
                f"\n  on {method} {path}"
                "\n  next: is the forge up? then run the same command again"
            ) from error
        raise AssertionError("unreachable: reraise is set")  # pragma: no cover

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _Transient) and error.retry_after is not None:
            return error.retry_after
        jittered = wait_exponential_jitter(
            multiplier=self._patience.first, max=self._patience.most, jitter=self._patience.first
        )
        return float(jittered(state))

    async def _attempt(
        self,
        method: str,
        path: str,
        shape: type[T],
        query: Mapping[str, str | int] | None,
        body: object,
    ) -> tuple[T, Mapping[str, str]]:
        reading = method in _READS
        answer = await self._exchange(method, path, query, body, second_try_on_401=True)
        if not answer.body and shape is type(None):
            return None, answer.headers
        try:
            return msgspec.json.decode(answer.body, type=shape), answer.headers
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            what = f"{answer.status} with a body that is not this API's ({shown(str(error))})"
            if reading:
                raise _Transient(what) from error
            raise AnswerLost(f"{method} {self.url}{path}: {what}") from error

    async def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        body: object,
        *,
        second_try_on_401: bool,
    ) -> Answer:
        self._breaker.check(self.url)
        answer = await self._transfer(method, path, query, body)
        self._breaker.answered(well=answer.status < HTTPStatus.MULTIPLE_CHOICES)
        if answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        if answer.status in _REDIRECTS:
            raise self._redirected(answer, path)
        rejected = Rejected(answer.status, self._message(answer))
        limited = answer.status == HTTPStatus.TOO_MANY_REQUESTS or (
            answer.status == HTTPStatus.FORBIDDEN
            and (
                "retry-after" in answer.headers
                or answer.headers.get("x-ratelimit-remaining") == "0"
            )
        )
        if limited:
            # Both are answered before anything is done, so a write may be repeated as well.
            raise self._slow_down(answer, limited=True)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            if self._breaker.answered_well and second_try_on_401:
                # The contract: a 401 in a run that began with good answers is worth one retry.
                return await self._exchange(method, path, query, body, second_try_on_401=False)
            if not self._breaker.answered_well:
                # No call of this run can succeed: do not have the forge lock the account.
                self._breaker.refused(rejected.message)
        if method in _READS and answer.status in _TRANSIENT:
            raise self._slow_down(answer, limited=False)
        raise rejected

    async def _transfer(
        self, method: str, path: str, query: Mapping[str, str | int] | None, body: object
    ) -> Answer:
        if self._session is None:
            raise RuntimeError("use the forge as an async context manager")
        url = URL(self.url + path, encoded=True)
        if query:
            url = url.update_query({key: str(value) for key, value in query.items()})
        data = None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": "application/json"} if data is not None else None
        trouble: Exception
        async with self.limiter.slot(self._sleep):
            self.calls += 1
            started = self._clock()
            try:
                async with self._session.request(
                    method, url, data=data, headers=headers, allow_redirects=False
                ) as response:
                    answer = Answer(
                        response.status,
                        {name.lower(): value for name, value in response.headers.items()},
                        await self._bounded(response),
                    )
                    if response.ok:
                        # A refusal is quick, and says nothing of how long the work takes.
                        self.limiter.answered(_kind(method), self._clock() - started)
                    return answer
            except aiohttp.ClientSSLError as error:
                why = _tls(error)
                trouble = Unreachable(
                    f"{self.url}: no trust in its TLS ({why})"
                    "\n  next: correct `url`, or have this machine trust its certificate"
                )
            except aiohttp.ClientConnectorError as error:
                # Nothing was sent, so a write may be repeated as well.
                number = error.os_error.errno or 0
                # Below zero are the resolver's own numbers, with words of their own.
                why = os.strerror(number) if number > 0 else error.os_error.strerror or "no route"
                self._breaker.unanswered()
                trouble = _Transient(f"cannot connect ({shown(why)})")
            except TimeoutError:
                trouble = self._lost(method, path, f"no answer in {self._timeout:g} s")
            except (aiohttp.ClientError, OSError, UnicodeError) as error:
                why = f"the connection broke ({self._clean(_said(error))})"
                trouble = self._lost(method, path, why)
        # Outside of the handlers: aiohttp's errors hold the request's headers, so the token.
        raise trouble

    async def _bounded(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_chunked(64 * 1024):
            body += chunk
            if len(body) > ANSWER_LIMIT:
                what = f"{response.method} {response.url}: more than {ANSWER_LIMIT:,} bytes"
                reading = response.method in _READS
                raise BadAnswer(what) if reading else AnswerLost(f"{what}; it may have been done")
        return bytes(body)

    def _lost(self, method: str, path: str, why: str) -> Exception:
        self.limiter.pressed()
        self._breaker.unanswered()
        if method in _READS:
            return _Transient(why)
        return AnswerLost(f"{method} {self.url}{path}: {why}; it may or may not have been done")

    def _slow_down(self, answer: Answer, *, limited: bool) -> Exception:
        wait = retry_after(answer.headers)
        if limited or answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            brief = wait is not None and wait <= self._patience.longest_retry_after
            self.limiter.pressed(wait if brief else None)
        message = self._message(answer)
        if wait is not None and wait > self._patience.longest_retry_after:
            return RateLimited(
                f"{self.url}: asks to wait {wait:.0f} s ({answer.status} {message})"
                "\n  next: run the same command again after that"
            )
        return _Transient(f"{answer.status} {message}", wait, limited=limited)

    def _message(self, answer: Answer) -> str:
        """What the forge says of an error, safe to print, and without the token if it echoes it."""
        return self._clean(complaint(answer))

    def _clean(self, text: str) -> str:
        """Safe to print, and without any secret of ours in it."""
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return shown(text)

    def _redirected(self, answer: Answer, path: str) -> Exception:
        location = answer.headers.get("location", "")
        try:
            target = URL(self.url + path, encoded=True).join(URL(location, encoded=True))
            same = target.origin() == self._origin
        except ValueError:
            return _bad_redirect(self.url, location)
        raw = target.raw_path
        if not location or not same or not raw.startswith(self._prefix + "/"):
            return _bad_redirect(self.url, location)
        return Redirected(raw[len(self._prefix) :])


def _kind(method: str) -> str:
    return "read" if method in _READS else "write"


def _bad_redirect(url: str, location: str) -> ForgeError:
    return BadAnswer(
        f"{url}: redirects to {shown(location)}, which is not this forge; not followed,"
        "\n  and the token was not sent there"
        "\n  next: put the forge's own URL into the fleet file"
    )


def _said(error: Exception) -> str:
    """An error's own words; those of aiohttp's answers would repeat a proxy's address."""
    if isinstance(error, aiohttp.ClientResponseError):
        return f"{error.status} {error.message}"
    return str(error) or type(error).__name__


def _tls(error: aiohttp.ClientSSLError) -> str:
    inner = (
        error.certificate_error
        if isinstance(error, aiohttp.ClientConnectorCertificateError)
        else error.os_error
    )
    return shown(getattr(inner, "verify_message", "") or getattr(inner, "reason", "") or "failed")
