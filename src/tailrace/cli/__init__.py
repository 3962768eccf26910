"""The command. ``main`` only dispatches: one file per command, one error handler."""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point ``tailrace``. Ends the process with the command's exit code."""
    if sys.argv[1:] == ["--version"]:
        # Answered before anything heavy is imported: shell scripts ask this in loops.
        from tailrace import __version__

        print(f"tailrace {__version__}")  # noqa: T201
        return
    from tailrace.cli.handler import run

    sys.exit(run(sys.argv[1:]))
