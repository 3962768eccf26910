"""The main job as a user runs it: exit codes, output, files; nothing leaks."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.cascade.test_run import OWNER, World, world
from tests.cli.processes import DEADLINE, Done, start, tailrace

from tailrace.sandbox.faults import Fault

VERSION = "0.1.1001"
DIVERGED = [
    "::error msg=cascade-divergence template=claude-code got=0.1.129 want=0.1.1001::",
    "::error msg=cascade-divergence template=hermes got=0.1.1000 want=0.1.1001::",
    "::error msg=cascade-divergence template=openclaw got=0.1.1000 want=0.1.1001::",
    "::error msg=cascade-divergence template=codex got=missing want=0.1.1001::",
    "::error msg=cascade-divergence template=langgraph got=0.1.1000 want=0.1.1001::",
    "::error msg=cascade-divergence template=autogen got=0.1.1000 want=0.1.1001::",
]


async def run(incident: World, folder: Path, *arguments: str, **environ: str) -> Done:
    token = {"TAILRACE_TOKEN": incident.server.forge.admin_token}
    return await tailrace(*arguments, cwd=folder, **{**token, **environ})


async def test_the_whole_job(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        before = await run(incident, tmp_path, "verify", VERSION)
        assert before.code == 1
        assert [line for line in before.out.split("\n") if line.startswith("::")] == DIVERGED
        assert "diverged   hermes       0.1.1000  (wants 0.1.1001)" in before.out

        plan = await run(incident, tmp_path, "plan", VERSION)
        assert plan.code == 0
        assert r"    -0.1.1000\n# fire-publish-image-1778872861\n" in plan.out
        assert re.search(r"costs 6 commits, (29|30|31) calls; nothing was written", plan.out)

        cascade = await run(incident, tmp_path, "cascade", VERSION)
        said = "no [index] in tailrace.toml: not looked whether it can be installed\n"
        assert (cascade.code, cascade.err) == (0, said)
        assert re.search(r"6 converged, 1 skipped; (29|30|31) calls", cascade.out)

        again = await run(incident, tmp_path, "cascade", VERSION)
        assert again.code == 0
        assert "kept" in again.out
        assert "written" not in again.out

        after = await run(incident, tmp_path, "verify", VERSION, "--json", "--junit", "j.xml")
        assert (after.code, after.err) == (0, "")
        assert after.document["counts"]["converged"] == 6
        root = ET.parse(tmp_path / "j.xml").getroot()  # noqa: S314 - our own
        assert root[0].get("failures") == "0"

        name = incident.repository("codex").name
        incident.server.forge.commit_file(OWNER, name, ".runtime-version", b"0.1.1001\n\n")
        broken = await run(incident, tmp_path, "verify", VERSION, "--json")
        assert broken.code == 1
        assert broken.err == (
            "::error msg=cascade-divergence template=codex got=malformed want=0.1.1001::\n"
        )
        states = {d["name"]: d["state"] for d in broken.document["downstreams"]}
        assert states["codex"] == "malformed"


async def test_only_those_that_are_named(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        before = incident.commits()
        done = await run(incident, tmp_path, "cascade", VERSION, "--only", "codex")
        assert done.code == 0
        new = {name for name, n in incident.commits().items() if n != before[name]}
        assert new == {"codex"}
        wrong = await run(incident, tmp_path, "cascade", VERSION, "--only", "kodex")
    assert wrong.code == 2
    assert "--only kodex: no downstream of that name" in wrong.err


@pytest.mark.parametrize("version", ["v1.2.3", "1.2", "", "0.1.1\n", "0.1.1;rm -rf /", "１.２.３"])
@pytest.mark.parametrize("command", ["plan", "cascade", "verify"])
async def test_the_gate_is_at_every_door(tmp_path: Path, command: str, version: str) -> None:
    async with world(tmp_path) as incident:
        incident.server.api_calls.clear()
        done = await run(incident, tmp_path, command, "--", version)
        assert (done.code, done.out) == (2, "")
        assert "not a version" in done.err
        assert incident.server.api_calls == []


async def test_a_wrong_token_is_3_and_stops_after_few_calls(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        incident.server.api_calls.clear()
        done = await run(incident, tmp_path, "cascade", VERSION, TAILRACE_TOKEN="f" * 40)
        assert len(incident.server.api_calls) <= 8
    assert done.code == 3
    assert "the forge refuses the token" in done.out
    assert "f" * 40 not in done.out + done.err


async def test_a_stopped_forge_is_3_and_is_named(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        url = incident.server.url
        token = incident.server.forge.admin_token
    done = await tailrace("verify", VERSION, "--only", "codex", cwd=tmp_path, TAILRACE_TOKEN=token)
    assert done.code == 3
    assert f"{url}/api/v1: cannot connect (Connection refused) (tried 5 times)" in done.out
    assert "on GET /repos/molecule-ai/molecule-ai-workspace-template-codex" in done.out
    assert "next: is the forge up?" in done.out
    assert token not in done.out + done.err


async def test_a_consumer_that_is_misspelt_is_never_green(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        file = tmp_path / "tailrace.toml"
        file.write_text(file.read_text() + '[defaults]\nconsumer = "publish-imgae.yml"\n')
        for command in ("cascade", "verify"):
            done = await run(incident, tmp_path, command, VERSION)
            assert done.code == 3
            assert "nothing is proven: 7 of 7 skipped" in done.out
            assert "next: check `consumer` and `folders`" in done.out


async def test_a_forge_that_is_down_is_not_asked_for_every_downstream(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        token = incident.server.forge.admin_token
        rows = "".join(
            f'[[downstream]]\nname = "d{n}"\nrepo = "d{n}"\nbranch = "main"\n' for n in range(300)
        )
        file = tmp_path / "tailrace.toml"
        file.write_text(file.read_text() + rows)
    done = await tailrace("verify", VERSION, "--json", cwd=tmp_path, TAILRACE_TOKEN=token)
    assert done.code == 3
    assert done.document["counts"]["unknown"] == 307
    # Fifteen attempts without an answer, and those that were under way by then: never 1,535.
    assert done.document["calls"] <= 100


async def test_without_a_token_it_is_2_unless_the_event_allows_it(tmp_path: Path) -> None:
    async with world(tmp_path):
        alone = await tailrace("cascade", VERSION, cwd=tmp_path)
        assert alone.code == 2
        assert "no token: TAILRACE_TOKEN is not set" in alone.err
        push = await tailrace("cascade", VERSION, cwd=tmp_path, GITHUB_EVENT_NAME="push")
        assert push.code == 2
        # A verify after those is not skipped: it goes red.
        assert (await tailrace("verify", VERSION, cwd=tmp_path)).code == 1


async def test_the_intentional_skip_is_known_to_the_verify_after_it(tmp_path: Path) -> None:
    ci = {"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_RUN_ID": "7", "GITHUB_ACTIONS": "true"}
    async with world(tmp_path) as incident:
        incident.server.api_calls.clear()
        cascade = await tailrace(
            "cascade", VERSION, cwd=tmp_path, **ci, GITHUB_OUTPUT=str(tmp_path / "out")
        )
        assert cascade.code == 0
        assert "::warning title=tailrace cascade skipped::no token in TAILRACE_TOKEN" in cascade.out
        assert "result=skipped\n" in (tmp_path / "out").read_text()
        verify = await tailrace("verify", VERSION, cwd=tmp_path, **ci)
        assert verify.code == 0
        assert "::warning title=tailrace verify skipped::the cascade of" in verify.out
        assert incident.server.api_calls == []

        told = await tailrace("verify", VERSION, "--cascade-result", "skipped", cwd=tmp_path)
        assert told.code == 0
        other_run = await tailrace("verify", VERSION, cwd=tmp_path, **{**ci, "GITHUB_RUN_ID": "8"})
        assert other_run.code == 1
        other_release = await tailrace("verify", "0.1.1002", cwd=tmp_path, **ci)
        assert other_release.code == 1


async def test_a_token_that_is_there_and_wrong_is_never_a_skip(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        done = await run(
            incident,
            tmp_path,
            "cascade",
            VERSION,
            TAILRACE_TOKEN="f" * 40,
            GITHUB_EVENT_NAME="workflow_dispatch",
        )
    assert done.code == 3


async def test_the_files_of_actions(tmp_path: Path) -> None:
    files = {"GITHUB_OUTPUT": str(tmp_path / "o"), "GITHUB_STEP_SUMMARY": str(tmp_path / "s")}
    async with world(tmp_path) as incident:
        await run(incident, tmp_path, "cascade", VERSION, **files)
    assert (tmp_path / "o").read_text().startswith("result=converged\nversion=0.1.1001\n")
    assert "✔ converged | codex |" in (tmp_path / "s").read_text()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_stops_it_and_it_says_what_was_done(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    slow = Fault.parse("latency=30,match=^GET .*template-autogen")
    async with world(tmp_path, slow) as incident:
        token = {"TAILRACE_TOKEN": incident.server.forge.admin_token}
        process = await start("cascade", VERSION, "--json", cwd=tmp_path, environ=token)
        async with asyncio.timeout(DEADLINE):
            # All but autogen have made their calls, the last perhaps without its answer yet.
            await incident.server.called(27)
            process.send_signal(number)
            out, err = await process.communicate()
    assert process.returncode == code
    document = json.loads(out)
    states = {row["name"]: row["state"] for row in document["downstreams"]}
    assert states["autogen"] == "unknown"
    assert list(states.values()).count("converged") >= 4
    assert document["exit_code"] == code
    last = document["downstreams"][5]
    assert last["failure"]["kind"] == "interrupted"
    assert f"not finished when {number.name} came" in last["detail"]
    assert b"Traceback" not in err
    assert json.loads((tmp_path / ".tailrace" / "cascade.json").read_text())["result"] == "unknown"


async def test_a_run_has_a_deadline_and_says_what_it_did(tmp_path: Path) -> None:
    slow = Fault.parse("latency=30,match=^GET .*template-autogen")
    async with world(tmp_path, slow) as incident:
        done = await run(incident, tmp_path, "cascade", VERSION, "--json", "--deadline", "3s")
        assert done.code == 3
        rows = {row["name"]: row for row in done.document["downstreams"]}
        assert rows["autogen"]["state"] == "unknown"
        assert "not finished when the deadline of 3 s passed" in rows["autogen"]["detail"]
        assert rows["codex"]["state"] == "converged"
        wrong = await run(incident, tmp_path, "verify", VERSION, "--deadline", "soon")
    assert (wrong.code, "is no time" in wrong.err) == (2, True)


async def test_an_interrupted_plan_is_130_and_says_what_to_do(tmp_path: Path) -> None:
    async with world(tmp_path, Fault.parse("latency=30,match=GET")) as incident:
        token = {"TAILRACE_TOKEN": incident.server.forge.admin_token}
        incident.server.api_calls.clear()
        process = await start("plan", VERSION, cwd=tmp_path, environ=token)
        async with asyncio.timeout(DEADLINE):
            await incident.server.called(1)
            process.send_signal(signal.SIGINT)
            _, err = await process.communicate()
    assert process.returncode == 130
    assert b"next: run the same command again" in err
    assert b"Traceback" not in err


async def test_a_reader_that_goes_away_is_no_success(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        token = {"TAILRACE_TOKEN": incident.server.forge.admin_token}
        process = await start("verify", VERSION, cwd=tmp_path, environ=token)
        assert process.stdout is not None
        process.stdout._transport.close()  # type: ignore[attr-defined]
        assert process.stderr is not None
        async with asyncio.timeout(DEADLINE):
            err = await process.stderr.read()
            code = await process.wait()
    assert code == 3
    assert b"Traceback" not in err


async def test_the_token_is_in_no_output_and_in_no_url(tmp_path: Path) -> None:
    async with world(tmp_path, Fault.parse("html,match=trees,every=3")) as incident:
        token = incident.server.forge.admin_token
        for arguments in (["doctor"], ["drift"], ["plan", VERSION], ["cascade", VERSION, "--json"]):
            done = await run(incident, tmp_path, *arguments)
            assert token not in done.out + done.err
        assert not any(token in path for _, path in incident.server.api_calls)
        assert token not in (tmp_path / ".tailrace" / "cascade.json").read_text()


async def test_hostile_pins_cannot_speak_to_the_log(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        name = incident.repository("codex").name
        nasty = b"::set-output name=result::converged\x1b[2J\x1b]0;x\x07\r\n::error::x\n"
        incident.server.forge.commit_file(OWNER, name, ".runtime-version", nasty)
        for arguments in (["plan", VERSION], ["verify", VERSION]):
            done = await run(incident, tmp_path, *arguments, GITHUB_ACTIONS="true")
            assert "\x1b" not in done.out + done.err
            assert "\x07" not in done.out + done.err
            commands = [line for line in done.out.split("\n") if line.startswith("::")]
            assert all(line.startswith("::error msg=cascade-divergence ") for line in commands)


async def test_what_cannot_be_written_afterwards_is_said_before_any_commit(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as incident:
        before = incident.commits()
        for option in ("--result-file", "--junit"):
            done = await run(incident, tmp_path, "cascade", VERSION, option, "/proc/x/y")
            assert done.code == 2
            assert "/proc/x/y: cannot be written" in done.err
        assert incident.commits() == before


async def test_a_cascade_that_fails_at_once_leaves_no_old_skip(tmp_path: Path) -> None:
    async with world(tmp_path):
        event = {"GITHUB_EVENT_NAME": "workflow_dispatch"}
        assert (await tailrace("cascade", VERSION, cwd=tmp_path, **event)).code == 0
        assert (await tailrace("cascade", VERSION, cwd=tmp_path)).code == 2
        assert (await tailrace("verify", VERSION, cwd=tmp_path)).code == 1


async def test_init_refuses_an_address_with_a_secret_before_it_is_asked(tmp_path: Path) -> None:
    for url in ("http://u:s3cretpw@127.0.0.1:1", "git.example.com"):
        done = await tailrace("init", "--discover", "--url", url, cwd=tmp_path)
        assert done.code == 2
        assert "s3cretpw" not in done.out + done.err
        assert "Traceback" not in done.err


async def test_init_discovers_who_has_a_consumer(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        url = incident.server.url
        wanted = ["--url", url, "--owner", OWNER, "--discover", "--name", "*-template-*"]
        done = await run(incident, tmp_path, "init", *wanted, "--fleet", "found.toml")
        assert done.code == 0
        plan = await run(incident, tmp_path, "plan", VERSION, "--fleet", "found.toml", "--json")
        assert plan.code == 0
        none = await run(incident, tmp_path, "init", *wanted, "--name", "x*", "--fleet", "no.toml")
    names = {
        row["name"].removeprefix("molecule-ai-workspace-template-")
        for row in plan.document["planned"]
    }
    assert names == {"claude-code", "hermes", "openclaw", "codex", "langgraph", "autogen"}
    assert none.code == 2
    assert not (tmp_path / "no.toml").exists()


async def test_doctor_and_drift(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        doctor = await run(incident, tmp_path, "doctor", "--json")
        assert doctor.code == 0
        assert doctor.document["ok"] is True
        manifest = Path(__file__).parents[1] / "fixtures" / "manifest-legacy.json"
        workflow = tmp_path / "publish.yml"
        workflow.write_text('env: {TEMPLATES: "codex hermes"}\n')
        drift = await run(
            incident,
            tmp_path,
            "drift",
            "--manifest",
            str(manifest),
            "--workflow",
            str(workflow),
            "--json",
        )
    assert drift.code == 1
    kinds = {finding["kind"] for finding in drift.document["findings"]}
    assert kinds == {"no-consumer", "not-in-manifest", "not-in-workflow"}


async def test_a_manifest_instead_of_the_list(tmp_path: Path) -> None:
    manifest = Path(__file__).parents[1] / "fixtures" / "manifest-legacy.json"
    arguments = ["--manifest", str(manifest), "--list", "workspace_templates"]
    async with world(tmp_path) as incident:
        done = await run(incident, tmp_path, "cascade", VERSION, *arguments)
        verify = await run(incident, tmp_path, "verify", VERSION, *arguments, "--json")
    assert done.code == 0
    assert [d["name"] for d in verify.document["downstreams"]] == [
        "claude-code-default",
        "langgraph",
        "autogen",
        "hermes",
        "openclaw",
        "codex",
    ]
    assert json.loads((tmp_path / ".tailrace" / "cascade.json").read_text())["result"] == (
        "converged"
    )
