"""GitHub over its REST API, version 2022-11-28 (docs.github.com/rest).

An observation is two calls: the branch's ref, and the listing of that commit's tree.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import quote

import msgspec

from tailrace.forges import github_answers as answers
from tailrace.forges.answers import Redirected, Rejected
from tailrace.forges.base import (
    Account,
    BadAnswer,
    BranchMissing,
    Conflict,
    EmptyRepository,
    NotFound,
    Repository,
    Server,
    Tag,
)
from tailrace.forges.blobs import decoded_blob
from tailrace.forges.github_calls import PAGE, lost_way, path_of, renamed_to
from tailrace.forges.github_checks import GitHubChecks
from tailrace.forges.names import check_path, is_plain
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


class GitHubForge(GitHubChecks):
    """github.com, or a GitHub Enterprise Server."""

    @property
    def write_calls(self) -> Mapping[Strategy, int]:
        """The read-back is two calls; a new branch is made of blob, tree, commit and ref."""
        return {Strategy.COMMIT: 3, Strategy.PULL_REQUEST: 10}

    async def server(self) -> Server:
        meta = await self._calls.get("/meta", answers.Meta, self._http.url)
        return Server("github", (meta.installed_version or "github.com")[:64], PAGE)

    async def account(self) -> Account:
        try:
            user, headers = await self._http.get_page("/user", answers.User)
        except Rejected as error:
            if error.status == 403 and "not accessible" in error.message:
                # An app's token, as in GitHub Actions, belongs to no user.
                return Account(login=None)
            raise self._calls.meaning(error, self._http.url) from error
        except Redirected as error:
            raise lost_way(self._http.url, error) from error
        # Only classic tokens have scopes (/rest/using-the-rest-api/troubleshooting).
        scopes = (scope.strip()[:64] for scope in headers.get("x-oauth-scopes", "").split(","))
        return Account(user.login[:100], tuple(scope for scope in scopes if scope))

    async def repository(self, name: RepositoryName) -> Repository:
        try:
            answer = await self._http.get(path_of(name), answers.Repository)
        except Rejected as error:
            raise self._calls.meaning(error, str(name)) from error
        except Redirected as error:
            raise await self._calls.renamed(name, error) from error
        return await self._facts(answer)

    async def repositories(self, owner: str, topic: str | None = None) -> AsyncIterator[Repository]:
        path, query = await self._listed_at(owner)
        async for row in self._calls.pages(path, list[answers.Repository], owner, query):
            if row.name.owner.lower() == owner.lower() and (topic is None or topic in row.topics):
                yield row.facts()

    async def tree(
        self, name: RepositoryName, branch: str | None, paths: Sequence[str]
    ) -> TreeView:
        facts: answers.Repository | None = None
        where = name
        if branch is None:
            facts = await self._calls.followed(name)
            where, branch = facts.name, facts.default_branch
        try:
            where, head = await self._head(where, branch)
        except EmptyRepository:
            facts = facts or await self._calls.followed(where)
            return _view(facts.name, branch, None, {}, facts)
        except NotFound as error:
            facts = facts or await self._calls.followed(where)
            raise BranchMissing(
                f"{facts.name}: has no branch {branch!r}; its default branch is"
                f" {facts.default_branch!r}\n  next: correct `branch` in the fleet file"
            ) from error
        entries = await self._entries(where, await self._listing(where, head), paths)
        return _view(where, branch, head, entries, facts)

    async def folder(self, name: RepositoryName, sha: str) -> tuple[TreeEntry, ...]:
        path = f"{path_of(name)}/git/trees/{sha}"

        async def listing(tree: str, page: int) -> Listing:
            return await self._calls.get(path, Listing, str(name))

        return await TreeReader(listing).folder(sha)

    async def check_write(self, name: RepositoryName, branch: str) -> bool | None:
        """What the repository grants; whether a rule forbids the push, only a push can tell."""
        facts = await self.repository(name)
        return None if facts.can_push else facts.can_push

    async def blob(self, name: RepositoryName, sha: str, limit: int) -> bytes:
        path = f"/git/blobs/{quote(sha, safe='')}"
        where, answer = await self._calls.read(name, path, answers.Blob)
        if answer.size > limit:
            raise BadAnswer(f"{where}: blob {sha} has {answer.size} bytes, more than {limit}")
        return decoded_blob(where, sha, answer.content, limit)

    async def write_files(
        self,
        name: RepositoryName,
        branch: str,
        changes: Sequence[FileChange],
        message: str,
        new_branch: str | None = None,
    ) -> Commit:
        """As in the protocol, but for one case that the contents API cannot tell.

        GitHub ignores ``sha`` for a path that is gone (measured in pome-sh/digital-twins#400),
        so a file that was deleted since it was read is written anew.
        """
        for change in changes:
            check_path(change.path)
        if new_branch is not None or len(changes) > 1:
            return await self._write_by_tree(name, branch, changes, message, new_branch)
        change = changes[0]
        body = {
            "content": base64.b64encode(change.content).decode(),
            "message": message,
            "branch": branch,
        }
        if change.expected is not None:
            body["sha"] = change.expected
        answer = await self._calls.write(
            name, "PUT", f"/contents/{quote(change.path)}", body, answers.Written
        )
        return Commit(answer.commit.sha, (answer.content.sha,))

    async def _write_by_tree(
        self,
        name: RepositoryName,
        branch: str,
        changes: Sequence[FileChange],
        message: str,
        new: str | None,
    ) -> Commit:
        """The commit first, then a branch on it: nobody ever sees the branch without the files.

        The contents API has no `new_branch` and takes one file; a branch that is made first is
        there, without its commit, for whoever looks in between.
        """
        where, head = await self._head(name, branch)
        if where != name:
            raise renamed_to(name, where)
        listing = await self._listing(name, head)
        found = await self._entries(name, listing, [change.path for change in changes])
        modes = {row.path: row.mode for row in listing.tree or ()}
        rows: list[dict[str, str]] = []
        for change in changes:
            standing = found[change.path].sha if change.path in found else None
            if standing != change.expected:
                raise Conflict(
                    f"{name}: {change.path} is {standing or 'not there'},"
                    f" not {change.expected or 'absent'}"
                )
            sent = {"content": base64.b64encode(change.content).decode(), "encoding": "base64"}
            blob = await self._calls.write(name, "POST", "/git/blobs", sent, answers.Object)
            mode = modes.get(change.path, "100644")
            rows.append({"path": change.path, "mode": mode, "type": "blob", "sha": blob.sha})
        grafted = {"base_tree": listing.sha, "tree": rows}
        tree = await self._calls.write(name, "POST", "/git/trees", grafted, answers.Object)
        wanted = {"message": message, "tree": tree.sha, "parents": [head]}
        commit = await self._calls.write(name, "POST", "/git/commits", wanted, answers.Object)
        await self._move(name, branch, commit.sha, new)
        return Commit(commit.sha, tuple(row["sha"] for row in rows))

    async def _move(self, name: RepositoryName, branch: str, commit: str, new: str | None) -> None:
        """Put a new branch on the commit, or move the branch forward to it."""
        if new is not None:
            ref = {"ref": f"refs/heads/{new}", "sha": commit}
            await self._calls.write(name, "POST", "/git/refs", ref, answers.Ref)
            return
        # Not forced, so a branch that has moved is no fast-forward: the compare-and-swap.
        moved = {"sha": commit, "force": False}
        path = f"/git/refs/heads/{quote(branch)}"
        await self._calls.write(name, "PATCH", path, moved, answers.Ref)

    async def pull_requests(self, name: RepositoryName, base: str) -> tuple[PullRequest, ...]:
        path, query = f"{path_of(name)}/pulls", {"state": "open", "base": base}
        pages = self._calls.pages(path, list[Pull], name, query)
        return tuple([row.pull_request() async for row in pages if row.within(name, base)])

    async def open_pull_request(
        self, name: RepositoryName, head: str, base: str, title: str, body: str
    ) -> PullRequest:
        wanted = {"head": head, "base": base, "title": title, "body": body}
        return (await self._calls.write(name, "POST", "/pulls", wanted, Pull)).pull_request()

    async def close_pull_request(
        self, name: RepositoryName, pull_request: PullRequest, note: str
    ) -> None:
        closed = {"state": "closed", "body": note}
        await self._calls.write(name, "PATCH", f"/pulls/{pull_request.number}", closed, msgspec.Raw)
        path = f"/git/refs/heads/{quote(pull_request.head)}"
        await self._calls.write(name, "DELETE", path, None, type(None))

    async def merged_labels(self, name: RepositoryName, commit: str) -> tuple[str, ...]:
        path = f"{path_of(name)}/commits/{quote(commit, safe='')}/pulls"
        found = await self._calls.get(path, list[answers.MergedPull], str(name))
        merged = [pull for pull in found if pull.merged_at and pull.merge_commit_sha == commit]
        return tuple(label.name[:100] for pull in merged for label in pull.labels)

    async def create_tag(self, name: RepositoryName, tag: Tag) -> None:
        """The tag's object first, then the ref, which is what others see."""
        wanted = {"tag": tag.name, "message": tag.message, "object": tag.commit, "type": "commit"}
        made = await self._calls.write(name, "POST", "/git/tags", wanted, answers.Object)
        ref = {"ref": f"refs/tags/{tag.name}", "sha": made.sha}
        await self._calls.write(name, "POST", "/git/refs", ref, answers.Ref)

    async def tags(self, name: RepositoryName) -> AsyncIterator[Tag]:
        path = f"{path_of(name)}/tags"
        async for row in self._calls.pages(path, list[answers.ListedTag], name, {}):
            yield Tag(row.name, row.commit.sha, "")

    async def tag(self, name: RepositoryName, tag: str) -> Tag | None:
        path = f"{path_of(name)}/git/ref/tags/{quote(tag)}"
        try:
            found = await self._calls.get(path, answers.Ref, str(name))
        except NotFound:
            # Not there, or not ours to see: the repository itself tells.
            await self.repository(name)
            return None
        if found.object.type != "tag":
            return Tag(tag, found.object.sha, "")
        path = f"{path_of(name)}/git/tags/{found.object.sha}"
        annotated = await self._calls.get(path, answers.Tag, str(name))
        return Tag(tag, annotated.object.sha, annotated.message)

    async def _listed_at(self, owner: str) -> tuple[str, dict[str, str]]:
        """Where the owner's repositories are listed, the private ones included."""
        if not is_plain(owner):
            raise NotFound(f"{owner!a}: no name of an owner\n  next: correct `owner`")
        quoted = quote(owner, safe="")
        try:
            await self._calls.get(f"/orgs/{quoted}", msgspec.Raw, owner)
        except NotFound:
            if self._http.authenticated:
                me = (await self.account()).login
                if me is not None and me.lower() == owner.lower():
                    # A user's public listing leaves out the private ones, even to that user.
                    return "/user/repos", {"affiliation": "owner"}
            return f"/users/{quoted}/repos", {"type": "owner"}
        return f"/orgs/{quoted}/repos", {"type": "all"}

    async def _facts(self, answer: answers.Repository) -> Repository:
        if answer.size == 0:
            # A hint only: the size is computed some time after a push.
            try:
                await self._head(answer.name, answer.default_branch)
            except EmptyRepository:
                return answer.facts(empty=True)
            except NotFound:
                return answer.facts()
        return answer.facts()

    async def _head(self, name: RepositoryName, branch: str) -> tuple[RepositoryName, str]:
        """The commit that the branch is at. Raises `EmptyRepository`, `NotFound`."""
        where, answer = await self._calls.read(name, f"/git/ref/heads/{quote(branch)}", answers.Ref)
        if answer.ref != f"refs/heads/{branch}":
            raise BadAnswer(f"{where}: asked for branch {branch!r}, got {answer.ref[:100]!r}")
        return where, answer.object.sha

    async def _listing(self, name: RepositoryName, commit: str) -> Listing:
        path = f"{path_of(name)}/git/trees/{commit}?recursive=1"
        return await self._calls.get(path, Listing, str(name))

    async def _entries(
        self, name: RepositoryName, listing: Listing, paths: Sequence[str]
    ) -> dict[str, TreeEntry]:
        async def folder(sha: str, page: int) -> Listing:
            # /rest/git/trees: no pages; past the limit, one folder at a time.
            found = await self._calls.get(f"{path_of(name)}/git/trees/{sha}", Listing, str(name))
            if found.truncated:
                raise BadAnswer(f"{name}: tree {sha} is larger than GitHub lists")
            return found

        return await TreeReader(folder).resolve(listing, paths)


def _view(
    where: RepositoryName,
    branch: str,
    commit: str | None,
    entries: Mapping[str, TreeEntry],
    facts: answers.Repository | None,
) -> TreeView:
    return TreeView(
        repository=where,
        branch=branch,
        commit=commit,
        entries=entries,
        archived=facts.archived if facts else None,
        can_push=facts.permissions.push if facts and facts.permissions else None,
    )
