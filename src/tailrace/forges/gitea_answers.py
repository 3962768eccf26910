"""The shapes of Gitea's answers: what is decoded, and nothing more (forge contract)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from tailrace.forges.answers import hint
from tailrace.forges.base import Repository as RepositoryFacts
from tailrace.forges.trees import Sha
from tailrace.model import RepositoryName


class Version(msgspec.Struct):
    version: str


class Settings(msgspec.Struct):
    max_response_items: int


class User(msgspec.Struct):
    login: str


class Permissions(msgspec.Struct):
    push: bool = False


class Repository(msgspec.Struct):
    full_name: str
    default_branch: str
    empty: bool = False
    archived: bool = False
    private: bool = False
    permissions: Permissions | None = None
    updated_at: Any = None

    def facts(self) -> RepositoryFacts:
        """The same in the protocol's words."""
        owner, _, name = self.full_name.partition("/")
        return RepositoryFacts(
            name=RepositoryName(owner, name),
            default_branch=self.default_branch,
            empty=self.empty,
            archived=self.archived,
            private=self.private,
            can_push=self.permissions.push if self.permissions else None,
            updated_at=hint(self.updated_at),
        )


class Search(msgspec.Struct):
    data: list[Repository]

    def __len__(self) -> int:
        return len(self.data)


Repositories: TypeAlias = list[Repository]


class BranchCommit(msgspec.Struct):
    id: Sha


class Branch(msgspec.Struct):
    commit: BranchCommit
    user_can_push: bool | None = None
    protected: bool = False
    enable_status_check: bool = False
    status_check_contexts: list[str] | None = None
    effective_branch_protection_name: str = ""


class Blob(msgspec.Struct):
    content: str


class Content(msgspec.Struct):
    sha: Sha


class Written(msgspec.Struct):
    content: Content
    commit: Content


class WrittenMany(msgspec.Struct):
    files: list[Content]
    commit: Content


class Tag(msgspec.Struct):
    """The message of a tag without one is its commit's, and its id is the commit then."""

    name: str
    id: str
    commit: Content
    message: str = ""


class Status(msgspec.Struct):
    id: int
    context: str
    status: str


class Issue(msgspec.Struct):
    number: int
    state: str
    created_at: datetime


class Review(msgspec.Struct):
    html_url: str = ""


class Label(msgspec.Struct):
    name: str


class MergedPull(msgspec.Struct):
    labels: list[Label] = []
