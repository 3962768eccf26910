"""The shapes of GitHub's answers: what is decoded, and nothing more (docs.github.com/rest)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tailrace.forges.answers import hint
from tailrace.forges.base import Repository as RepositoryFacts
from tailrace.forges.trees import Sha
from tailrace.model import RepositoryName


class Meta(msgspec.Struct):
    """/rest/meta/meta: only an Enterprise Server says a version."""

    installed_version: str | None = None


class User(msgspec.Struct):
    """/rest/users/users"""

    login: str


class Permissions(msgspec.Struct):
    push: bool = False


class Repository(msgspec.Struct):
    """/rest/repos/repos"""

    full_name: str
    default_branch: str
    archived: bool = False
    private: bool = False
    #: KiB, computed later than the push: 0 hints at an empty repository and proves nothing.
    size: int | None = None
    topics: list[str] = []
    permissions: Permissions | None = None
    #: Of a push to any branch; `updated_at` is of the repository's settings.
    pushed_at: Any = None

    @property
    def name(self) -> RepositoryName:
        """Where it is now."""
        owner, _, name = self.full_name.partition("/")
        return RepositoryName(owner, name)

    def facts(self, *, empty: bool = False) -> RepositoryFacts:
        """The same in the protocol's words."""
        return RepositoryFacts(
            name=self.name,
            default_branch=self.default_branch,
            empty=empty,
            archived=self.archived,
            private=self.private,
            can_push=self.permissions.push if self.permissions else None,
            topics=tuple(self.topics),
            updated_at=hint(self.pushed_at),
        )


class Object(msgspec.Struct):
    """Any Git object that GitHub names: a blob, tree or commit that was made."""

    sha: Sha


class RefObject(msgspec.Struct):
    """What a ref leads to: a commit, or the object of an annotated tag."""

    sha: Sha
    type: str = "commit"


class Ref(msgspec.Struct):
    """/rest/git/refs"""

    ref: str
    object: RefObject


class Tag(msgspec.Struct):
    """/rest/git/tags"""

    message: str
    object: RefObject


class _Checks(msgspec.Struct):
    contexts: list[str] = []


class _Protection(msgspec.Struct):
    enabled: bool = False
    required_status_checks: _Checks | None = None


class Branch(msgspec.Struct):
    """/rest/branches/branches#get-a-branch"""

    protected: bool = False
    protection: _Protection | None = None


class _RequiredCheck(msgspec.Struct):
    context: str


class _RuleParameters(msgspec.Struct):
    required_status_checks: list[_RequiredCheck] = []


class Rule(msgspec.Struct):
    """/rest/repos/rules#get-rules-for-a-branch"""

    type: str
    parameters: _RuleParameters | None = None


class _Status(msgspec.Struct):
    context: str
    state: str


class CombinedStatus(msgspec.Struct):
    """/rest/commits/statuses#get-the-combined-status-for-a-specific-reference"""

    statuses: list[_Status] = []


class _CheckRun(msgspec.Struct):
    id: int
    name: str
    status: str = ""
    conclusion: str | None = None


class CheckRuns(msgspec.Struct):
    """/rest/checks/runs#list-check-runs-for-a-git-reference"""

    check_runs: list[_CheckRun] = []


class Review(msgspec.Struct):
    """/rest/pulls/reviews"""

    html_url: str = ""


class Issue(msgspec.Struct):
    """/rest/issues/issues#get-an-issue"""

    state: str
    created_at: datetime


class ListedTag(msgspec.Struct):
    """/rest/repos/repos#list-repository-tags"""

    name: str
    commit: Object


class Label(msgspec.Struct):
    name: str


class MergedPull(msgspec.Struct):
    """/rest/commits/commits#list-pull-requests-associated-with-a-commit"""

    merged_at: str | None = None
    merge_commit_sha: str | None = None
    labels: list[Label] = []


class Blob(msgspec.Struct):
    """/rest/git/blobs: base64 in lines."""

    content: str
    size: int


class Written(msgspec.Struct):
    """/rest/repos/contents#create-or-update-file-contents"""

    content: Object
    commit: Object
