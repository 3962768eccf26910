"""The options that commands share, and what they open: the fleet, the token, the forge."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from tailrace.errors import ConfigurationError
from tailrace.forges.base import Forge
from tailrace.model import Release, Strategy
from tailrace.settings import Fleet

F = TypeVar("F", bound=Callable[..., Any])


fleet_file_option = click.option(
    "--fleet",
    "-f",
    "fleet_file",
    type=click.Path(path_type=Path),
    default=Path("tailrace.toml"),
    envvar="TAILRACE_FLEET",
    show_default=True,
    metavar="FILE",
    help="The fleet file.",
)


def fleet_options(function: F) -> F:
    """Which fleet, and which of its downstreams."""
    for option in (
        click.option(
            "--only",
            multiple=True,
            metavar="NAME",
            help="This downstream only; may be repeated.",
        ),
        click.option(
            "--list",
            "list_name",
            metavar="NAME",
            help="With --manifest: the list in it, such as workspace_templates.",
        ),
        click.option(
            "--manifest",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Take the downstreams from this manifest.json instead.",
        ),
        fleet_file_option,
    ):
        function = option(function)
    return function


def report_options(function: F) -> F:
    """How a run is reported."""
    for option in (
        click.option(
            "--junit",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Write JUnit XML to this file as well.",
        ),
        click.option("--json", "as_json", is_flag=True, help="JSON on standard output."),
    ):
        function = option(function)
    return function


_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(s|m|h|)")
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def duration(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Seconds of a text such as ``90``, ``90s``, ``10m`` or ``1h``, for an option."""
    if value is None:
        return None
    found = _DURATION.fullmatch(value)
    seconds = float(found.group(1)) * _SECONDS[found.group(2)] if found else 0.0
    if not 0 < seconds <= _SECONDS["h"] * 24:
        raise click.BadParameter(f"{value!r} is no time up to 24h, such as 90s, 10m or 1h")
    return seconds


deadline_option = click.option(
    "--deadline",
    callback=duration,
    default="1h",
    show_default=True,
    metavar="TIME",
    help="How long the run may take; then it stops and reports.",
)


def open_fleet(
    fleet_file: Path,
    *,
    manifest: Path | None = None,
    list_name: str | None = None,
    only: tuple[str, ...] = (),
    strategy: str | None = None,
) -> Fleet:
    """The fleet that the options name. Raises `ConfigurationError`."""
    from tailrace.fleet.file import read_fleet

    if (manifest is None) != (list_name is None):
        raise ConfigurationError("--manifest and --list go together")
    fleet = read_fleet(fleet_file, manifest=manifest, list_name=list_name)
    if only:
        known = {downstream.name for downstream in fleet.downstreams}
        strange = [name for name in only if name not in known]
        if strange:
            raise ConfigurationError(
                f"--only {strange[0]}: no downstream of that name in {fleet.source}"
                f"\n  there are: {', '.join(sorted(known)[:20])}"
            )
        chosen = tuple(d for d in fleet.downstreams if d.name in only)
        fleet = replace(fleet, downstreams=chosen)
    if strategy is not None:
        by_name = Strategy(strategy)
        changed = tuple(replace(d, strategy=by_name) for d in fleet.downstreams)
        fleet = replace(fleet, downstreams=changed)
    return fleet


def release_of(fleet: Fleet, version: str) -> Release:
    """The release that the argument names, through the gate. Raises `BadVersion`."""
    from tailrace.versions import gate

    return Release(fleet.package, gate(version, fleet.policy.versions))


def token_of(fleet: Fleet) -> str | None:
    """The token, from the environment or the file that the fleet file names."""
    from tailrace.forges.open import read_token

    return read_token(fleet.forge, os.environ)


def forge_of(fleet: Fleet, token: str | None) -> Forge:
    """The fleet's forge, not yet connected."""
    from tailrace.forges.open import open_forge

    return open_forge(fleet.forge, token)
