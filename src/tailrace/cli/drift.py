"""``tailrace drift``: the list against the world."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from tailrace.cli.options import fleet_file_option, forge_of, open_fleet, token_of
from tailrace.runs import DriftReport


@click.command("drift", short_help="Compare the fleet's list with the world.")
@fleet_file_option
@click.option(
    "--manifest",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Compare with this manifest.json as well.",
)
@click.option(
    "--list",
    "list_name",
    default="workspace_templates",
    show_default=True,
    metavar="NAME",
    help="The list in the manifest.",
)
@click.option(
    "--workflow",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Compare with the list in this publishing workflow as well.",
)
@click.option(
    "--workflow-list",
    default="TEMPLATES",
    show_default=True,
    metavar="NAME",
    help='The variable in the workflow: NAME="a b c".',
)
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def command(
    fleet_file: Path,
    manifest: Path | None,
    list_name: str,
    workflow: Path | None,
    workflow_list: str,
    *,
    as_json: bool,
) -> int:
    """Compare the fleet's list with the forge, a manifest and a workflow.

    Finds listed repositories that are gone, renamed, archived or without a
    consumer, or with one that would not start on what a cascade writes; and
    consumers that nobody listed ([discovery] in the fleet file). Ends with 1
    if there is any drift, and with 3 if some could not be read.

    \b
    Examples:
      tailrace drift
      tailrace drift --manifest manifest.json
      tailrace drift --workflow .gitea/workflows/publish.yml
    """
    from tailrace.cli.output import show_drift, watching
    from tailrace.drift.consumers import Consumers
    from tailrace.drift.find import find_drift
    from tailrace.drift.lists import read_workflow_list
    from tailrace.fleet.manifest import read_manifest
    from tailrace.lint.target import of_fleet

    fleet = open_fleet(fleet_file)
    entries = read_manifest(manifest, list_name) if manifest is not None else None
    inline = read_workflow_list(workflow, workflow_list) if workflow is not None else None

    async def drift() -> DriftReport:
        with watching(fleet) as watch:
            async with forge_of(fleet, token_of(fleet)) as forge:
                return await find_drift(
                    fleet,
                    forge,
                    Consumers(fleet, forge, of_fleet(fleet), datetime.now(UTC).date()),
                    manifest=entries,
                    manifest_name=str(manifest),
                    workflow=inline,
                    watch=watch,
                )

    return show_drift(asyncio.run(drift()), as_json=as_json)
