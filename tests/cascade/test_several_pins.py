"""Downstreams that state the version in several places: one commit, every other byte as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from tailrace.cascade.run import Run
from tailrace.forges.open import open_forge
from tailrace.model import (
    Downstream,
    ForgeKind,
    Pin,
    PinFormat,
    Release,
    RepositoryName,
    State,
    Strategy,
)
from tailrace.runs import Outcome, Report
from tailrace.sandbox.seed import WORKFLOW
from tailrace.sandbox.server import SandboxServer
from tailrace.settings import Fleet, ForgeSettings

OLD, NEW = "0.1.1000", "0.1.1001"
RELEASE = Release("my-runtime", NEW)
CONSUMER = ".gitea/workflows/publish-image.yml"
PINS = (
    Pin(),
    Pin("deploy/Dockerfile", PinFormat.DOCKERFILE, "RUNTIME_VERSION"),
    Pin("requirements.txt", PinFormat.REQUIREMENTS),
    Pin("pyproject.toml", PinFormat.PYPROJECT),
    Pin("values.yaml", PinFormat.YAML, "image.tag"),
    Pin("values.yaml", PinFormat.YAML, 'extra."a.b".1'),
    Pin("app.json", PinFormat.JSON, "runtime.version"),
    Pin("conf.toml", PinFormat.TOML, "tool.runtime.version"),
    Pin("README.md", PinFormat.REGEX, r"my-runtime ([0-9][0-9a-z.]*) or later"),
)
FILES = {
    ".runtime-version": f"{OLD}\n",
    "deploy/Dockerfile": f"# v{OLD}\r\nFROM x\r\nARG  RUNTIME_VERSION='{OLD}'  OTHER=1\r\n",
    "requirements.txt": f"# pins\nother==0.1.1000\n"
    f"My_Runtime[x] == {OLD} ; python_version>'3' # {OLD}\n",
    "pyproject.toml": f'[project]\nname = "c"\nversion = "{OLD}"\n'
    f"dependencies = ['other=={OLD}',\n  \"my.runtime=={OLD}\", # ü\n]\n",
    "values.yaml": f"# ü {OLD}\nimage: {{tag: '{OLD}', name: x}}\nextra:\n"
    f'  a.b: [1, "{OLD}"]   # kept\n',
    "app.json": f'{{\n\t"runtime": {{"version": "{OLD}", "other": "{OLD}"}}\n}}',
    "conf.toml": f'[tool.runtime]\nother = "{OLD}"\nversion   =   "{OLD}" # c\n',
    "README.md": f"Needs my-runtime {OLD} or later. {OLD}\n",
}
AFTER = {
    ".runtime-version": f"{NEW}\n",
    "deploy/Dockerfile": f"# v{OLD}\r\nFROM x\r\nARG  RUNTIME_VERSION='{NEW}'  OTHER=1\r\n",
    "requirements.txt": f"# pins\nother==0.1.1000\n"
    f"My_Runtime[x] == {NEW} ; python_version>'3' # {OLD}\n",
    "pyproject.toml": f'[project]\nname = "c"\nversion = "{OLD}"\n'
    f"dependencies = ['other=={OLD}',\n  \"my.runtime=={NEW}\", # ü\n]\n",
    "values.yaml": f"# ü {OLD}\nimage: {{tag: '{NEW}', name: x}}\nextra:\n"
    f'  a.b: [1, "{NEW}"]   # kept\n',
    "app.json": f'{{\n\t"runtime": {{"version": "{NEW}", "other": "{OLD}"}}\n}}',
    "conf.toml": f'[tool.runtime]\nother = "{OLD}"\nversion   =   "{NEW}" # c\n',
    "README.md": f"Needs my-runtime {NEW} or later. {OLD}\n",
}


class World:
    """One downstream with pins everywhere, on a sandbox."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.downstream = Downstream("codex", RepositoryName("acme", "codex"), "main", PINS)

    async def run(self, command: str, downstream: Downstream | None = None) -> Report:
        settings = ForgeSettings(ForgeKind.GITEA, self.server.url, "acme")
        fleet = Fleet("my-runtime", settings, (downstream or self.downstream,))
        async with open_forge(settings, self.server.forge.admin_token) as forge:
            run = Run(fleet, forge, RELEASE)
            return await (run.cascade() if command == "cascade" else run.verify())

    def files(self, branch: str = "main") -> dict[str, str]:
        read = self.server.forge.read_file
        return {path: read("acme", "codex", path, branch).decode() for path in FILES}

    def edit(self, path: str, content: str | None) -> None:
        data = None if content is None else content.encode()
        self.server.forge.commit_file("acme", "codex", path, data)


