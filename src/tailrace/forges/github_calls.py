"""GitHub's calls with renames followed, listings paged and errors given their meaning."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TypeVar
from urllib.parse import quote

from tailrace.forges import github_answers as answers
from tailrace.forges.answers import Redirected, Rejected
from tailrace.forges.base import BadAnswer, BranchMissing, ForgeError, NotFound, Renamed
from tailrace.forges.github_errors import meaning, meaning_of_write, no_write_permission
from tailrace.forges.http import Transport
from tailrace.forges.names import check
from tailrace.model import RepositoryName

T = TypeVar("T")

#: The most that GitHub gives (/rest/using-the-rest-api/using-pagination-in-the-rest-api).
PAGE = 100
_MOST_PAGES = 1_000
_HOPS = 3


class GitHubCalls:
    """Reads and writes that raise `ForgeError`, and nothing else."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    async def get(self, path: str, shape: type[T], what: str) -> T:
        """A GET that has no business being redirected; ``what`` is for its errors."""
        try:
            return await self._http.get(path, shape)
        except Rejected as error:
            raise self.meaning(error, what) from error
        except Redirected as error:
            raise lost_way(what, error) from error

    async def read(
        self, name: RepositoryName, suffix: str, shape: type[T]
    ) -> tuple[RepositoryName, T]:
        """A GET below a repository that follows renames, with the name that answered."""
        where = name
        for _ in range(_HOPS):
            try:
                return where, await self._http.get(path_of(where) + suffix, shape)
            except Rejected as error:
                raise self.meaning(error, str(where)) from error
            except Redirected as error:
                where = (await self.renamed(where, error)).to
        raise BadAnswer(f"{name}: renamed in a circle")

    async def write(
        self, name: RepositoryName, method: str, suffix: str, body: object, shape: type[T]
    ) -> T:
        """A write below a repository; a renamed one is refused, never followed."""
        try:
            return await self._http.send(method, path_of(name) + suffix, body, shape)
        except Rejected as error:
            raise await self._meaning_of_write(error, name) from error
        except Redirected as error:
            raise await self.renamed(name, error) from error

    async def _meaning_of_write(self, error: Rejected, name: RepositoryName) -> ForgeError:
        found = meaning_of_write(error, str(name), authenticated=self._http.authenticated)
        if not isinstance(found, NotFound) or isinstance(found, BranchMissing):
            return found
        # Not there, or only not ours to write: a read tells.
        try:
            await self._http.get(path_of(name), answers.Repository)
        except Rejected as rejected:
            return self.meaning(rejected, str(name))
        except Redirected as redirected:
            return await self.renamed(name, redirected)
        return no_write_permission(str(name))

    async def pages(
        self,
        path: str,
        shape: type[list[T]],
        what: RepositoryName | str,
        query: Mapping[str, str],
    ) -> AsyncIterator[T]:
        """The rows of a listing, for as long as its Link header names a next page."""
        for number in range(1, _MOST_PAGES + 1):
            wanted: dict[str, str | int] = {**query, "per_page": PAGE, "page": number}
            try:
                rows, headers = await self._http.get_page(path, shape, wanted)
            except Rejected as error:
                raise self.meaning(error, str(what)) from error
            except Redirected as error:
                raise await self.renamed(what, error) from error
            for row in rows:
                yield row
            if 'rel="next"' not in headers.get("link", ""):
                return
        raise BadAnswer(f"{what}: a listing of more than {_MOST_PAGES} pages")

    async def followed(self, name: RepositoryName) -> answers.Repository:
        """The repository, under whatever name it has now."""
        return (await self.read(name, "", answers.Repository))[1]

    async def renamed(self, name: RepositoryName | str, error: Redirected) -> Renamed:
        """GitHub redirects to the repository's number; its answer has the new name."""
        parts = error.path.split("?")[0].split("/")
        if len(parts) < 3 or parts[1] != "repositories" or not parts[2].isdigit():
            raise lost_way(str(name), error) from error
        answer = await self.get(f"/repositories/{parts[2]}", answers.Repository, str(name))
        return renamed_to(name, answer.name)

    def meaning(self, error: Rejected, what: str) -> ForgeError:
        """The error that a rejected read is."""
        return meaning(error, what, authenticated=self._http.authenticated)


def renamed_to(name: RepositoryName | str, to: RepositoryName) -> Renamed:
    """The error that says so."""
    return Renamed(f"{name}: is now {to}\n  next: change `repo` in the fleet file to {to}", to=to)


def lost_way(what: str, error: Redirected) -> BadAnswer:
    """The error for a redirect to something else than a repository."""
    return BadAnswer(f"{what}: redirects to {error.path[:120]!r}, which is not followed")


def path_of(name: RepositoryName) -> str:
    """Where a repository is. Raises `NotFound` for a name that must not be sent."""
    check(name)
    return f"/repos/{quote(name.owner, safe='')}/{quote(name.name, safe='')}"
