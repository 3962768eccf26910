"""Where the sandbox keeps its records: one SQLite file, which survives a kill at any instant."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec

from tailrace.sandbox import records


class _Record(Protocol):
    id: int


R = TypeVar("R", bound=_Record)


class Table(Generic[R]):
    """All records of one kind: read from memory, written through."""

    def __init__(self, database: sqlite3.Connection, kind: str, shape: type[R]) -> None:
        self._database = database
        self._kind = kind
        rows = database.execute("SELECT body FROM records WHERE kind = ? ORDER BY id", (kind,))
        decoded = (msgspec.json.decode(body, type=shape) for (body,) in rows)
        self._records: dict[int, R] = {record.id: record for record in decoded}
        self._last = max(self._records, default=0)

    def __iter__(self) -> Iterator[R]:
        return iter(list(self._records.values()))

    def __len__(self) -> int:
        return len(self._records)

    def get(self, number: int) -> R | None:
        """The record with this id."""
        return self._records.get(number)

    def next_id(self) -> int:
        """An id that no record has had."""
        self._last += 1
        return self._last

    def put(self, record: R) -> R:
        """Keep ``record``, new or changed."""
        body = msgspec.json.encode(record)
        self._database.execute(
            "INSERT OR REPLACE INTO records (kind, id, body) VALUES (?, ?, ?)",
            (self._kind, record.id, body),
        )
        self._records[record.id] = record
        self._last = max(self._last, record.id)
        return record

    def remove(self, record: R) -> None:
        """Forget ``record``."""
        self._database.execute(
            "DELETE FROM records WHERE kind = ? AND id = ?", (self._kind, record.id)
        )
        self._records.pop(record.id, None)

    def remove_where(self, is_gone: Callable[[R], bool]) -> None:
        """Forget every record that ``is_gone`` says."""
        for record in self:
            if is_gone(record):
                self.remove(record)


class State:
    """Every table, in one file."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS records"
            " (kind TEXT, id INTEGER, body BLOB, PRIMARY KEY (kind, id)) WITHOUT ROWID"
        )
        database = self._database
        self.users = Table(database, "user", records.User)
        self.tokens = Table(database, "token", records.Token)
        self.repositories = Table(database, "repository", records.Repository)
        self.protections = Table(database, "protection", records.Protection)
        self.labels = Table(database, "label", records.Label)
        self.statuses = Table(database, "status", records.Status)
        self.issues = Table(database, "issue", records.Issue)
        self.comments = Table(database, "comment", records.Comment)
        self.teams = Table(database, "team", records.Team)
        self.hooks = Table(database, "hook", records.Hook)
        self.renames = Table(database, "rename", records.Rename)
        self.secrets = Table(database, "secret", records.Secret)

    def begin(self) -> None:
        """Begin one transaction, for seeding many."""
        self._database.execute("BEGIN")

    def commit(self) -> None:
        """End that transaction."""
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()
