"""Filling a sandbox: with the fleet of a JSON file, or with very many repositories."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tailrace.errors import ConfigurationError
from tailrace.sandbox import gitwork
from tailrace.sandbox.index_process import IndexProcess
from tailrace.sandbox.package import newest, source_files, wheel
from tailrace.sandbox.store import ADMIN, Store

_LIMIT = 16 * 1024 * 1024

WORKFLOW = """\
name: publish-image
on:
  push:
    branches: [main]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Read the pin
        run: |
          version=$(head -n1 .runtime-version | tr -d '[:space:]')
          echo "building with $version"
"""


class Member(msgspec.Struct):
    """One repository of a fleet to seed."""

    name: str
    repo: str
    pin: str | None = None
    consumers: list[str] = []


class FleetToSeed(msgspec.Struct):
    """The shape of ``fleets/six-templates.json``; what else stands there is not needed."""

    package: str
    owner: str
    downstreams: list[Member]
    no_consumer: list[Member] = []

    @property
    def members(self) -> list[Member]:
        """All of them."""
        return [*self.downstreams, *self.no_consumer]


def six_templates() -> dict[str, Any]:
    """The fleet of the incident, which comes with the package."""
    text = (Path(__file__).parent / "fleets" / "six-templates.json").read_text()
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def read_fleet_json(file: Path) -> dict[str, Any]:
    """A fleet to seed, from a file. Raises `ConfigurationError`."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(_LIMIT + 1)
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from error
    if len(raw) > _LIMIT:
        raise ConfigurationError(f"{file}: more than {_LIMIT} bytes")
    try:
        loaded = msgspec.json.decode(raw, type=dict[str, Any])
        msgspec.convert(loaded, FleetToSeed)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ConfigurationError(f"{file}: is no fleet to seed: {error}") from error
    return loaded


def seed(store: Store, fleet_json: dict[str, Any]) -> None:
    """Make every repository of the fleet that is not there yet."""
    fleet = msgspec.convert(fleet_json, FleetToSeed)
    for member in fleet.members:
        if store.find(fleet.owner, member.repo) is not None:
            continue
        files = {"README.md": f"# {member.repo}\n".encode()}
        if member.pin is not None:
            files[".runtime-version"] = member.pin.encode()
        files |= {path: WORKFLOW.encode() for path in member.consumers}
        store.create_repository(fleet.owner, member.repo, files)


def seed_package(store: Store, fleet_json: dict[str, Any], index: IndexProcess) -> None:
    """The package's own repository, and on the index the release that the fleet is at."""
    fleet = msgspec.convert(fleet_json, FleetToSeed)
    version = newest([member.pin for member in fleet.members])
    if store.find(fleet.owner, fleet.package) is None:
        files = source_files(fleet.package, version)
        store.create_repository(fleet.owner, fleet.package, files)
    name, content = wheel(fleet.package, version)
    if not (index.folder / name).exists():
        (index.folder / name).write_bytes(content)


def fleet_toml(fleet_json: dict[str, Any], url: str, index: IndexProcess | None = None) -> str:
    """The text of a ``tailrace.toml`` for the seeded fleet at ``url``."""
    fleet = msgspec.convert(fleet_json, FleetToSeed)
    members = [(member.name, member.repo) for member in fleet.members]
    return toml_of(fleet.package, fleet.owner, url, members, index)


def fill(
    store: Store,
    url: str,
    fleet_json: dict[str, Any],
    many: int | None,
    index: IndexProcess | None = None,
) -> bool:
    """Seed a new sandbox, and leave a fleet file beside it; whether there was anything to seed.

    One that has repositories is left as it is: what was renamed or deleted there stays so.
    """
    new = len(store.state.repositories) == 0
    if many is not None:
        package, owner = str(fleet_json["package"]), str(fleet_json["owner"])
        members = seed_many(store, owner, many, str(fleet_json.get("release", "1.0.0")))
        text = toml_of(package, owner, url, members)
    else:
        if new:
            seed(store, fleet_json)
            if index is not None:
                seed_package(store, fleet_json, index)
        text = fleet_toml(fleet_json, url, index)
    file = store.root / "tailrace.toml"
    if file.exists():
        text = _moved(file.read_text(), url, index)
    file.write_text(text)
    return new


def _moved(text: str, url: str, index: IndexProcess | None) -> str:
    """A fleet file that may have been edited since: only the addresses are ours to change."""
    text = re.sub(r"^url = .*$", f"url = {json.dumps(url)}", text, count=1, flags=re.MULTILINE)
    if index is not None:
        for key, value in (("url", index.simple_url), ("upload-url", index.upload_url)):
            line = rf"\g<1>{key} = {json.dumps(value)}"
            text = re.sub(rf"(^\[index\][^\[]*?^){key} = .*$", line, text, flags=re.MULTILINE)
    return text


def toml_of(
    package: str,
    owner: str,
    url: str,
    members: Sequence[tuple[str, str]],
    index: IndexProcess | None = None,
) -> str:
    """The text of a ``tailrace.toml`` for these short names and repositories."""
    quoted = json.dumps
    lines = [
        f"package = {quoted(package)}",
        "",
        "[forge]",
        'kind = "gitea"',
        f"url = {quoted(url)}",
        f"owner = {quoted(owner)}",
        "",
        "[discovery]",
        f"owner = {quoted(owner)}",
    ]
    if index is not None:
        lines += [
            "",
            "[index]",
            f"url = {quoted(index.simple_url)}",
            f"upload-url = {quoted(index.upload_url)}",
            "",
            "[publish]",
            'source = "runtime"',
            f"repo = {quoted(package)}",
        ]
    for name, repository in members:
        lines += ["", "[[downstream]]", f"name = {quoted(name)}", f"repo = {quoted(repository)}"]
    return "\n".join(lines) + "\n"


def seed_many(store: Store, owner: str, count: int, version: str) -> list[tuple[str, str]]:
    """``count`` repositories that pin ``version``; their short names and repositories.

    One is committed; the others are copies of its few files, which is what makes this fast.
    """
    files = {
        "README.md": b"# one of many\n",
        ".runtime-version": f"{version}\n".encode(),
        ".gitea/workflows/publish-image.yml": WORKFLOW.encode(),
    }
    members = [(f"d{number:05}", f"d{number:05}") for number in range(count)]
    store.add_organisation(owner)
    missing = [repository for _, repository in members if store.find(owner, repository) is None]
    if not missing:
        return members
    first = store.path(owner, missing[0])
    person = gitwork.Person(ADMIN, f"{ADMIN}@sandbox.test")
    first.parent.mkdir(parents=True, exist_ok=True)
    git = gitwork.create(first, "main")
    changes = [gitwork.Change(path, content) for path, content in sorted(files.items())]
    tree = gitwork.write_tree(git, None, changes)
    gitwork.commit(git, "main", None, tree, "Begin", person, person)
    git.free()
    shutil.rmtree(first / "hooks", ignore_errors=True)
    with store.bulk():
        for repository in missing:
            if repository != missing[0]:
                shutil.copytree(first, store.path(owner, repository), symlinks=True)
            store.register(owner, repository)
    return members
