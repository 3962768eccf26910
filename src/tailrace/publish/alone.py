"""One run at a time in a folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tailrace.errors import NotPublished
from tailrace.model import Release


@contextmanager
def alone_in(folder: Path, release: Release, does: str) -> Iterator[None]:
    """Within it, no other tailrace ``does`` that in this folder. Raises `NotPublished`."""
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NotPublished(
                f"{release}: another run {does} this folder right now\n  {folder}"
                "\n  next: run this again when it has ended"
            ) from error
        except OSError:
            # A file system that knows no locks.
            pass
        yield
    finally:
        os.close(opened)
