"""``tailrace sandbox``: the embedded forge."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path

import click

from tailrace.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the server is to be like."""

    data: Path
    many: int | None
    host: str
    port: int
    write_cost: float
    writers: int
    with_index: bool


@click.command("sandbox", short_help="Run the embedded forge, on a loopback port.")
@click.option(
    "--fleet",
    "-f",
    "fleet_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="JSON of the fleet to seed.  [default: the six templates of the incident]",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path(".tailrace/sandbox"),
    show_default=True,
    metavar="DIR",
    help="Where it is kept, across restarts.",
)
@click.option(
    "--many", type=click.IntRange(1, 100_000), metavar="N", help="Seed N equal repositories."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8730, show_default=True)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="SPEC",
    help="A fault, such as status=503,match=^PUT,times=2; may be repeated.",
)
@click.option(
    "--write-cost",
    type=click.FloatRange(0, 60),
    default=0.0,
    metavar="SECONDS",
    help="What a write costs, --writers at a time; a real Gitea: 0.4.",
)
@click.option(
    "--writers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="How many writes are worked on at once: the server's cores.",
)
@click.option("--no-index", is_flag=True, help="Only the forge, without a package index.")
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the address there once it answers.",
)
def command(
    fleet_file: Path | None,
    data: Path,
    many: int | None,
    host: str,
    port: int,
    faults: tuple[str, ...],
    write_cost: float,
    writers: int,
    ready_file: Path | None,
    *,
    no_index: bool,
) -> None:
    """Run a forge that answers as a recorded Gitea 1.22, until it is interrupted.

    Real bare Git repositories in DIR: clone from it, push to it, run the other
    commands against it. DIR/tailrace.toml is a fleet file for it, DIR/token its
    token; the page at its address lists the fleet. Beside it a pypiserver has
    the package at the version that the fleet is at; the token uploads there.

    \b
    Faults: latency=S, status=N[,retry-after=S], drop, lost-answer, slow-body=S,
    truncated-json, html, wrong-json, redirect=URL, throttle=N; each with
    match=REGEX on "METHOD path", times=N, after=N, every=N.

    \b
    Examples:
      tailrace sandbox
      tailrace sandbox --fault "lost-answer,match=^PUT,times=1" --port 0
    """
    try:
        import pygit2  # noqa: F401 - is it there?
        import pypiserver  # noqa: F401 - is it there?
        import starlette  # noqa: F401 - is it there?
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the sandbox needs {error.name}\n  next: pip install 'tailrace[sandbox]'"
        ) from error
    asked = _Asked(
        data,
        many,
        host,
        port,
        write_cost,
        writers,
        with_index=not no_index and many is None,
    )
    asyncio.run(_serve(asked, fleet_file, faults, ready_file))


async def _serve(
    asked: _Asked, fleet_file: Path | None, faults: tuple[str, ...], ready_file: Path | None
) -> None:
    from tailrace.sandbox.faults import Fault
    from tailrace.sandbox.seed import fill, read_fleet_json, six_templates
    from tailrace.sandbox.server import LOOPBACK, SandboxServer

    parsed = [Fault.parse(text) for text in faults]
    fleet = six_templates() if fleet_file is None else read_fleet_json(fleet_file)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    made = SandboxServer(
        asked.data,
        asked.host,
        asked.port,
        parsed,
        asked.write_cost,
        writers=asked.writers,
        with_index=asked.with_index,
    )
    async with made as server:
        if asked.many is not None:
            click.echo(f"seeding {asked.many} repositories (about 250 a second) ...", err=True)
        new = fill(server.forge, server.url, fleet, asked.many, server.index)
        click.echo(f"sandbox: {server.url}  (the page lists the fleet)")
        if not new:
            click.echo("  kept from before; another --data begins anew")
        if server.index is not None:
            click.echo(f"  index       {server.index.simple_url}")
        click.echo(f"  fleet file  {asked.data / 'tailrace.toml'}")
        click.echo(f"  token       {asked.data / 'token'}")
        click.echo(f'  next: cd {asked.data} && export TAILRACE_TOKEN="$(cat token)"')
        if asked.host not in LOOPBACK:
            click.echo(
                f"  warning: {asked.host} can be reached by others; the token guards it", err=True
            )
        if ready_file is not None:
            _say_ready(ready_file, server.url)
        await stop.wait()
    click.echo("sandbox: stopped; what it has is kept in " + str(asked.data))


def _say_ready(file: Path, url: str) -> None:
    try:
        file.write_text(f"{url}\n")
    except OSError as error:
        raise ConfigurationError(
            f"{file}: cannot be written: {error.strerror}\n  next: name another --ready-file"
        ) from error
