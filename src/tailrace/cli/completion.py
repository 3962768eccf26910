"""``tailrace completion``: the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from tailrace.errors import ConfigurationError


@click.command("completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    Examples:
      eval "$(tailrace completion bash)"
      tailrace completion zsh > "${fpath[1]}/_tailrace"
      tailrace completion fish > ~/.config/fish/completions/tailrace.fish
    """
    from tailrace.cli.group import tailrace

    found = get_completion_class(shell)
    if found is None:
        raise ConfigurationError(f"no completion for {shell}")
    click.echo(found(tailrace, {}, "tailrace", "_TAILRACE_COMPLETE").source())
