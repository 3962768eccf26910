"""``tailrace schema``: the JSON Schema of the fleet file, for editors."""

from __future__ import annotations

import json

import click


@click.command("schema", short_help="Print the JSON Schema of tailrace.toml.")
def command() -> None:
    """Print the JSON Schema of tailrace.toml.

    \b
    Example, for editors that read a schema (Taplo, Even Better TOML):
      tailrace schema > tailrace.schema.json
      then begin tailrace.toml with: #:schema ./tailrace.schema.json
    """
    from tailrace.fleet.schema import fleet_schema

    click.echo(json.dumps(fleet_schema(), indent=2))
