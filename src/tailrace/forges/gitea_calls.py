"""Gitea's calls with renames followed, listings paged and errors given their meaning."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sized
from typing import TypeVar
from urllib.parse import quote

from tailrace.forges import gitea_answers as answers
from tailrace.forges.answers import Redirected, Rejected
from tailrace.forges.base import BadAnswer, Renamed, Repository
from tailrace.forges.gitea_errors import meaning, meaning_of_write
from tailrace.forges.names import check
from tailrace.forges.session import HttpForge
from tailrace.model import RepositoryName
from tailrace.wire import is_number

T = TypeVar("T")
S = TypeVar("S", bound=Sized)

#: A page of a listing; the server's own maximum is usually 50 (contract: silently capped).
PAGE = 50
#: 10,000 repositories in pages of 50 and more: past this a listing has no end.
_MOST_PAGES = 2_000
_HOPS = 3


class GiteaCalls(HttpForge):
    """Reads and writes that raise `ForgeError`, and nothing else."""

    async def _get_or_none(self, name: RepositoryName, path: str, shape: type[T]) -> T | None:
        """What is below a repository; None only where the repository itself can be read."""
        try:
            return await self._http.get(path, shape)
        except Rejected as error:
            if error.status != 404:
                raise self._meaning(error, str(name)) from error
            await self._repository_followed(name)
            return None
        except Redirected as error:
            raise self._renamed(name, error) from error

    async def _get(self, path: str, shape: type[T]) -> T:
        try:
            return await self._http.get(path, shape)
        except Rejected as error:
            raise self._meaning(error, self._http.url) from error
        except Redirected as error:
            raise self._lost_way(self._http.url, error) from error

    async def _pages(
        self, path: str, shape: type[S], what: str, query: Mapping[str, str] | None = None
    ) -> AsyncIterator[S]:
        """The pages of a listing, until an empty one or X-Total-Count is reached."""
        seen = 0
        for number in range(1, _MOST_PAGES + 1):
            wanted: dict[str, str | int] = {**(query or {}), "limit": PAGE, "page": number}
            try:
                page, headers = await self._http.get_page(path, shape, wanted)
            except Rejected as error:
                raise self._meaning(error, what) from error
            except Redirected as error:
                raise self._lost_way(what, error) from error
            if len(page) == 0:
                return
            yield page
            seen += len(page)
            total = headers.get("x-total-count", "")
            if is_number(total) and seen >= int(total):
                return
        raise BadAnswer(f"{what}: a listing of more than {_MOST_PAGES} pages")

    async def _write(
        self, name: RepositoryName, method: str, path: str, body: object, shape: type[T]
    ) -> T:
        try:
            return await self._http.send(method, path, body, shape)
        except Rejected as error:
            authenticated = self._http.authenticated
            raise meaning_of_write(error, str(name), authenticated=authenticated) from error
        except Redirected as error:
            raise self._renamed(name, error) from error

    async def _read(
        self,
        name: RepositoryName,
        suffix: str,
        shape: type[T],
        query: Mapping[str, str | int] | None = None,
    ) -> tuple[RepositoryName, T]:
        """A GET below a repository that follows renames, with the name that answered."""
        where = name
        for _ in range(_HOPS):
            try:
                return where, await self._http.get(path_of(where) + suffix, shape, query)
            except Redirected as error:
                where = self._renamed(where, error).to
        raise BadAnswer(f"{name}: renamed in a circle")

    async def _repository_followed(self, name: RepositoryName) -> Repository:
        try:
            _, answer = await self._read(name, "", answers.Repository)
        except Rejected as error:
            raise self._meaning(error, str(name)) from error
        return answer.facts()

    def _renamed(self, name: RepositoryName, error: Redirected) -> Renamed:
        parts = error.path.split("?")[0].split("/")
        if len(parts) < 4 or parts[1] != "repos" or not parts[2] or not parts[3]:
            raise self._lost_way(str(name), error) from error
        to = RepositoryName(parts[2], parts[3])
        return Renamed(
            f"{name}: is now {to}\n  next: change `repo` in the fleet file to {to}", to=to
        )

    def _meaning(self, error: Rejected, what: str) -> Exception:
        return meaning(error, what, authenticated=self._http.authenticated)

    @staticmethod
    def _lost_way(what: str, error: Redirected) -> BadAnswer:
        return BadAnswer(f"{what}: redirects to {error.path[:120]!r}, which is not followed")


def path_of(name: RepositoryName) -> str:
    check(name)
    return f"/repos/{quote(name.owner, safe='')}/{quote(name.name, safe='')}"
