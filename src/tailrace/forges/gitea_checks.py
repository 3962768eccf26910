"""What a Gitea says of its checks: protection, commits, their statuses, issues; and reviews."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from tailrace.forges import gitea_answers as answers
from tailrace.forges.answers import Redirected, Rejected
from tailrace.forges.base import BranchMissing, Issue, Protection
from tailrace.forges.gitea_calls import PAGE, GiteaCalls, path_of
from tailrace.model import RepositoryName


class GiteaChecks(GiteaCalls):
    """The calls that rules need and a cascade does not."""

    async def protection(self, name: RepositoryName, branch: str) -> Protection | None:
        path = f"{path_of(name)}/branches/{quote(branch)}"
        found = await self._get_or_none(name, path, answers.Branch)
        if found is None:
            raise BranchMissing(f"{name}: has no branch {branch!r}")
        if not found.protected:
            return None
        contexts = tuple(found.status_check_contexts or ())
        rule = found.effective_branch_protection_name or branch
        return Protection(rule, found.enable_status_check, contexts)

    async def commits(self, name: RepositoryName, branch: str, count: int) -> tuple[str, ...]:
        # Without the diffs of each, which are most of what this costs a server.
        query: dict[str, str | int] = {"sha": branch, "limit": min(count, PAGE)}
        query |= {"stat": "false", "files": "false"}
        try:
            path = f"{path_of(name)}/commits"
            rows = await self._http.get(path, list[answers.Content], query)
        except Rejected as error:
            raise self._meaning(error, str(name)) from error
        except Redirected as error:
            raise self._renamed(name, error) from error
        return tuple(row.sha for row in rows[:count])

    async def statuses(self, name: RepositoryName, commit: str) -> Mapping[str, str]:
        path = f"{path_of(name)}/commits/{quote(commit, safe='')}/statuses"
        rows = [
            row async for page in self._pages(path, list[answers.Status], str(name)) for row in page
        ]
        # The one with the highest number is the newest; their order is not promised.
        return {row.context: row.status for row in sorted(rows, key=lambda row: row.id)}

    async def issue(self, name: RepositoryName, number: int) -> Issue | None:
        found = await self._get_or_none(name, f"{path_of(name)}/issues/{number}", answers.Issue)
        return None if found is None else Issue(number, found.state == "open", found.created_at)

    async def review(self, name: RepositoryName, pull_request: int, body: str) -> str:
        path = f"{path_of(name)}/pulls/{pull_request}/reviews"
        wanted = {"body": body, "event": "COMMENT"}
        return (await self._write(name, "POST", path, wanted, answers.Review)).html_url