@asynccontextmanager
async def world(root: Path, files: Mapping[str, str] = FILES) -> AsyncIterator[World]:
    async with SandboxServer(root / "forge") as server:
        content = {path: text.encode() for path, text in files.items()}
        server.forge.create_repository("acme", "codex", {**content, CONSUMER: WORKFLOW.encode()})
        yield World(server)


def only(report: Report) -> Outcome:
    (outcome,) = report.outcomes
    return outcome


async def test_every_place_in_one_commit_and_nothing_else(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        outcome = only(await here.run("cascade"))
        assert outcome.verdict.state is State.CONVERGED, outcome.verdict.detail
        assert here.files() == AFTER
        writes = [line for method, line in here.server.api_calls if method != "GET"]
        assert writes == ["/api/v1/repos/acme/codex/contents"]
        evidence = outcome.verdict.evidence
        assert evidence is not None
        assert list(evidence.blobs) == list(FILES)
        again = only(await here.run("cascade"))
        assert (again.verdict.state, again.commit) == (State.CONVERGED, None)


async def test_only_the_file_that_differs_is_written(tmp_path: Path) -> None:
    async with world(tmp_path, {**AFTER, "app.json": FILES["app.json"]}) as here:
        outcome = only(await here.run("cascade"))
        assert outcome.verdict.state is State.CONVERGED
        assert here.files() == AFTER
        assert outcome.commit is not None
        assert len(outcome.commit.blobs) == 1


async def test_a_pull_request_carries_all_of_them(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        proposed = replace(here.downstream, strategy=Strategy.PULL_REQUEST)
        outcome = only(await here.run("cascade", proposed))
        assert outcome.pull_request is not None
        assert (here.files(), here.files(outcome.pull_request.head)) == (FILES, AFTER)
        again = only(await here.run("cascade", proposed))
        assert again.pull_request == outcome.pull_request


async def test_a_place_that_is_gone_stops_all_and_is_named(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.edit("deploy/Dockerfile", "FROM x\n")
        outcome = only(await here.run("cascade"))
        assert outcome.verdict.state is State.DIVERGED
        assert outcome.failure is not None
        assert "deploy/Dockerfile has no ARG RUNTIME_VERSION" in outcome.failure.message
        assert "next: " in outcome.failure.message
        here.edit("deploy/Dockerfile", None)
        gone = only(await here.run("cascade"))
        assert gone.failure is not None
        assert "deploy/Dockerfile is not there" in gone.failure.message
        untouched = {path: text for path, text in FILES.items() if path != "deploy/Dockerfile"}
        read = here.server.forge.read_file
        for path, text in untouched.items():
            assert read("acme", "codex", path).decode() == text


async def test_verify_names_each_place_that_differs(tmp_path: Path) -> None:
    async with world(tmp_path, AFTER) as here:
        assert (await here.run("verify")).verdicts[0].state is State.CONVERGED
        here.edit("app.json", FILES["app.json"])
        here.edit("values.yaml", AFTER["values.yaml"].replace(f'"{NEW}"', "latest"))
        refused = only(await here.run("cascade"))
        assert refused.failure is not None
        assert "'latest' at extra" in refused.failure.message
        verdict = (await here.run("verify")).verdicts[0]
        assert (verdict.state, verdict.got) == (State.MALFORMED, "latest")
        for said in ("values.yaml has 'latest' at extra", f"app.json (runtime.version) has {OLD}"):
            assert said in verdict.detail


async def test_one_place_that_is_newer_is_never_lowered(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.edit(
            "app.json", FILES["app.json"].replace(f'"version": "{OLD}"', '"version": "2.0.0"')
        )
        before = here.files()
        outcome = only(await here.run("cascade"))
        assert outcome.failure is not None
        assert "has 2.0.0, which is newer" in outcome.failure.message
        assert here.files() == before
