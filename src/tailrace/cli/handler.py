"""The one place where an error becomes a message and an exit code."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from collections.abc import Sequence

import click

from tailrace.cli.group import tailrace
from tailrace.errors import ExitCode, TailraceError


def run(arguments: Sequence[str]) -> int:
    """Run the command line ``arguments``; the exit code to end with."""
    try:
        code = tailrace.main(list(arguments), prog_name="tailrace", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return int(code or ExitCode.CONVERGED)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except (KeyboardInterrupt, asyncio.CancelledError, click.Abort):
        click.echo(
            "\ninterrupted\n  next: run the same command again; a cascade writes only what differs",
            err=True,
        )
        return ExitCode.INTERRUPTED
    except TailraceError as error:
        from tailrace.cli.output import say_error

        say_error(error)
        return int(error.exit_code)
    except (BrokenPipeError, SystemExit):
        # The reader went away (`| head`), which click turns into exit code 1, "not converged".
        _to_nowhere()
        return ExitCode.UNKNOWN
    except OSError as error:
        _to_nowhere()
        where = error.filename or "standard output"
        click.echo(f"error: {where!a}: {error.strerror}", err=True)
        return ExitCode.UNKNOWN
    except Exception:  # noqa: BLE001 - a bug of ours: Python's own code, 1, says "not converged"
        traceback.print_exc()
        click.echo("tailrace: this is a bug; please report the lines above", err=True)
        return ExitCode.UNKNOWN


def _to_nowhere() -> None:
    """Keep the interpreter from failing once more over standard output when it ends."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
