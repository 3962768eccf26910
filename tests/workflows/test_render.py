"""Generated workflows: what a self-hosted forge ignores is neither used nor relied upon."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tailrace.errors import ConfigurationError
from tailrace.model import ForgeKind
from tailrace.settings import Fleet, ForgeSettings, IndexSettings, PublishSettings
from tailrace.workflows.render import Ci, Generated, Options, for_consumer, for_package

URL = "https://git.example.com"
FLEET = Fleet(
    package="runtime",
    forge=ForgeSettings(ForgeKind.GITEA, URL, "acme", token_env="ACME_TOKEN"),
    downstreams=(),
    index=IndexSettings(token_env="ACME_INDEX_TOKEN"),
    publish=PublishSettings(tag_prefix="v", branch="trunk"),
)


def everything() -> Iterator[Generated]:
    for ci in Ci:
        yield from for_package(FLEET, Options(ci), Path("tailrace.toml"))
        yield for_consumer(Options(ci, url=URL))


ALL = list(everything())
by_path = pytest.mark.parametrize("workflow", ALL, ids=[one.path for one in ALL])


def loaded(workflow: Generated) -> dict[str, Any]:
    # PyYAML reads the key `on` as a boolean.
    document: dict[Any, Any] = yaml.safe_load(workflow.text)
    return {("on" if key is True else key): value for key, value in document.items()}


def steps(workflow: Generated) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for job in loaded(workflow)["jobs"].values():
        for step in job["steps"]:
            yield job, step


@by_path
def test_events_that_the_target_has_and_no_filters_that_block(workflow: Generated) -> None:
    events = loaded(workflow)["on"]
    assert set(events) <= {"push", "pull_request", "workflow_dispatch"}
    assert not events.get("workflow_dispatch")
    for filters in events.values():
        assert not {"paths", "paths-ignore"} & set(filters or {})


@by_path
def test_every_action_is_pinned_and_comes_from_one_place(workflow: Generated) -> None:
    used = [step["uses"] for _, step in steps(workflow) if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/checkout@[0-9a-f]{40}", name) for name in used)


@by_path
def test_the_server_is_pinned_where_it_is_not_github(workflow: Generated) -> None:
    document = loaded(workflow)
    at_home = workflow.path.startswith(".github/")
    assert (document.get("env", {}).get("GITHUB_SERVER_URL") == URL) is not at_home
    for _, step in steps(workflow):
        if "uses" in step:
            assert step["with"]["persist-credentials"] is False
            assert ("github-server-url" in step["with"]) is not at_home


@by_path
def test_everything_ends_also_where_timeout_minutes_is_ignored(workflow: Generated) -> None:
    for job, step in steps(workflow):
        assert job["timeout-minutes"] <= 100
        script = step.get("run", "")
        if not script:
            continue
        assert script.startswith("set -euo pipefail\n")
        long = [line for line in script.splitlines() if re.search(r"\b(pip|tailrace) [a-z]", line)]
        assert all("timeout " in line for line in long), script


@by_path
def test_names_are_stable_and_permissions_least(workflow: Generated) -> None:
    document = loaded(workflow)
    assert document["permissions"] == {"contents": "read"}
    assert document["name"]
    for name, job in document["jobs"].items():
        assert job["name"] == name
        wanted = {"contents": "write", "id-token": "write", "pull-requests": "read"}
        assert job.get("permissions", wanted) == wanted
        assert "permissions" not in job or (name, workflow.path[:8]) == ("publish", ".github/")


@by_path
def test_no_expression_in_a_script_and_no_secret_outside_an_env(workflow: Generated) -> None:
    for _, step in steps(workflow):
        assert "${{" not in step.get("run", "")
        assert "secrets." not in json.dumps({k: v for k, v in step.items() if k != "env"})


@by_path
def test_the_shell_passes_shellcheck(workflow: Generated) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    for _, step in steps(workflow):
        if "run" in step:
            done = subprocess.run(
                [shellcheck, "--shell=bash", "--severity=style", "--exclude=SC2154", "-"],
                input=step["run"].encode(),
                capture_output=True,
            )
            assert done.returncode == 0, done.stdout.decode()


@by_path
def test_it_is_the_same_every_time(workflow: Generated) -> None:
    assert workflow in list(everything())


def test_the_names_of_the_fleet_file_are_used() -> None:
    release = for_package(FLEET, Options(Ci.GITEA), Path("ci/fleet.toml"))[0]
    document = loaded(release)
    assert document["on"]["push"] == {"branches": ["trunk"], "tags": ["v*"]}
    assert document["env"]["TAILRACE_FLEET"] == "ci/fleet.toml"
    cascade = document["jobs"]["cascade"]["steps"][-1]
    assert cascade["env"]["ACME_TOKEN"] == "${{ secrets.ACME_TOKEN }}"
    assert "ACME_INDEX_TOKEN" not in cascade["env"]
    publish = document["jobs"]["publish"]["steps"][-1]
    assert publish["env"]["ACME_INDEX_TOKEN"] == "${{ secrets.ACME_INDEX_TOKEN }}"
    private = replace(FLEET, index=IndexSettings(token_env="ACME_INDEX_TOKEN", private=True))
    asked = loaded(for_package(private, Options(Ci.GITEA), Path("tailrace.toml"))[0])
    for job in ("publish", "cascade"):
        assert all(
            "ACME_INDEX_TOKEN" in step["env"]
            for step in asked["jobs"][job]["steps"]
            if "tailrace" in step.get("run", "") and "env" in step
        )


@pytest.mark.parametrize("name", ["ACME_TOKEN", "GITHUB_PACKAGES", "gitea_x"])
def test_names_that_cannot_be_two_secrets(name: str) -> None:
    fleet = replace(FLEET, index=IndexSettings(token_env=name))
    with pytest.raises(ConfigurationError, match="token-env"):
        for_package(fleet, Options(Ci.GITEA), Path("tailrace.toml"))


def test_concurrency_only_where_it_is_known() -> None:
    for workflow in ALL:
        if workflow.path.endswith("release.yml"):
            known = workflow.path.startswith(".github/")
            assert ("concurrency" in loaded(workflow)) is known
            if known:
                # One that waits is cancelled by a newer one: a push must not cancel a tag's run.
                assert "${{ github.ref }}" in loaded(workflow)["concurrency"]["group"]


@pytest.mark.parametrize(
    ("ref", "code"),
    [
        ("refs/heads/trunk", 0),
        ("refs/tags/runtime-v1.2.3", 0),
        ("refs/heads/feature", 1),
        ("refs/heads/refs/heads/trunk", 1),
        ("refs/heads/trunk2", 1),
        ("refs/heads/$(touch${IFS}pwned)", 1),
        ("refs/heads/`touch pwned`", 1),
        ("refs/pull/7/merge", 1),
        ("", 1),
    ],
)
def test_only_the_branch_and_tags_are_released(tmp_path: Path, ref: str, code: int) -> None:
    step = next(s for _, s in steps(ALL[0]) if s.get("id") == "number")
    assert (step["env"]["REF"], step["env"]["BRANCH"]) == ("${{ github.ref }}", "trunk")
    command = tmp_path / "tailrace"
    command.write_text('#!/bin/sh\necho "$@"\n')
    command.chmod(0o755)
    done = run(step["run"], tmp_path, {"REF": ref, "BRANCH": "trunk"})
    assert done.returncode == code
    assert ("version next" in done.stdout) is (code == 0)
    assert [path.name for path in tmp_path.iterdir()] == ["tailrace"]


def test_the_last_job_runs_always_and_looks_at_the_others() -> None:
    jobs = loaded(ALL[0])["jobs"]
    assert jobs["converged"]["if"] == "always()"
    assert set(jobs["converged"]["needs"]) == {"publish", "cascade"}
    step = jobs["converged"]["steps"][-1]
    assert step["env"]["PUBLISHED"] == "${{ needs.publish.result }}"
    assert step["env"]["TAILRACE_CASCADE_RESULT"] == "${{ needs.cascade.outputs.result }}"


def run(script: str, folder: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={"PATH": f"{folder}:/usr/bin:/bin", **environ},
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize(
    ("published", "release", "code", "said"),
    [
        ("success", "true", 0, "verify 1.2.3"),
        ("success", "false", 0, "releases nothing"),
        ("failure", "", 1, "nothing to converge to"),
        ("cancelled", "true", 1, "nothing to converge to"),
        ("skipped", "", 1, "nothing to converge to"),
    ],
)
def test_what_the_last_job_does(
    tmp_path: Path, published: str, release: str, code: int, said: str
) -> None:
    script = loaded(ALL[0])["jobs"]["converged"]["steps"][-1]["run"]
    command = tmp_path / "tailrace"
    command.write_text('#!/bin/sh\necho "$@"\n')
    command.chmod(0o755)
    environ = {"PUBLISHED": published, "RELEASE": release, "VERSION": "1.2.3"}
    done = run(script, tmp_path, environ)
    assert done.returncode == code
    assert said in done.stdout + done.stderr


PINS = [
    (b"0.1.1001\n", True),
    (b"1.2.3rc1\n", True),
    (b"1.2.3.post1\n", True),
    (b"0.1.1001", False),
    (b"0.1.1001\n\n", False),
    (b"0.1.1001\r\n", False),
    (b"0.1.1001\n# fire-publish-image-1778872861\n", False),
    (b" 0.1.1001\n", False),
    (b"\xef\xbb\xbf0.1.1001\n", False),
    (b"0.1.1001\x00\n", False),
    (b"v1.2.3\n", False),
    (b"1.2\n", False),
    (b"", False),
    (b"\n", False),
    ("１.２.３\n".encode(), False),
    (b"1.2.3;touch pwned\n", False),
    (b"$(touch pwned)\n", False),
    (b"1.2.3\nversion=9.9.9\n", False),
    (b"1." * 300 + b"1\n", False),
]


@pytest.mark.parametrize(("pin", "good"), PINS)
def test_the_consumer_refuses_every_malformed_pin(
    tmp_path: Path, pin: bytes, *, good: bool
) -> None:
    workflow = for_consumer(Options(Ci.GITEA, pin="deploy/pin"))
    step = loaded(workflow)["jobs"]["publish-image"]["steps"][1]
    assert step["env"]["PIN"] == "deploy/pin"
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/pin").write_bytes(pin)
    output = tmp_path / "output"
    environ = {**step["env"], "GITHUB_OUTPUT": str(output)}
    done = run(step["run"], tmp_path, environ)
    assert not (tmp_path / "pwned").exists()
    if good:
        assert done.returncode == 0, done
        assert output.read_bytes() == b"version=" + pin
    else:
        assert done.returncode == 1
        assert done.stdout.startswith("::error::deploy/pin ")
        assert not output.exists()


def test_the_consumer_refuses_a_link_and_a_folder(tmp_path: Path) -> None:
    script = loaded(for_consumer(Options(Ci.GITEA)))["jobs"]["publish-image"]["steps"][1]["run"]
    (tmp_path / "other").write_text("1.2.3\n")
    (tmp_path / "link").symlink_to("other")
    for name, said in (("link", "symbolic link"), (".", "not a file"), ("none", "not a file")):
        done = run(script, tmp_path, {"PIN": name, "GITHUB_OUTPUT": str(tmp_path / "output")})
        assert (done.returncode, said in done.stdout) == (1, True)


def test_the_consumers_command_gets_the_version_and_no_other_shell_reads_it(tmp_path: Path) -> None:
    command = """printf '%s' "got '$VERSION'" > out; echo "it's done" """.strip()
    workflow = for_consumer(Options(Ci.GITEA, run=command))
    step = loaded(workflow)["jobs"]["publish-image"]["steps"][2]
    done = run(step["run"], tmp_path, {"VERSION": "1.2.3", "BUILD": step["env"]["BUILD"]})
    assert (done.returncode, done.stdout) == (0, "it's done\n")
    assert (tmp_path / "out").read_text() == "got '1.2.3'"


@pytest.mark.parametrize(
    "options",
    [
        Options(Ci.GITEA, runs_on="a b"),
        Options(Ci.GITEA, run="a\nb"),
        Options(Ci.GITEA, run="echo ${{ secrets.X }}"),
        Options(Ci.GITEA, run="  "),
        Options(Ci.GITEA, branch="a*b"),
        Options(Ci.GITEA, pin="a${{secrets.X}}b"),
    ],
)
def test_what_cannot_stand_in_a_workflow_is_refused(options: Options) -> None:
    with pytest.raises(ConfigurationError):
        for_consumer(options)


def test_a_fleet_file_outside_of_the_repository_is_refused() -> None:
    for file in (Path("/etc/tailrace.toml"), Path("../tailrace.toml")):
        with pytest.raises(ConfigurationError, match="not inside the repository"):
            for_package(FLEET, Options(Ci.GITEA), file)
