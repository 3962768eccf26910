"""``tailrace lint`` as people run it: formats, exit codes, facts from a forge, a whole fleet."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec
import pytest
from tests.cli.processes import tailrace

from tailrace.report.lints.pages import pages
from tailrace.sandbox.seed import toml_of
from tailrace.sandbox.server import SandboxServer

PATH = ".gitea/workflows/ci.yml"
GOOD = (
    "name: CI\non:\n  pull_request: {}\njobs:\n  test:\n    name: test\n"
    "    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
)
BAD = GOOD.replace("run: make\n", "run: make\n        continue-on-error: true\n")


def written(folder: Path, text: str) -> Path:
    file = folder / PATH
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


async def test_findings_have_an_excerpt_a_next_step_and_exit_code_1(tmp_path: Path) -> None:
    written(tmp_path, BAD)
    done = await tailrace("lint", "--target", "gitea@1.22.6", cwd=tmp_path)
    assert done.code == 1
    assert f"{PATH}:10:9: warning CE001\n" in done.out
    assert "    10 |         continue-on-error: true\n" in done.out
    assert "       |         ^^^^^^^^^^^^^^^^^\n" in done.out
    assert "    next: " in done.out
    assert "not checked: " in done.out
    assert done.out.endswith("1 warning in 1 file for gitea@1.22.6\n")
    written(tmp_path, GOOD)
    good = await tailrace("lint", cwd=tmp_path)
    assert (good.code, good.out.endswith("nothing found in 1 file for gitea@1.22.6\n")) == (0, True)


async def test_lines_fit_a_terminal_and_carets_stand_under_the_place(tmp_path: Path) -> None:
    file = written(tmp_path, BAD.replace("make", "a-rather-long-command --with=日本語 | tee log"))
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    done = await tailrace("lint", cwd=tmp_path)
    assert max(map(len, done.out.split("\n"))) <= 80
    lines = done.out.split("\n")
    shown = next(line for line in lines if "tee log" in line)
    marked = lines[lines.index(shown) + 1]
    # Three wide characters take six cells.
    assert (marked.index("^"), marked.count("^")) == (shown.index("| tee") + 3, len("| tee log"))


async def test_every_format_says_the_same(tmp_path: Path) -> None:
    written(tmp_path, BAD)
    document = (await tailrace("lint", "--json", "--junit", "j.xml", cwd=tmp_path)).document
    assert document["schema"] == "tailrace/lint/1"
    assert [one["rule"] for one in document["findings"]] == ["CE001"]
    assert document["not_checked"]
    sarif = (await tailrace("lint", "--format", "sarif", cwd=tmp_path)).document
    (run,) = sarif["runs"]
    (result,) = run["results"]
    assert (sarif["version"], result["ruleId"], result["level"]) == ("2.1.0", "CE001", "warning")
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 10, "startColumn": 9, "endLine": 10, "endColumn": 26}
    assert "CE001" in {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    lines = (await tailrace("lint", "--format", "annotations", cwd=tmp_path)).out
    assert lines.startswith(f"::warning file={PATH},line=10,col=9,title=CE001::")
    review = (await tailrace("lint", "--format", "review", cwd=tmp_path)).out
    assert "| CE001 |" in review
    suite = ET.fromstring((tmp_path / "j.xml").read_bytes())[0]  # noqa: S314 - our own
    assert (suite.get("failures"), suite.get("skipped")) == ("1", str(len(document["not_checked"])))


@pytest.mark.parametrize("form", ["text", "json", "sarif", "annotations", "review"])
async def test_a_name_that_is_no_utf8_is_in_every_format(tmp_path: Path, form: str) -> None:
    file = written(tmp_path, BAD)
    file.rename(file.with_name("a\udcff\n::error::.yml"))
    done = await tailrace("lint", "--format", form, "--junit", "j.xml", cwd=tmp_path)
    assert (done.code, "CE001" in done.out, "Traceback" in done.err) == (1, True, False)
    assert not [line for line in done.out.split("\n") if line.startswith("::error::")]
    if form in ("json", "sarif"):
        msgspec.json.decode(done.out)
    assert ET.fromstring((tmp_path / "j.xml").read_bytes()) is not None  # noqa: S314 - our own


async def test_a_baseline_is_written_and_holds(tmp_path: Path) -> None:
    written(tmp_path, BAD)
    wrote = await tailrace("lint", "--baseline", "b.json", "--write-baseline", cwd=tmp_path)
    assert (wrote.code, "1 known findings" in wrote.out) == (0, True)
    held = await tailrace("lint", "--baseline", "b.json", cwd=tmp_path)
    assert (held.code, "1 known by b.json" in held.err) == (0, True)
    missing = await tailrace("lint", "--baseline", "c.json", cwd=tmp_path)
    assert (missing.code, "next: " in missing.err) == (2, True)


async def test_where_nothing_was_looked_at_nothing_is_proven(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    # The folder itself in place of the repository's root: it looked like success.
    done = await tailrace("lint", str(Path(PATH).parent), "--json", cwd=tmp_path)
    assert (done.code, done.document["exit_code"], done.document["files"]) == (3, 3, 0)
    assert "next: name the repository's root" in done.err


async def test_the_engines_own_findings_are_explained(tmp_path: Path) -> None:
    for name in ("TL001", "tl002"):
        done = await tailrace("lint", "--explain", name, cwd=tmp_path)
        assert (done.code, done.out.startswith(f"{name.upper()}: a suppression")) == (0, True)


async def test_usage(tmp_path: Path) -> None:
    for arguments, said in (
        (("--target", "bitbucket"), "is no target"),
        (("--explain", "XX999"), "there is no such rule"),
        (("--forge",), "is not there"),
        (("--diff", "nothing"), "git"),
        (("nowhere",), "no such folder"),
        (("--with", "pylint"), "there are zizmor, shellcheck"),
    ):
        done = await tailrace("lint", *arguments, cwd=tmp_path)
        assert (done.code, said in done.err) == (2, True), done


async def test_a_severity_for_a_rule_that_there_is_not_is_refused(tmp_path: Path) -> None:
    written(tmp_path, BAD)
    fleet = toml_of("p", "acme", "https://git.example.com", [("a", "a")])
    good = '[lint.rules.CE001]\nseverity = "info"\n[lint.rules.SC2086]\nseverity = "off"\n'
    (tmp_path / "tailrace.toml").write_text(f"{fleet}\n{good}")
    assert (await tailrace("lint", cwd=tmp_path)).code == 0
    (tmp_path / "tailrace.toml").write_text(f"{fleet}\n{good.replace('CE001', 'CE010')}")
    done = await tailrace("lint", cwd=tmp_path)
    assert (done.code, "[lint.rules.CE010]: there is no such rule" in done.err) == (2, True)


@asynccontextmanager
async def forge(folder: Path, *names: str, text: str = GOOD) -> AsyncIterator[SandboxServer]:
    async with SandboxServer(folder / "forge") as server:
        for name in names:
            server.forge.create_repository("acme", name, {PATH: text.encode()})
        fleet = toml_of("p", "acme", server.url, [(name, name) for name in names])
        (folder / "tailrace.toml").write_text(fleet)
        yield server


async def protect(server: SandboxServer, name: str, *contexts: str) -> None:
    rule = {
        "rule_name": "main",
        "enable_push": True,
        "enable_status_check": True,
        "status_check_contexts": list(contexts),
    }
    headers = {"Authorization": f"token {server.forge.admin_token}"}
    url = f"{server.url}/api/v1/repos/acme/{name}/branch_protections"
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url, json=rule) as response,
    ):
        assert response.status == 201


async def test_the_forges_facts(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    async with forge(tmp_path, "codex") as server:
        token = server.forge.admin_token
        asked = ("lint", "--forge", "--repository", "acme/codex", "--json")
        free = await tailrace(*asked, cwd=tmp_path, TAILRACE_TOKEN=token)
        assert (free.code, free.document["findings"]) == (0, [])
        assert free.document["target"].startswith("gitea@1.22")
        assert not any("forge" in one["reason"] for one in free.document["not_checked"])
        await protect(server, "codex", "CI / tests (pull_request)")
        found = await tailrace(*asked, cwd=tmp_path, TAILRACE_TOKEN=token)
        rules = {one["rule"] for one in found.document["findings"]}
        assert (found.code, "RC001" in rules) == (1, True)
        gone = await tailrace(*asked[:3], "acme/gone", cwd=tmp_path, TAILRACE_TOKEN=token)
        assert gone.code == 3
        assert "not checked: " in gone.out


async def test_a_rule_that_needs_two_things_is_not_checked_with_one(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    async with forge(tmp_path, "codex") as server:
        asked = ("lint", "--forge", "--repository", "acme/codex", "--json")
        done = await tailrace(*asked, cwd=tmp_path, TAILRACE_TOKEN=server.forge.admin_token)
    lacking = {one["rule"]: one["reason"] for one in done.document["not_checked"]}
    assert "--diff BASE" in lacking["CE003"]
    assert "runner-labels" in lacking["GT008"]


async def test_findings_come_as_a_review(tmp_path: Path) -> None:
    written(tmp_path, BAD)
    async with forge(tmp_path, "codex") as server:
        token = server.forge.admin_token
        headers = {"Authorization": f"token {token}"}
        url = f"{server.url}/api/v1/repos/acme/codex"
        server.forge.commit_file("acme", "codex", "x", b"1\n")
        async with aiohttp.ClientSession(headers=headers) as session:
            branch = {"new_branch_name": "topic"}
            await (await session.post(f"{url}/branches", json=branch)).read()
            server.forge.commit_file("acme", "codex", "y", b"1\n", branch="topic")
            pull = {"head": "topic", "base": "main", "title": "t"}
            assert (await session.post(f"{url}/pulls", json=pull)).status == 201
            asked = ("lint", "--forge", "--repository", "acme/codex", "--review", "1")
            done = await tailrace(*asked, cwd=tmp_path, TAILRACE_TOKEN=token)
            assert (done.code, "commented: " in done.err) == (1, True), done
            (review,) = await (await session.get(f"{url}/pulls/1/reviews")).json()
    assert review["state"] == "COMMENT"
    assert "| CE001 |" in review["body"]


async def test_a_whole_fleet_without_a_clone_each_blob_once(tmp_path: Path) -> None:
    names = [f"r{number}" for number in range(12)]
    async with forge(tmp_path, *names, text=BAD) as server:
        token = server.forge.admin_token
        server.forge.delete("acme", "r3")
        done = await tailrace("lint", "--fleet", "--json", cwd=tmp_path, TAILRACE_TOKEN=token)
        blobs = [line for _, line in server.api_calls if "/git/blobs/" in line]
    document = done.document
    assert (done.code, document["rules"]) == (1, {"CE001": 11})
    assert [row["name"] for row in document["downstreams"] if "failure" in row] == ["r3"]
    assert len(blobs) == 1


async def test_each_downstream_has_its_own_exit_code(tmp_path: Path) -> None:
    async with forge(tmp_path, "good", "bad") as server:
        server.forge.commit_file("acme", "bad", PATH, BAD.encode())
        token = server.forge.admin_token
        done = await tailrace("lint", "--fleet", "--json", cwd=tmp_path, TAILRACE_TOKEN=token)
    codes = {row["name"]: row["lint"]["exit_code"] for row in done.document["downstreams"]}
    assert (done.document["exit_code"], codes) == (1, {"good": 0, "bad": 1})


async def test_a_fleet_says_what_was_not_checked_and_looks_at_every_file(tmp_path: Path) -> None:
    async with forge(tmp_path, "codex", "big") as server:
        server.forge.commit_file("acme", "codex", ".gitea/workflows/sub/x.yml", BAD.encode())
        server.forge.commit_file("acme", "big", ".gitea/workflows/x.yml", b"#" * 1_200_000)
        token = server.forge.admin_token
        done = await tailrace("lint", "--fleet", cwd=tmp_path, TAILRACE_TOKEN=token)
    assert ".gitea/workflows/sub/x.yml:10:9: warning CE001" in done.out
    assert "this file has more than 1,048,576 bytes" in done.out
    assert done.out.count("not checked: RC001, RC002, RC003, RC004, RC007\n") == 1


def test_the_documentation_pages_are_the_rules_own() -> None:
    folder = Path(__file__).parents[2] / "docs" / "lint"
    written_now = {name: (folder / name).read_text() for name in pages()}
    assert written_now == pages()
    assert json.dumps(written_now)
