"""The sandbox's one page: the fleet at a glance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pygit2
from jinja2 import Environment, PackageLoader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tailrace.sandbox import gitwork
from tailrace.sandbox.records import Repository
from tailrace.sandbox.store import Store

#: Rows that one page shows; a fleet of 10,000 is not for reading.
MOST_ROWS = 500
_FOLDERS = (".gitea/workflows", ".forgejo/workflows", ".github/workflows")
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What the page says of one repository."""

    name: str
    branch: str
    pin: str
    consumers: tuple[str, ...]
    commit: str
    subject: str
    clone: str


def page(store: Store, base: Callable[[], str]) -> Starlette:
    """The application that answers at ``/``. Private repositories are not on it."""
    environment = Environment(loader=PackageLoader("tailrace.sandbox"), autoescape=True)
    template = environment.get_template("fleet.html")

    async def show(request: Request) -> Response:
        public = [r for r in store.state.repositories if not r.private]
        rows = [_row(store, repository, base()) for repository in public[:MOST_ROWS]]
        html = template.render(rows=rows, total=len(public), url=base())
        return HTMLResponse(html, headers=_HEADERS)

    return Starlette(routes=[Route("/", show)])


def _row(store: Store, repository: Repository, base: str) -> Row:
    git = store.git(repository)
    head = gitwork.head_of(git, repository.default_branch)
    commit = gitwork.commit_of(git[head]) if head else None
    pin, consumers = "", []
    if commit is not None:
        found = gitwork.lookup(commit.tree, ".runtime-version")
        if isinstance(found, pygit2.Blob):
            pin = repr(found.data[:80].decode(errors="replace"))[1:-1]
        for folder in _FOLDERS:
            inside = gitwork.lookup(commit.tree, folder)
            if isinstance(inside, pygit2.Tree):
                consumers += [f"{folder}/{item.name}" for item in inside]
    return Row(
        name=repository.full_name + (" (archived)" if repository.archived else ""),
        branch=repository.default_branch,
        pin=pin,
        consumers=tuple(consumers),
        commit=head[:7] if head else "empty",
        subject=commit.message.split("\n")[0][:80] if commit else "",
        clone=f"{base}/{repository.full_name}.git",
    )
