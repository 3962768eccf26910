"""The sandbox's forge as an object: what a test or a seed does to it without HTTP."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pygit2

from tailrace.errors import ConfigurationError
from tailrace.sandbox import gitwork
from tailrace.sandbox.records import Protection, Rename, Repository, Token, User
from tailrace.sandbox.state import State

ADMIN = "sandbox"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
#: ``updated_at`` of a repository moves this much after the write was answered (contract).
UPDATED_AT_LAG = 1.4


class Store:
    """The repositories, users and tokens of one folder."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.time) -> None:
        self.root = root
        self.clock = clock
        try:
            root.mkdir(parents=True, exist_ok=True)
            self._lock = (root / "lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise ConfigurationError(
                f"{root}: another sandbox is using it"
                "\n  next: stop that one, or name another --data"
            ) from error
        except OSError as error:
            raise ConfigurationError(f"{root}: cannot be used: {error.strerror}") from error
        self.state = State(root / "state.sqlite")
        self._opened: dict[int, pygit2.Repository] = {}
        self._by_name = {_key(r.owner, r.name): r for r in self.state.repositories}
        if self.user(ADMIN) is None:
            self._first_start()
        self.admin_token = (root / "token").read_text().strip()

    def _first_start(self) -> None:
        token = secrets.token_hex(20)
        file = self.root / "token"
        with os.fdopen(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as out:
            out.write(f"{token}\n")
        self._user(ADMIN, is_admin=True)
        self._token(ADMIN, "first start", ["all"], token)

    def close(self) -> None:
        """Let go of every file."""
        for repository in self._opened.values():
            repository.free()
        self.state.close()
        self._lock.close()

    # users and tokens

    def user(self, login: str) -> User | None:
        """The user or organisation of that name."""
        return next((u for u in self.state.users if u.login.lower() == login.lower()), None)

    def add_user(self, login: str, *, email: str = "", password: str = "") -> str:
        """A new user; a token of it that may do all its user may."""
        if self.user(login) is None:
            self._user(login, email=email, password=password)
        return self.token(login, ["all"])

    def add_organisation(self, name: str) -> User:
        """A new organisation, or the one of that name."""
        _check(name)
        return self.user(name) or self._user(name, organisation=True)

    def token(self, login: str, scopes: Sequence[str]) -> str:
        """A new token of ``login`` with these scopes."""
        return self._token(login, f"token {len(self.state.tokens) + 1}", list(scopes)).sha1

    def _user(
        self,
        login: str,
        *,
        email: str = "",
        password: str = "",
        is_admin: bool = False,
        organisation: bool = False,
    ) -> User:
        return self.state.users.put(
            User(
                id=self.state.users.next_id(),
                login=login,
                email=email or ("" if organisation else f"{login}@sandbox.test"),
                is_admin=is_admin,
                organisation=organisation,
                created=self.now(),
                password=password,
            )
        )

    def _token(self, login: str, name: str, scopes: list[str], sha1: str = "") -> Token:
        return self.state.tokens.put(
            Token(
                id=self.state.tokens.next_id(),
                sha1=sha1 or secrets.token_hex(20),
                login=login,
                name=name,
                scopes=scopes,
            )
        )

    # repositories

    def now(self) -> str:
        """The time as Gitea gives it."""
        return gitwork.iso(self.clock())

    def find(self, owner: str, name: str) -> Repository | None:
        """The repository of that name; forges compare names without case."""
        return self._by_name.get(_key(owner, name))

    def renamed(self, owner: str, name: str) -> Repository | None:
        """The repository that once had that name."""
        key = _key(owner, name)
        for rename in self.state.renames:
            if _key(rename.owner, rename.name) == key:
                return self.state.repositories.get(rename.repository)
        return None

    def path(self, owner: str, name: str) -> Path:
        """The folder of the bare repository."""
        return self.root / "repositories" / owner / f"{name}.git"

    def git(self, repository: Repository) -> pygit2.Repository:
        """The bare repository, kept open."""
        if repository.id not in self._opened:
            path = self.path(repository.owner, repository.name)
            self._opened[repository.id] = pygit2.Repository(str(path))
        return self._opened[repository.id]

    def create_repository(
        self,
        owner: str,
        name: str,
        files: Mapping[str, bytes] | None = None,
        *,
        private: bool = False,
        default_branch: str = "main",
    ) -> Repository:
        """A new repository; with files it has one commit, without it is empty."""
        _check(owner)
        _check(name)
        if self.find(owner, name) is not None:
            raise ConfigurationError(f"{owner}/{name}: is there already")
        if self.user(owner) is None:
            self.add_organisation(owner)
        path = self.path(owner, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        git = gitwork.create(path, default_branch)
        record = self.register(owner, name, private=private, default_branch=default_branch)
        self._opened[record.id] = git
        if files:
            changes = [gitwork.Change(path, content) for path, content in sorted(files.items())]
            tree = gitwork.write_tree(git, None, changes)
            person = gitwork.Person(ADMIN, f"{ADMIN}@sandbox.test")
            gitwork.commit(git, default_branch, None, tree, "Begin", person, person)
        return record

    def register(
        self, owner: str, name: str, *, private: bool = False, default_branch: str = "main"
    ) -> Repository:
        """Know a repository whose folder is made by other means."""
        record = self.state.repositories.put(
            Repository(
                id=self.state.repositories.next_id(),
                owner=owner,
                name=name,
                default_branch=default_branch,
                private=private,
                created_at=self.now(),
                updated_at=self.now(),
            )
        )
        self._by_name[_key(owner, name)] = record
        return record

    def commit_file(
        self,
        owner: str,
        name: str,
        path: str,
        content: bytes | None,
        message: str = "edit",
        branch: str | None = None,
        mode: int | None = None,
    ) -> str:
        """Commit one file straight into the repository, as somebody else would."""
        record = self._must(owner, name)
        git = self.git(record)
        branch = branch or record.default_branch
        head = gitwork.head_of(git, branch)
        start = git[head] if head else None
        base = start.peel(pygit2.Commit).tree if start is not None else None
        tree = gitwork.write_tree(git, base, [gitwork.Change(path, content, mode)])
        person = gitwork.Person("Somebody", "somebody@sandbox.test")
        made = gitwork.commit(git, branch, head, tree, message, person, person)
        self.touch(record)
        return made

    def read_file(self, owner: str, name: str, path: str, branch: str | None = None) -> bytes:
        """A file's bytes. Raises KeyError where there is none."""
        record = self._must(owner, name)
        git = self.git(record)
        head = gitwork.head_of(git, branch or record.default_branch)
        commit = gitwork.commit_of(git[head]) if head else None
        found = gitwork.lookup(commit.tree, path) if commit else None
        if not isinstance(found, pygit2.Blob):
            raise KeyError(path)
        return found.data

    def rename(self, owner: str, name: str, to: str) -> Repository:
        """Give a repository another name; the old one redirects from now on."""
        _check(to)
        record = self._must(owner, name)
        if self.find(owner, to) is not None:
            raise ConfigurationError(f"{owner}/{to}: is there already")
        opened = self._opened.pop(record.id, None)
        if opened is not None:
            opened.free()
        self.path(owner, name).rename(self.path(record.owner, to))
        del self._by_name[_key(owner, name)]
        self.state.renames.put(
            Rename(id=self.state.renames.next_id(), owner=owner, name=name, repository=record.id)
        )
        record.name = to
        self._by_name[_key(owner, to)] = record
        self.touch(record)
        return self.state.repositories.put(record)

    def archive(self, owner: str, name: str, *, archived: bool = True) -> None:
        """Make a repository read-only."""
        record = self._must(owner, name)
        record.archived = archived
        self.state.repositories.put(record)

    def delete(self, owner: str, name: str) -> None:
        """Take a repository away."""
        record = self._must(owner, name)
        opened = self._opened.pop(record.id, None)
        if opened is not None:
            opened.free()
        del self._by_name[_key(record.owner, record.name)]
        self.state.renames.remove_where(lambda rename: rename.repository == record.id)
        self.state.repositories.remove(record)
        shutil.rmtree(self.path(record.owner, record.name))

    def protect(self, owner: str, name: str, branch: str = "main") -> None:
        """Let nobody push to a branch."""
        record = self._must(owner, name)
        rule = {"rule_name": branch, "branch_name": branch, "enable_push": False}
        number = self.state.protections.next_id()
        self.state.protections.put(Protection(id=number, repository=record.id, rule=rule))

    def collaborate(self, owner: str, name: str, login: str, permission: str) -> None:
        """Give a user ``read``, ``write`` or ``admin`` on a repository."""
        record = self._must(owner, name)
        record.collaborators = {**record.collaborators, login: permission}
        self.state.repositories.put(record)

    def touch(self, record: Repository) -> None:
        """A write was done: ``updated_at`` follows, later."""
        self.settle(record)
        record.touched_at = self.clock()
        self.state.repositories.put(record)

    def settle(self, record: Repository) -> None:
        """Let ``updated_at`` catch up where its time has come."""
        if record.touched_at and self.clock() >= record.touched_at + UPDATED_AT_LAG:
            record.updated_at = gitwork.iso(record.touched_at + UPDATED_AT_LAG)
            record.touched_at = 0.0

    def _must(self, owner: str, name: str) -> Repository:
        record = self.find(owner, name)
        if record is None:
            raise ConfigurationError(f"{owner}/{name}: no such repository in the sandbox")
        return record

    @contextlib.contextmanager
    def bulk(self) -> Iterator[None]:
        """Many records in one transaction."""
        self.state.begin()
        try:
            yield
        finally:
            self.state.commit()


def _check(name: str) -> None:
    """Names become folders: only what a real Gitea allows (AlphaDashDot)."""
    if _NAME.fullmatch(name) is None or name in (".", "..") or name.endswith((".git", ".wiki")):
        raise ConfigurationError(f"{name[:60]!a}: is no name for an owner or a repository")


def _key(owner: str, name: str) -> tuple[str, str]:
    return owner.lower(), name.lower()
