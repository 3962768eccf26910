"""What is said of one release before the cascade: its number, its publishing, its waiting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tailrace.index.wait import EXIT_CODES, Waited, WaitState
from tailrace.publish.number import Chosen, Number
from tailrace.publish.run import Published, PublishState
from tailrace.report.escape import for_terminal, lines_for_terminal
from tailrace.report.words import some

_DID = {
    PublishState.PUBLISHED: "published",
    PublishState.THERE_ALREADY: "is on the index already, with the same bytes",
    PublishState.CHECKED: "builds and works; nothing was uploaded",
}


def of_number(number: Number, tag: str | None) -> dict[str, Any]:
    """JSON of a chosen version."""
    chosen = isinstance(number, Chosen)
    return {
        "schema": "tailrace/version/1",
        "release": chosen,
        "version": number.version if isinstance(number, Chosen) else None,
        "tag": tag,
        "reason": number.source if isinstance(number, Chosen) else number.reason,
    }


def outputs_of_number(number: Number, tag: str | None) -> str:
    """The lines for GITHUB_OUTPUT."""
    if isinstance(number, Chosen):
        return f"release=true\nversion={number.version}\ntag={tag or ''}\n"
    return "release=false\nversion=\ntag=\n"


def of_published(published: Published) -> dict[str, Any]:
    """JSON of a publish."""
    return {
        "schema": "tailrace/publish/1",
        "package": published.release.package,
        "version": published.release.version,
        "state": str(published.state),
        "tag": published.tag,
        "tried": list(published.tried),
        "uploaded": list(published.uploaded),
        "files": [
            {
                "name": artifact.path.name,
                "path": str(artifact.path),
                "sha256": artifact.sha256,
                "size": artifact.size,
            }
            for artifact in published.artifacts
        ],
    }


def outputs_of_published(published: Published) -> str:
    """The lines for GITHUB_OUTPUT."""
    return f"state={published.state}\nversion={published.release.version}\n"


def published_lines(published: Published) -> Iterator[str]:
    """Each file, what was tried, and how it ended."""
    for artifact in published.artifacts:
        word = "uploaded" if artifact.path.name in published.uploaded else "there"
        if published.state is PublishState.CHECKED:
            word = "built"
        yield f"{word:<8}  {for_terminal(artifact.path.name, 55)}  {artifact.sha256[:12]}"
    for tried in published.tried:
        yield f"tried     {for_terminal(tried, 66)}"
    if published.tag is not None:
        yield f"tag       {for_terminal(published.tag, 66)}"
    yield f"{published.release} {_DID[published.state]}"


def of_waited(waited: Waited) -> dict[str, Any]:
    """JSON of a wait."""
    return {
        "schema": "tailrace/wait/1",
        "package": waited.release.package,
        "version": waited.release.version,
        "index": waited.index,
        "state": str(waited.state),
        "exit_code": int(EXIT_CODES[waited.state]),
        "detail": waited.detail,
        "seconds": round(waited.took, 3),
        "reads": waited.reads,
        "file": waited.file,
        "sha256": waited.sha256,
    }


def outputs_of_waited(waited: Waited) -> str:
    """The lines for GITHUB_OUTPUT."""
    return f"state={waited.state}\nversion={waited.release.version}\n"


def waited_lines(waited: Waited) -> Iterator[str]:
    """How it ended, how long it took, and what was checked."""
    cost = f"{waited.took:.1f} s, {some(waited.reads, 'read')}"
    if waited.state is WaitState.INSTALLABLE:
        yield f"installable  {waited.release}  {cost}"
        yield f"    {for_terminal(waited.file or '', 70)}"
        yield f"    sha256 {waited.sha256}"
        return
    yield f"{waited.state}  {waited.release}  {cost}"
    for line in lines_for_terminal(waited.detail):
        yield f"    {line}"
