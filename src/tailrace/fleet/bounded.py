"""Reading a file that somebody else may have made."""

from __future__ import annotations

from pathlib import Path

from tailrace.errors import ConfigurationError


def read_bounded(file: Path, limit: int, next_step: str = "correct the path") -> bytes:
    """The file's bytes, at most ``limit``. Raises `ConfigurationError` with the next step."""
    try:
        with file.open("rb") as opened:
            data = opened.read(limit + 1)
    except FileNotFoundError as error:
        raise ConfigurationError(f"{file}: is not there\n  next: {next_step}") from error
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from error
    if len(data) > limit:
        raise ConfigurationError(f"{file}: more than {limit:,} bytes")
    return data
