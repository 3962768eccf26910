"""Gitea and Forgejo over their REST API, as recorded in the forge contract.

An observation is one tree listing: it holds the commit, the pin's blob and every consumer.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import quote

import msgspec

from tailrace.forges import gitea_answers as answers
from tailrace.forges.answers import Redirected, Rejected
from tailrace.forges.base import (
    Account,
    BranchMissing,
    Repository,
    Server,
    Tag,
)
from tailrace.forges.blobs import decoded_blob
from tailrace.forges.gitea_calls import path_of
from tailrace.forges.gitea_checks import GiteaChecks
from tailrace.forges.gitea_errors import meaning_of_write
from tailrace.forges.http import Transport
from tailrace.forges.pull_answers import Pull
from tailrace.forges.trees import Listing, TreeReader
from tailrace.model import (
    Commit,
    FileChange,
    PullRequest,
    RepositoryName,
    Strategy,
    TreeEntry,
    TreeView,
)


class GiteaForge(GiteaChecks):
    """A Gitea or Forgejo server."""

    def __init__(self, transport: Transport, *, kind: str = "gitea") -> None:
        super().__init__(transport)
        self._kind = kind

    @property
    def write_calls(self) -> Mapping[Strategy, int]:
        """The commit and its read-back; before it the pull requests, after it the new one."""
        return {Strategy.COMMIT: 2, Strategy.PULL_REQUEST: 4}

    async def server(self) -> Server:
        version = await self._get("/version", answers.Version)
        settings = await self._get("/settings/api", answers.Settings)
        return Server(self._kind, version.version[:64], settings.max_response_items)

    async def account(self) -> Account:
        try:
            user = await self._http.get("/user", answers.User)
        except Rejected as error:
            if error.status == 403:
                # The token is known; it merely lacks the scope read:user, which is no fault.
                return Account(login=None)
            raise self._meaning(error, self._http.url) from error
        except Redirected as error:
            raise self._lost_way(self._http.url, error) from error
        return Account(login=user.login[:100])

    async def repository(self, name: RepositoryName) -> Repository:
        try:
            answer = await self._http.get(path_of(name), answers.Repository)
        except Rejected as error:
            raise self._meaning(error, str(name)) from error
        except Redirected as error:
            raise self._renamed(name, error) from error
        return answer.facts()

    async def repositories(self, owner: str, topic: str | None = None) -> AsyncIterator[Repository]:
        quoted = quote(owner, safe="")
        if topic is not None:
            pages = self._pages(
                "/repos/search", answers.Search, owner, {"q": topic, "topic": "true"}
            )
            async for found in pages:
                for row in found.data:
                    facts = row.facts()
                    if facts.name.owner.lower() == owner.lower():
                        yield facts
            return
        kind = "orgs" if await self._is_organisation(quoted, owner) else "users"
        async for rows in self._pages(f"/{kind}/{quoted}/repos", answers.Repositories, owner):
            for row in rows:
                yield row.facts()

    async def _is_organisation(self, quoted: str, owner: str) -> bool:
        try:
            await self._http.get(f"/orgs/{quoted}/repos", msgspec.Raw, {"limit": 1})
        except Rejected as error:
            if error.status == 404:
                return False
            raise self._meaning(error, owner) from error
        except Redirected as error:
            raise self._lost_way(owner, error) from error
        return True

    async def tree(
        self, name: RepositoryName, branch: str | None, paths: Sequence[str]
    ) -> TreeView:
        facts: Repository | None = None
        where = name
        if branch is None:
            facts = await self._repository_followed(name)
            where, branch = facts.name, facts.default_branch
        try:
            # heads/X, not X: of a tag and a branch of one name, rev-parse takes the tag.
            where, listing = await self._listing(where, f"heads/{branch}")
        except Rejected as error:
            if error.status not in (400, 404):
                raise self._meaning(error, str(where)) from error
            facts = facts or await self._repository_followed(where)
            where = facts.name
            found = await self._listing_by_commit(facts, branch)
            if found is None:
                return _view(where, branch, None, {}, facts)
            listing = found
        reader = TreeReader(lambda sha, page: self._subtree(where, sha, page))
        entries = await reader.resolve(listing, paths)
        return _view(where, branch, listing.sha, entries, facts)

    async def folder(self, name: RepositoryName, sha: str) -> tuple[TreeEntry, ...]:
        return await TreeReader(lambda tree, page: self._subtree(name, tree, page)).folder(sha)

    async def check_write(self, name: RepositoryName, branch: str) -> bool | None:
        path = path_of(name)
        found = await self._get(f"{path}/branches/{quote(branch)}", answers.Branch)
        if found.user_can_push is False:
            return False
        # No version of Gitea writes below .git; the token's scope is looked at before the path.
        probe = {"content": "", "message": "probe", "branch": branch}
        try:
            await self._http.send("POST", f"{path}/contents/.git/probe", probe, msgspec.Raw)
        except Rejected as error:
            if error.status != 422:
                authenticated = self._http.authenticated
                raise meaning_of_write(error, str(name), authenticated=authenticated) from error
        except Redirected as error:
            raise self._renamed(name, error) from error
        return found.user_can_push

    async def blob(self, name: RepositoryName, sha: str, limit: int) -> bytes:
        try:
            where, answer = await self._read(
                name, f"/git/blobs/{quote(sha, safe='')}", answers.Blob
            )
        except Rejected as error:
            raise self._meaning(error, str(name)) from error
        return decoded_blob(where, sha, answer.content, limit)

    async def write_files(
        self,
        name: RepositoryName,
        branch: str,
        changes: Sequence[FileChange],
        message: str,
        new_branch: str | None = None,
    ) -> Commit:
        where = {"message": message, "branch": branch}
        if new_branch is not None:
            where["new_branch"] = new_branch
        path = f"{path_of(name)}/contents"
        if len(changes) == 1:
            change = changes[0]
            body = {**where, **_file(change)}
            method = "POST" if change.expected is None else "PUT"
            path = f"{path}/{quote(change.path)}"
            answer = await self._write(name, method, path, body, answers.Written)
            return Commit(answer.commit.sha, (answer.content.sha,))
        files = [
            {
                "path": change.path,
                "operation": "create" if change.expected is None else "update",
                **_file(change),
            }
            for change in changes
        ]
        many = {**where, "files": files}
        made = await self._write(name, "POST", path, many, answers.WrittenMany)
        return Commit(made.commit.sha, tuple(file.sha for file in made.files))

    async def pull_requests(self, name: RepositoryName, base: str) -> tuple[PullRequest, ...]:
        path = f"{path_of(name)}/pulls"
        found: list[PullRequest] = []
        async for rows in self._pages(path, list[Pull], str(name), {"state": "open"}):
            found += [row.pull_request() for row in rows if row.within(name, base)]
        return tuple(found)

    async def open_pull_request(
        self, name: RepositoryName, head: str, base: str, title: str, body: str
    ) -> PullRequest:
        wanted = {"head": head, "base": base, "title": title, "body": body}
        answer = await self._write(name, "POST", f"{path_of(name)}/pulls", wanted, Pull)
        return answer.pull_request()

    async def close_pull_request(
        self, name: RepositoryName, pull_request: PullRequest, note: str
    ) -> None:
        base, head = path_of(name), quote(pull_request.head, safe="")
        # The note goes into the body: a comment would need the scope write:issue as well.
        closed = {"state": "closed", "body": note}
        path = f"{base}/pulls/{pull_request.number}"
        await self._write(name, "PATCH", path, closed, msgspec.Raw)
        await self._write(name, "DELETE", f"{base}/branches/{head}", None, type(None))

    async def merged_labels(self, name: RepositoryName, commit: str) -> tuple[str, ...]:
        """By ``GET /repos/{owner}/{repo}/commits/{sha}/pull`` (Gitea 1.22's API description)."""
        path = f"{path_of(name)}/commits/{quote(commit, safe='')}/pull"
        found = await self._get_or_none(name, path, answers.MergedPull)
        return () if found is None else tuple(label.name[:100] for label in found.labels)

    async def create_tag(self, name: RepositoryName, tag: Tag) -> None:
        body = {"tag_name": tag.name, "target": tag.commit, "message": tag.message}
        await self._write(name, "POST", f"{path_of(name)}/tags", body, msgspec.Raw)

    async def tags(self, name: RepositoryName) -> AsyncIterator[Tag]:
        async for rows in self._pages(f"{path_of(name)}/tags", list[answers.Tag], str(name)):
            for row in rows:
                yield Tag(row.name, row.commit.sha, "")

    async def tag(self, name: RepositoryName, tag: str) -> Tag | None:
        found = await self._get_or_none(name, f"{path_of(name)}/tags/{quote(tag)}", answers.Tag)
        if found is None:
            return None
        own = found.message if found.id != found.commit.sha else ""
        return Tag(found.name, found.commit.sha, own)

    async def _listing(self, name: RepositoryName, ref: str) -> tuple[RepositoryName, Listing]:
        suffix = f"/git/trees/{quote(ref, safe='')}"
        return await self._read(name, suffix, Listing, {"recursive": 1})

    async def _listing_by_commit(self, facts: Repository, branch: str) -> Listing | None:
        """The listing for a branch that the short way did not find; None: no commit at all."""
        name = facts.name
        try:
            path = f"{path_of(name)}/branches/{quote(branch)}"
            found = await self._http.get(path, answers.Branch)
            return (await self._listing(name, found.commit.id))[1]
        except Rejected as error:
            if error.status != 404:
                raise self._meaning(error, str(name)) from error
            if facts.empty:
                return None
            other = facts.default_branch
            said = "the forge's default" if other == branch else f"its default is {other!r}"
            raise BranchMissing(
                f"{name}: has no branch {branch!r} ({said})"
                "\n  next: correct `branch` in the fleet file, or the default branch there"
            ) from error
        except Redirected as error:
            raise self._renamed(name, error) from error

    async def _subtree(self, name: RepositoryName, sha: str, page: int) -> Listing:
        try:
            return (await self._read(name, f"/git/trees/{sha}", Listing, {"page": page}))[1]
        except Rejected as error:
            raise self._meaning(error, str(name)) from error


def _file(change: FileChange) -> dict[str, str]:
    """The keys that say what is written, and what must stand there."""
    content = {"content": base64.b64encode(change.content).decode()}
    return content if change.expected is None else {**content, "sha": change.expected}


def _view(
    where: RepositoryName,
    branch: str,
    commit: str | None,
    entries: Mapping[str, TreeEntry],
    facts: Repository | None,
) -> TreeView:
    return TreeView(
        repository=where,
        branch=branch,
        commit=commit,
        entries=entries,
        archived=facts.archived if facts else None,
        can_push=facts.can_push if facts else None,
    )
