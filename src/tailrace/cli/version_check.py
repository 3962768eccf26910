"""``tailrace version-check``: the gate alone."""

from __future__ import annotations

import click

from tailrace.versions import VersionPolicy, gate


@click.command("version-check", short_help="The version gate alone, for shell scripts.")
@click.argument("version")
@click.option(
    "--policy",
    type=click.Choice([policy.value for policy in VersionPolicy]),
    default=VersionPolicy.STRICT.value,
    show_default=True,
    help="strict: N.N.N with an optional rcN, aN, bN, .postN, .devN.",
)
def command(version: str, policy: str) -> None:
    """Print VERSION and end with 0 if the gate lets it through; else end with 2.

    \b
    Example:
      version=$(tailrace version-check "$TAG") || exit
    """
    click.echo(gate(version, VersionPolicy(policy)))
