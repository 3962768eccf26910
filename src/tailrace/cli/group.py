"""The group of commands: each is imported only when it is asked for."""

from __future__ import annotations

import difflib
import importlib
from typing import Final

import click

from tailrace import __version__

#: Every command, in the order in which a newcomer meets them, with its line of help.
COMMANDS: Final = {
    "init": "Write a commented tailrace.toml.",
    "version": "Which version comes next.",
    "publish": "Build, check, try and upload a release.",
    "wait": "Wait until consumers can install a release.",
    "plan": "Show what a cascade would do, and what it costs.",
    "cascade": "Carry a release to every downstream and read it back.",
    "verify": "Read every downstream; fail unless all have the release.",
    "watch": "Verify again and again; say what changes.",
    "lint": "Find workflows that do not do what they seem to do.",
    "drift": "Compare the fleet's list with the world.",
    "doctor": "Check the forge, the token and every repository.",
    "sandbox": "Run the embedded forge, on a loopback port.",
    "version-check": "The version gate alone, for shell scripts.",
    "schema": "Print the JSON Schema of tailrace.toml.",
    "completion": "Print the completion script of a shell.",
}

EPILOG = """\b
Exit codes:
  0  converged, or skipped on purpose
  1  not converged
  2  wrong usage or configuration
  3  could not tell: forge not reachable, token refused
  130, 143  stopped by SIGINT, SIGTERM

\b
Examples:
  tailrace init
  version=$(tailrace version next) && tailrace publish "$version"
  tailrace plan 0.1.1001
  tailrace cascade 0.1.1001
  tailrace verify 0.1.1001 --json
"""


class LazyGroup(click.Group):
    """Knows the commands' names and help; imports a command when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"tailrace.cli.{cmd_name.replace('-', '_')}")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"tailrace.cli.{cmd_name} has no command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            if close:
                text = f"{error.message} Did you mean {close[0]!r}?"
                raise click.UsageError(text, ctx) from error
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.version_option(__version__, message="tailrace %(version)s")
def tailrace() -> None:
    """Carries a release to every repository that pins it, and proves it."""
