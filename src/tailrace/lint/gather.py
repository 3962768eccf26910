"""The forge's facts for one repository: read once, so that the rules stay pure."""

from __future__ import annotations

from collections.abc import Iterable

from tailrace.forges.base import Forge, ForgeError
from tailrace.lint.facts import Facts, IssueState, RequiredChecks
from tailrace.model import RepositoryName

#: More issues than this are not asked for: nobody tracks so many exceptions.
_MOST_ISSUES = 50


async def gather(
    forge: Forge, name: RepositoryName, *, issues: Iterable[int], commits: int
) -> Facts:
    """What rules need of ``name``. Never raises for the forge: what could not be read says so."""
    try:
        branch = (await forge.repository(name)).default_branch
    except ForgeError as error:
        return Facts("", why=_first(error))
    why: list[str] = []
    required, protection_read = None, False
    try:
        found = await forge.protection(name, branch)
        protection_read = True
        if found is not None:
            required = RequiredChecks(found.rule, found.checks, found.contexts)
    except ForgeError as error:
        why.append(_first(error))
    statuses = None
    try:
        newest = await forge.commits(name, branch, commits)
        statuses = tuple([await forge.statuses(name, commit) for commit in newest])
    except ForgeError as error:
        why.append(_first(error))
    states: dict[int, IssueState] = {}
    issues_read = True
    try:
        for number in sorted(set(issues))[:_MOST_ISSUES]:
            issue = await forge.issue(name, number)
            if issue is not None:
                states[number] = IssueState(number, issue.is_open, issue.created_at)
    except ForgeError as error:
        issues_read = False
        why.append(_first(error))
    return Facts(
        default_branch=branch,
        required=required,
        protection_read=protection_read,
        statuses=statuses,
        issues=states,
        issues_read=issues_read,
        why="; ".join(dict.fromkeys(why)),
    )


def _first(error: ForgeError) -> str:
    return str(error).partition("\n")[0]
