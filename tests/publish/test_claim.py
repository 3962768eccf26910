"""A version is claimed once: against the sandbox's forge, also on a bad night."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.publish.bench import PREFIX, REPOSITORY, TAG, Bench, git
from tests.publish.sources import PACKAGE, VERSION, write_artifacts

from tailrace.errors import ExitCode, NotPublished
from tailrace.forges.base import ForgeError, Tag
from tailrace.forges.open import open_forge
from tailrace.model import ForgeKind, Release
from tailrace.publish.artifact import Artifact
from tailrace.publish.claim import Claims, claimant_of, files_of
from tailrace.sandbox.faults import Fault
from tailrace.settings import ForgeSettings

RELEASE = Release(PACKAGE, VERSION)


@pytest.fixture
def files(forge: Bench) -> Sequence[Artifact]:
    return write_artifacts(forge.folder / "dist")


async def test_a_claim_is_an_annotated_tag_that_says_who_and_what(
    forge: Bench, files: Sequence[Artifact]
) -> None:
    await forge.claims("acme/demo run 7 job publish").claim(RELEASE, forge.commit, files)
    bare = forge.server.forge.path(REPOSITORY.owner, REPOSITORY.name)
    assert git(bare, "cat-file", "-t", TAG) == "tag"
    assert git(bare, "rev-parse", f"{TAG}^{{commit}}") == forge.commit
    said = git(bare, "for-each-ref", "--format=%(contents)", f"refs/tags/{TAG}").splitlines()
    assert "Tailrace-Claim: acme/demo run 7 job publish" in said
    for file in files:
        assert f"Tailrace-File: {file.path.name} sha256:{file.sha256}" in said
    tag = await forge.claims().found(VERSION)
    assert tag is not None
    assert claimant_of(tag) == "acme/demo run 7 job publish"
    assert files_of(tag) == {file.path.name: file.sha256 for file in files}


async def test_who_comes_second_has_lost_and_says_to_whom(
    forge: Bench, files: Sequence[Artifact]
) -> None:
    await forge.claims("run 1").claim(RELEASE, forge.commit, files)
    with pytest.raises(NotPublished, match="this run has lost") as raised:
        await forge.claims("run 2").claim(RELEASE, forge.commit, files)
    assert "by run 1" in str(raised.value)
    assert TAG in str(raised.value)
    assert raised.value.exit_code == ExitCode.NOT_CONVERGED


async def test_the_same_run_at_another_commit_has_lost_too(
    forge: Bench, files: Sequence[Artifact]
) -> None:
    await forge.claims().claim(RELEASE, forge.commit, files)
    other = forge.server.forge.commit_file(*REPOSITORY_PARTS, "README.md", b"two\n", "Two")
    assert str(other) != forge.commit
    with pytest.raises(NotPublished, match="this run has lost"):
        await forge.claims().claim(RELEASE, str(other), files)


async def test_a_commit_that_was_not_pushed_is_said_so(
    forge: Bench, files: Sequence[Artifact]
) -> None:
    with pytest.raises(NotPublished, match="has no commit aaaaaaaaaaaa") as raised:
        await forge.claims().claim(RELEASE, "a" * 40, files)
    assert "git push" in str(raised.value)
    assert await forge.claims().found(VERSION) is None
    # In a folder of bare repositories too.
    bare = forge.server.forge.path(*REPOSITORY_PARTS)
    folder = ForgeSettings(kind=ForgeKind.GIT, url=str(bare.parents[1]), owner="acme")
    async with open_forge(folder, None) as other:
        claims = Claims(other, REPOSITORY, PREFIX, "run 1")
        with pytest.raises(NotPublished, match="has no commit aaaaaaaaaaaa"):
            await claims.claim(RELEASE, "a" * 40, files)


async def test_a_tag_that_a_person_made_is_not_overwritten(
    forge: Bench, files: Sequence[Artifact]
) -> None:
    await forge.forge.create_tag(REPOSITORY, Tag(TAG, forge.commit, "By me"))
    with pytest.raises(NotPublished, match="somebody by hand"):
        await forge.claims().claim(RELEASE, forge.commit, files)


async def test_a_claim_whose_answer_is_lost_is_still_ours(
    forge: Bench, files: Sequence[Artifact]
) -> None:
    forge.server.faults.append(Fault.parse("lost-answer,match=^POST.*tags,times=1"))
    await forge.claims().claim(RELEASE, forge.commit, files)
    tag = await forge.claims().found(VERSION)
    assert tag is not None
    assert forge.claims().is_ours(tag, forge.commit)
    posts = [call for call in forge.server.api_calls if call[0] == "POST"]
    assert len(posts) == 1


async def test_an_answer_lost_by_another_run_is_not_ours(
    forge: Bench, files: Sequence[Artifact]
) -> None:
    await forge.claims("run 1").claim(RELEASE, forge.commit, files)
    forge.server.faults.append(Fault.parse("lost-answer,match=^POST.*tags"))
    with pytest.raises(NotPublished, match="by run 1"):
        await forge.claims("run 2").claim(RELEASE, forge.commit, files)


async def test_a_claim_that_was_never_made_is_an_error_and_not_a_claim(
    forge: Bench, files: Sequence[Artifact]
) -> None:
    forge.server.faults.append(Fault.parse("drop,match=^POST.*tags"))
    with pytest.raises(ForgeError) as raised:
        await forge.claims().claim(RELEASE, forge.commit, files)
    assert raised.value.exit_code == ExitCode.UNKNOWN
    assert await forge.claims().found(VERSION) is None


async def test_of_many_at_once_one_wins(forge: Bench, files: Sequence[Artifact]) -> None:
    runs = [f"run {number}" for number in range(8)]
    ended = await asyncio.gather(
        *(forge.claims(run).claim(RELEASE, forge.commit, files) for run in runs),
        return_exceptions=True,
    )
    winners = [run for run, end in zip(runs, ended, strict=True) if end is None]
    assert len(winners) == 1
    assert all(isinstance(end, NotPublished) for end in ended if end is not None)
    tag = await forge.claims().found(VERSION)
    assert tag is not None
    assert claimant_of(tag) == winners[0]


async def test_a_release_tag_is_found_at_its_commit_only(
    forge: Bench, files: Sequence[Artifact]
) -> None:
    await forge.forge.create_tag(REPOSITORY, Tag("runtime-vendored", forge.commit, "No version"))
    assert await forge.claims().at(forge.commit) is None
    await forge.claims().claim(RELEASE, forge.commit, files)
    found = await forge.claims().at(forge.commit)
    assert found is not None
    assert found.name == TAG
    assert await forge.claims().at("a" * 40) is None
    assert await forge.claims(prefix="v").at(forge.commit) is None


@pytest.mark.parametrize(
    "message",
    ["", "Release 1.2.3", "tailrace-claim: me", "See Tailrace-Claim: me", "Tailrace-Claim:"],
)
def test_a_message_of_a_person_is_no_claim(message: str) -> None:
    assert claimant_of(Tag(TAG, "a" * 40, message)) is None


def test_a_claim_in_other_line_ends_is_read() -> None:
    tag = Tag(TAG, "a" * 40, "Release\r\n\r\nTailrace-Claim: run 1\r\n")
    assert claimant_of(tag) == "run 1"


REPOSITORY_PARTS = (REPOSITORY.owner, REPOSITORY.name)
