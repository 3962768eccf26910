"""A whole publish on a real forge and a real index; killed, resumed, and lost."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conformance.worlds import no_wait
from tests.doubles.index import TOKEN, Answer, IndexDouble
from tests.publish.bench import RELEASE, REPOSITORY, TAG, Bench, git
from tests.publish.sources import VERSION, make_source, wheel_bytes, write_artifacts

from tailrace.errors import ConfigurationError, ExitCode, NotPublished
from tailrace.forges.base import Tag
from tailrace.index.simple import SimpleIndex
from tailrace.publish.alone import alone_in
from tailrace.publish.artifact import Artifact
from tailrace.publish.claim import claimant_of, files_of
from tailrace.publish.run import PublishState, Stage
from tailrace.settings import IndexSettings, PublishSettings

NAMES = ["tiny_demo-1.2.3-py3-none-any.whl", "tiny_demo-1.2.3.tar.gz"]


class Killed(Exception):
    """The runner went away here."""


async def test_whole_then_again_then_by_another_run(bench: Bench, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    write_artifacts(dist, version="1.2.2")
    (dist / NAMES[0]).write_bytes(b"of an attempt before")
    source = make_source(tmp_path / "source")
    before = (source / "pyproject.toml").read_bytes()
    done = await bench.publisher(source=source).publish(dist, dry_run=False)
    assert done.state is PublishState.PUBLISHED
    assert list(done.uploaded) == bench.on_index == NAMES
    assert done.tag == TAG
    assert done.tried == ("import tiny",)
    assert bench.stages == [
        Stage.LOOKING,
        Stage.BUILDING,
        Stage.CHECKING,
        Stage.SMOKING,
        Stage.LOOKING,
        Stage.CLAIMING,
        Stage.UPLOADING,
    ]
    assert (source / "pyproject.toml").read_bytes() == before
    assert not [path for path in dist.iterdir() if path.name.startswith(".")]
    for artifact in done.artifacts:
        assert (bench.packages / artifact.path.name).read_bytes() == artifact.path.read_bytes()
    tag = await bench.claims().found(VERSION)
    assert tag is not None
    assert claimant_of(tag) == "run 1"
    assert files_of(tag) == {a.path.name: a.sha256 for a in done.artifacts}

    bench.stages.clear()
    again = await bench.publisher(source=source, token=None).publish(dist, dry_run=False)
    assert (again.state, again.uploaded) == (PublishState.THERE_ALREADY, ())
    assert bench.stages == [Stage.LOOKING]

    with pytest.raises(NotPublished, match="this run has lost") as lost:
        await bench.publisher("run 2", source=source).publish(dist, dry_run=False)
    assert "by run 1" in str(lost.value)
    assert bench.on_index == NAMES


async def test_killed_between_claim_and_upload_it_is_resumed(
    bench: Bench, tmp_path: Path, built: Sequence[Artifact]
) -> None:
    # What the first attempt left: the claim, and one of the two files.
    await bench.claims().claim(RELEASE, bench.commit, built)
    shutil.copy(built[0].path, bench.packages)
    done = await bench.publisher().publish(tmp_path / "dist", dry_run=False)
    assert done.state is PublishState.PUBLISHED
    assert list(done.uploaded) == NAMES[1:]
    assert bench.on_index == NAMES


async def test_killed_before_any_upload_only_the_claim_is_there(
    bench: Bench, tmp_path: Path
) -> None:
    def watch(now: Stage) -> None:
        if now is Stage.UPLOADING:
            raise Killed

    with pytest.raises(Killed):
        await bench.publisher(watch=watch).publish(tmp_path / "dist", dry_run=False)
    assert bench.on_index == []
    with pytest.raises(NotPublished, match="this run has lost"):
        await bench.publisher("run 2").publish(tmp_path / "two", dry_run=False)
    tag = await bench.claims().found(VERSION)
    assert tag is not None
    assert sorted(files_of(tag)) == NAMES


async def test_other_bytes_than_the_claim_names_are_not_uploaded(
    bench: Bench, tmp_path: Path
) -> None:
    claimed = write_artifacts(tmp_path / "first", extra=b"of the first attempt")
    await bench.claims().claim(RELEASE, bench.commit, claimed)
    with pytest.raises(NotPublished, match="other bytes than the one that claimed it") as raised:
        await bench.publisher().publish(tmp_path / "dist", dry_run=False)
    assert TAG in str(raised.value)
    assert "delete that tag" in str(raised.value)
    assert bench.on_index == []


async def test_other_bytes_on_the_index_leave_no_claim(bench: Bench, tmp_path: Path) -> None:
    (bench.packages / NAMES[0]).write_bytes(wheel_bytes(extra=b"somebody else's"))
    with pytest.raises(NotPublished, match="with other bytes"):
        await bench.publisher().publish(tmp_path / "dist", dry_run=False)
    assert await bench.claims().found(VERSION) is None
    assert bench.on_index == NAMES[:1]


async def test_the_tag_of_a_person_is_the_claim_of_its_own_run(
    bench: Bench, tmp_path: Path
) -> None:
    await bench.forge.create_tag(REPOSITORY, Tag(TAG, bench.commit, "Release it"))
    for other in (
        bench.publisher("push"),
        bench.publisher("elsewhere", tag=TAG, commit="a" * 40),
        bench.publisher("another", tag="runtime-v9.9.9"),
    ):
        with pytest.raises(NotPublished, match="somebody by hand"):
            await other.publish(tmp_path / "dist", dry_run=False)
    assert Stage.BUILDING not in bench.stages
    done = await bench.publisher(tag=TAG).publish(tmp_path / "dist", dry_run=False)
    assert list(done.uploaded) == bench.on_index == NAMES
    tag = await bench.claims().found(VERSION)
    assert tag is not None
    assert tag.message.strip() == "Release it"


@pytest.mark.parametrize("by_hand", [True, False])
async def test_a_tag_that_comes_while_it_builds_wins(
    forge: Bench, tmp_path: Path, built: Sequence[Artifact], by_hand: bool
) -> None:
    message = "By hand" if by_hand else "Release\n\nTailrace-Claim: run 2"
    run = forge.publisher()
    await forge.forge.create_tag(REPOSITORY, Tag(TAG, forge.commit, message))
    with pytest.raises(NotPublished, match="this run has lost"):
        await run._claim(tuple(built))


async def test_a_refused_upload_says_what_it_leaves_behind(forge: Bench, tmp_path: Path) -> None:
    async with IndexDouble() as double, SimpleIndex(double.simple_url, sleep=no_wait) as index:
        settings = IndexSettings(url=double.simple_url, upload_url=double.upload_url)
        double.always_upload = Answer(403, b"no")
        run = forge.publisher(index=index, index_settings=settings, token=TOKEN)
        with pytest.raises(NotPublished, match="answers 403") as raised:
            await run.publish(tmp_path / "dist", dry_run=False)
        assert f"out there: tag {TAG} in {REPOSITORY}" in str(raised.value)
        assert "out there: nothing of it" in str(raised.value)
        assert TOKEN not in str(raised.value)


async def test_no_token_is_said_before_anything_is_built(forge: Bench, tmp_path: Path) -> None:
    async with IndexDouble() as double, SimpleIndex(double.simple_url, sleep=no_wait) as index:
        settings = IndexSettings(
            url=double.simple_url, upload_url=double.upload_url, token_env="OUR_TOKEN"
        )
        run = forge.publisher(index=index, index_settings=settings, token=None)
        with pytest.raises(ConfigurationError, match="OUR_TOKEN is not set") as raised:
            await run.publish(tmp_path / "dist", dry_run=False)
        assert raised.value.exit_code == ExitCode.USAGE
    assert forge.stages == [Stage.LOOKING]
    assert await forge.claims().found(VERSION) is None


async def test_attestations_that_cannot_be_made_leave_no_claim(
    forge: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As where the package is not installed.
    monkeypatch.setitem(sys.modules, "pypi_attestations", None)
    async with IndexDouble() as double, SimpleIndex(double.simple_url, sleep=no_wait) as index:
        urls = IndexSettings(url=double.simple_url, upload_url=double.upload_url)
        told = PublishSettings(attestations=True)
        run = forge.publisher(index=index, index_settings=urls, settings=told, token=TOKEN)
        with pytest.raises(ConfigurationError, match=r"tailrace\[attestations\]"):
            await run.publish(tmp_path / "dist", dry_run=False)
    assert Stage.BUILDING not in forge.stages
    assert await forge.claims().found(VERSION) is None


async def test_no_commit_to_claim_for_is_a_mistake(forge: Bench, tmp_path: Path) -> None:
    run = forge.publisher(commit=None)
    with pytest.raises(ConfigurationError, match="no Git checkout"):
        await run.publish(tmp_path / "dist", dry_run=False)


async def test_a_package_s_own_code_sees_no_token(forge: Bench, tmp_path: Path) -> None:
    told = [tmp_path / "build.json", tmp_path / "import.json"]
    module = f"import json, os\nopen({str(told[1])!r}, 'w').write(json.dumps(dict(os.environ)))\n"
    source = make_source(
        tmp_path / "source",
        tells_environment=str(told[0]),
        modules={"tiny/__init__.py": module},
        scripts={},
    )
    secrets = {
        "TAILRACE_TOKEN": "s-forge",
        "TAILRACE_INDEX_TOKEN": "s-index",
        "TWINE_PASSWORD": "s-twine",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "s-runner",
        "OUR_FORGE_TOKEN": "s-ours",
        "A_COPY": "s-index",
    }
    run = forge.publisher(source=source, token="s-index", environ={**secrets, "HARMLESS": "yes"})
    run = replace(run, secrets=("OUR_FORGE_TOKEN",))
    # No index and no forge is asked for it: neither is one.
    done = await run.publish(tmp_path / "dist", dry_run=True)
    assert (done.state, done.tag) == (PublishState.CHECKED, None)
    for file in told:
        seen = json.loads(file.read_text())
        assert seen["HARMLESS"] == "yes"
        assert not [name for name, value in seen.items() if value.startswith("s-")]
    assert await forge.claims().found(VERSION) is None


async def test_a_folder_that_cannot_be_written_is_a_mistake(forge: Bench, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    with pytest.raises(ConfigurationError, match="name another --dist"):
        await forge.publisher().publish(taken / "dist", dry_run=True)


async def test_an_upload_that_was_refused_is_resumed_though_the_backend_writes_the_clock(
    bench: Bench, tmp_path: Path
) -> None:
    source = make_source(tmp_path / "source", clock=True)
    refused = bench.publisher(source=source, token="no such token", time=1_700_000_000)
    with pytest.raises(NotPublished, match="answers 403"):
        await refused.publish(tmp_path / "dist", dry_run=False)
    run = bench.publisher(source=source, time=1_700_000_000)
    done = await run.publish(tmp_path / "dist", dry_run=False)
    assert list(done.uploaded) == bench.on_index == NAMES


async def test_a_second_run_of_the_same_name_uploads_no_other_bytes(
    forge: Bench, tmp_path: Path
) -> None:
    # A matrix has one name for all its legs. Both have looked, and there was no claim yet.
    first = write_artifacts(tmp_path / "first")
    other = write_artifacts(tmp_path / "other", extra=b"another leg")
    await forge.claims().claim(RELEASE, forge.commit, first)
    await forge.claims().claim(RELEASE, forge.commit, first)
    with pytest.raises(NotPublished, match="other bytes than the one that claimed it"):
        await forge.claims().claim(RELEASE, forge.commit, other)


async def test_nobody_builds_into_the_folder_that_is_uploaded_from(
    bench: Bench, tmp_path: Path
) -> None:
    dist, seen = tmp_path / "dist", []
    other = bench.publisher("run 2", source=make_source(tmp_path / "other"))

    def watch(now: Stage) -> None:
        if now is Stage.UPLOADING:
            with pytest.raises(NotPublished, match="publishes from this folder"), alone(dist):
                raise AssertionError("two at once")
            seen.append(now)

    await bench.publisher(watch=watch).publish(dist, dry_run=False)
    assert seen == [Stage.UPLOADING]
    with alone(dist), pytest.raises(NotPublished, match="publishes from this folder"):
        await other.publish(dist, dry_run=True)


def alone(dist: Path) -> AbstractContextManager[None]:
    return alone_in(dist, RELEASE, "publishes from")


async def test_changes_that_no_commit_has_are_not_published_under_its_name(
    bench: Bench, tmp_path: Path
) -> None:
    source = make_source(tmp_path / "source")
    git(source, "init", "--quiet", "--initial-branch=main")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "-m", "A package")
    (source / "README.md").write_text("# Changed\n")
    run = bench.publisher(source=source)
    with pytest.raises(NotPublished, match=r"changed since [0-9a-f]{12}: README.md") as raised:
        await run.publish(tmp_path / "dist", dry_run=False)
    assert "--allow-dirty" in str(raised.value)
    assert await bench.claims().found(VERSION) is None
    assert Stage.BUILDING not in bench.stages
    checked = await run.publish(tmp_path / "dist", dry_run=True)
    assert checked.state is PublishState.CHECKED
    done = await replace(run, allow_dirty=True).publish(tmp_path / "dist", dry_run=False)
    assert list(done.uploaded) == bench.on_index == NAMES
