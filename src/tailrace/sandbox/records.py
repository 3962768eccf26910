"""What the sandbox remembers beside Git: users, repositories and what hangs on them."""

from __future__ import annotations

from typing import Any

import msgspec


class User(msgspec.Struct, kw_only=True):
    """A person or an organisation."""

    id: int
    login: str
    email: str = ""
    is_admin: bool = False
    organisation: bool = False
    created: str = ""
    password: str = ""


class Token(msgspec.Struct, kw_only=True):
    """An access token: whose it is, and what it may."""

    id: int
    sha1: str
    login: str
    name: str
    scopes: list[str]


class Repository(msgspec.Struct, kw_only=True):
    """A repository's facts that are not in Git."""

    id: int
    owner: str
    name: str
    default_branch: str = "main"
    private: bool = False
    archived: bool = False
    created_at: str = ""
    updated_at: str = ""
    #: The write that `updated_at` has not caught up with yet (it lags, as recorded).
    touched_at: float = 0.0
    topics: list[str] = []
    collaborators: dict[str, str] = {}
    #: The highest number of an issue or pull request.
    number: int = 0

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner}/{self.name}"


class Protection(msgspec.Struct, kw_only=True):
    """A branch protection rule, with the fields of Gitea's answer."""

    id: int
    repository: int
    rule: dict[str, Any]


class Label(msgspec.Struct, kw_only=True):
    """A label of a repository. Gitea lets two have one name."""

    id: int
    repository: int
    name: str
    color: str
    description: str = ""


class Status(msgspec.Struct, kw_only=True):
    """A commit status."""

    id: int
    repository: int
    sha: str
    context: str
    state: str
    description: str = ""
    target_url: str = ""
    creator: str | None = None
    created_at: str = ""


class Issue(msgspec.Struct, kw_only=True):
    """An issue, or the issue side of a pull request."""

    id: int
    repository: int
    number: int
    login: str
    title: str
    body: str
    state: str = "open"
    labels: list[int] = []
    created_at: str = ""
    updated_at: str = ""
    closed_at: str | None = None
    #: Only for a pull request.
    pull: Pull | None = None


class Pull(msgspec.Struct, kw_only=True):
    """What a pull request has beside its issue."""

    head: str
    base: str
    #: The head and base for which `mergeable` was computed, and when it is known (asynchronous).
    checked: str = ""
    known_at: float = 0.0
    mergeable: bool = False
    merged: bool = False
    merged_at: str | None = None
    merged_by: str | None = None
    merge_commit_sha: str | None = None
    head_sha: str = ""


class Comment(msgspec.Struct, kw_only=True):
    """A comment, a review, or an event of an issue's timeline."""

    id: int
    repository: int
    number: int
    login: str
    body: str
    type: str = "comment"
    created_at: str = ""
    label: int | None = None
    review: Review | None = None


class Review(msgspec.Struct, kw_only=True):
    """A verdict of a person on a pull request."""

    id: int
    state: str
    commit_id: str
    official: bool = True
    dismissed: bool = False


class Team(msgspec.Struct, kw_only=True):
    """A team of an organisation."""

    id: int
    organisation: str
    name: str
    permission: str
    units: list[str]
    members: list[str] = []


class Hook(msgspec.Struct, kw_only=True):
    """A webhook of a repository or an organisation."""

    id: int
    owner: str
    repository: int | None
    url: str
    events: list[str]
    secret: str = ""
    created_at: str = ""


class Rename(msgspec.Struct, kw_only=True):
    """A former name, which redirects."""

    id: int
    owner: str
    name: str
    repository: int


class Secret(msgspec.Struct, kw_only=True):
    """That an Actions secret was set; its value is not kept."""

    id: int
    repository: int
    name: str
