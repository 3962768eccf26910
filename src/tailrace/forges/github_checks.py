"""What GitHub says of its checks: protection, commits, their statuses, issues; and reviews."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from tailrace.forges import github_answers as answers
from tailrace.forges.base import Issue, NotFound, Protection
from tailrace.forges.github_calls import PAGE, GitHubCalls, path_of
from tailrace.forges.http import Transport
from tailrace.forges.session import HttpForge
from tailrace.model import RepositoryName


class GitHubChecks(HttpForge):
    """The calls that rules need and a cascade does not."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._calls = GitHubCalls(transport)

    async def protection(self, name: RepositoryName, branch: str) -> Protection | None:
        """Classic protection and rulesets together."""
        base = path_of(name)
        found = await self._calls.get(f"{base}/branches/{quote(branch)}", answers.Branch, str(name))
        path = f"{base}/rules/branches/{quote(branch)}"
        rules = await self._calls.get(path, list[answers.Rule], str(name))
        required = [rule.parameters for rule in rules if rule.type == "required_status_checks"]
        checks = [check for rule in required if rule for check in rule.required_status_checks]
        contexts = [check.context for check in checks]
        classic = found.protection.required_status_checks if found.protection else None
        contexts += classic.contexts if classic else []
        if not found.protected and not rules:
            return None
        return Protection(branch, bool(contexts), tuple(dict.fromkeys(contexts)))

    async def commits(self, name: RepositoryName, branch: str, count: int) -> tuple[str, ...]:
        path = f"{path_of(name)}/commits?sha={quote(branch, safe='')}&per_page={min(count, 50)}"
        rows = await self._calls.get(path, list[answers.Object], str(name))
        return tuple(row.sha for row in rows[:count])

    async def statuses(self, name: RepositoryName, commit: str) -> Mapping[str, str]:
        """Commit statuses and check runs together; of a check run its conclusion."""
        base = f"{path_of(name)}/commits/{quote(commit, safe='')}"
        found = await self._calls.get(f"{base}/status", answers.CombinedStatus, str(name))
        path = f"{base}/check-runs?per_page={PAGE}"
        runs = await self._calls.get(path, answers.CheckRuns, str(name))
        states = {status.context: status.state for status in found.statuses}
        for run in sorted(runs.check_runs, key=lambda run: run.id):
            states[run.name] = run.conclusion or run.status
        return states

    async def issue(self, name: RepositoryName, number: int) -> Issue | None:
        try:
            path = f"{path_of(name)}/issues/{number}"
            found = await self._calls.get(path, answers.Issue, str(name))
        except NotFound:
            # Not there, or not ours to see: the repository itself tells.
            await self._calls.read(name, "", answers.Repository)
            return None
        return Issue(number, found.state == "open", found.created_at)

    async def review(self, name: RepositoryName, pull_request: int, body: str) -> str:
        path, wanted = f"/pulls/{pull_request}/reviews", {"body": body, "event": "COMMENT"}
        return (await self._calls.write(name, "POST", path, wanted, answers.Review)).html_url
