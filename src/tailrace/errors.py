"""The root of the error tree, and the exit codes that scripts can trust."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command ends with (the contract in docs/exit-codes.md)."""

    CONVERGED = 0
    NOT_CONVERGED = 1
    USAGE = 2
    UNKNOWN = 3
    #: By SIGINT; a SIGTERM ends with 143.
    INTERRUPTED = 130


class TailraceError(Exception):
    """Anything that a command ends with; its text is for the person who has to act."""

    exit_code: int = ExitCode.UNKNOWN


class NotPublished(TailraceError):
    """A release that is not published, and why; nothing was overwritten."""

    exit_code = ExitCode.NOT_CONVERGED


class ConfigurationError(TailraceError):
    """Wrong usage, or a fleet file, manifest or option that cannot be used."""

    exit_code = ExitCode.USAGE
