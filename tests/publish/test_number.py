"""Which version a run releases: by tag, by word, or after the index's highest."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.publish.bench import PREFIX, REPOSITORY, TAG, Bench, Shelf
from tests.publish.sources import PACKAGE, write_artifacts

from tailrace.errors import ConfigurationError, ExitCode, NotPublished
from tailrace.forges.base import ForgeError, Tag
from tailrace.index.base import IndexBadAnswer, IndexFailure, IndexUnreachable
from tailrace.model import Release
from tailrace.publish.checkout import Checkout
from tailrace.publish.claim import Claims
from tailrace.publish.number import Chosen, NoRelease, Number, Numbering
from tailrace.sandbox.faults import Fault
from tailrace.versions import BadVersion, VersionPolicy

COMMIT = "a" * 40


async def number(
    shelf: Shelf,
    checkout: Checkout | None = None,
    claims: Claims | None = None,
    *,
    explicit: str | None = None,
    labels: Sequence[str] = (),
    first: str | None = None,
) -> Number:
    return await Numbering(
        package=PACKAGE,
        tag_prefix=PREFIX,
        policy=VersionPolicy.STRICT,
        index=shelf,
        checkout=checkout or Checkout(commit=COMMIT),
        claims=claims,
        labels=labels,
        first=first,
    ).next(explicit)


def chosen(found: Number) -> str:
    assert isinstance(found, Chosen), found
    return found.version


def reason(found: Number) -> str:
    assert isinstance(found, NoRelease), found
    return found.reason


@pytest.mark.parametrize(
    ("files", "after"),
    [
        (["tiny-0.1.9-py3-none-any.whl", "tiny-0.1.10.tar.gz"], "0.1.11"),
        (["tiny-0.1.10.tar.gz", "yanked-0.2.0.tar.gz"], "0.2.1"),
        (["tiny-0.1.10.tar.gz", "tiny-0.2.0rc1.tar.gz"], "0.1.11"),
        (["tiny-0.2.0rc1.tar.gz", "tiny-0.2.0.dev4.tar.gz"], "0.2.0"),
        (["tiny-0.1.0.tar.gz", "tiny-9.9.9+ours.tar.gz"], "0.1.1"),
        (["tiny-0.1.0.tar.gz", "tiny-nonsense.tar.gz"], "0.1.1"),
        (["tiny-1.0.0.post1.tar.gz"], "1.0.1"),
    ],
)
async def test_it_is_one_more_than_the_highest_release(files: list[str], after: str) -> None:
    assert chosen(await number(Shelf(*files))) == after


@pytest.mark.parametrize(
    ("labels", "after"),
    [
        ([], "1.2.4"),
        (["bug", "release:patch"], "1.2.4"),
        (["release:minor", "release:minor"], "1.3.0"),
        (["release:major"], "2.0.0"),
    ],
)
async def test_a_label_says_which_part_is_raised(labels: list[str], after: str) -> None:
    assert chosen(await number(Shelf("tiny-1.2.3.tar.gz"), labels=labels)) == after


@pytest.mark.parametrize("labels", [["release:minor", "release:major"], ["release:huge"]])
async def test_labels_that_contradict_or_are_unknown_are_errors(labels: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="which part is raised") as raised:
        await number(Shelf("tiny-1.2.3.tar.gz"), labels=labels)
    assert "release:" in str(raised.value)


async def test_a_package_that_the_index_does_not_have_needs_a_first_version() -> None:
    with pytest.raises(ConfigurationError, match="no such project") as raised:
        await number(Shelf())
    assert "--first" in str(raised.value)
    assert chosen(await number(Shelf(), first="0.1.0")) == "0.1.0"
    with pytest.raises(BadVersion):
        await number(Shelf(), first="one")
    with pytest.raises(ConfigurationError, match="no release of it"):
        await number(Shelf("tiny-1.0+ours.tar.gz"))


async def test_a_first_version_does_not_hold_where_there_are_releases() -> None:
    assert chosen(await number(Shelf("tiny-1.2.3.tar.gz"), first="0.1.0")) == "1.2.4"


@pytest.mark.parametrize("failure", [IndexUnreachable("down"), IndexBadAnswer("a web page")])
@pytest.mark.parametrize("explicit", [None, "1.2.3"])
async def test_an_index_that_cannot_be_read_is_an_error(
    failure: IndexFailure, explicit: str | None
) -> None:
    with pytest.raises(IndexFailure) as raised:
        await number(Shelf(failure=failure), explicit=explicit, first="0.1.0")
    assert raised.value is failure
    assert failure.exit_code == ExitCode.UNKNOWN


async def test_a_version_as_given_must_be_one_and_be_free() -> None:
    shelf = Shelf("tiny-1.2.3.tar.gz")
    assert chosen(await number(shelf, explicit="1.0.0")) == "1.0.0"
    with pytest.raises(NotPublished, match="never overwritten") as raised:
        await number(shelf, explicit="1.2.3")
    assert raised.value.exit_code == ExitCode.NOT_CONVERGED
    with pytest.raises(BadVersion):
        await number(shelf, explicit="v1.2.4")


async def test_a_version_that_is_taken_by_pep_440_is_taken() -> None:
    with pytest.raises(NotPublished, match="on the index already"):
        await number(Shelf("tiny-1.2.tar.gz"), explicit="1.2.0")


async def test_the_tag_of_the_run_says_the_version() -> None:
    shelf = Shelf("tiny-1.2.3.tar.gz")
    found = await number(shelf, Checkout(commit=COMMIT, tag="runtime-v2.0.0rc1"))
    assert found == Chosen("2.0.0rc1", "from tag runtime-v2.0.0rc1")
    with pytest.raises(NotPublished, match="on the index already"):
        await number(shelf, Checkout(commit=COMMIT, tag=TAG))
    with pytest.raises(BadVersion):
        await number(shelf, Checkout(commit=COMMIT, tag="runtime-vtwo"))


@pytest.mark.parametrize("tag", ["v1.2.4", "docs-7", "Runtime-v1.2.4"])
async def test_a_tag_with_another_prefix_is_no_reason_to_guess(tag: str) -> None:
    with pytest.raises(ConfigurationError, match="does not begin with 'runtime-v'"):
        await number(Shelf("tiny-1.2.3.tar.gz"), Checkout(commit=COMMIT, tag=tag))


async def test_a_commit_that_says_so_is_no_release_but_a_named_version_is() -> None:
    checkout = Checkout(commit=COMMIT, message="Docs\n\n[skip-release] only words")
    shelf = Shelf("tiny-1.2.3.tar.gz")
    assert "[skip-release]" in reason(await number(shelf, checkout))
    assert chosen(await number(shelf, checkout, explicit="1.2.4")) == "1.2.4"


async def test_a_claim_at_this_commit_is_resumed_by_its_run_only(forge: Bench) -> None:
    files = write_artifacts(forge.folder / "dist")
    await forge.claims().claim(Release(PACKAGE, "1.2.4"), forge.commit, files)
    shelf = Shelf("tiny-1.2.3.tar.gz", "tiny-1.2.4-py3-none-any.whl")
    ours = await number(shelf, forge.checkout(), forge.claims())
    assert ours == Chosen("1.2.4", "claimed by this run before")
    again = await number(shelf, forge.checkout(), forge.claims(), explicit="1.2.4")
    assert chosen(again) == "1.2.4"
    # Nothing that the claim names is on the index: whoever claimed it may have died.
    with pytest.raises(NotPublished, match="by run 1"):
        await number(shelf, forge.checkout("run 2"), forge.claims("run 2"))
    # The run that the claim's own tag starts has nothing to do.
    of_tag = forge.checkout("run 2", tag="runtime-v1.2.4")
    assert "claimed by run 1" in reason(await number(shelf, of_tag, forge.claims("run 2")))


@pytest.mark.parametrize(
    ("there", "said"),
    [("tiny-1.2.4-py3-none-any.whl", "on the index already"), ("tiny-1.2.3.tar.gz", "by run 1")],
)
async def test_a_version_that_is_asked_for_and_claimed_by_another_is_an_error(
    forge: Bench, there: str, said: str
) -> None:
    files = write_artifacts(forge.folder / "dist")
    await forge.claims().claim(Release(PACKAGE, "1.2.4"), forge.commit, files)
    asked = number(Shelf(there), forge.checkout("run 2"), forge.claims("run 2"), explicit="1.2.4")
    with pytest.raises(NotPublished, match=said) as raised:
        await asked
    assert raised.value.exit_code == ExitCode.NOT_CONVERGED


async def test_a_tag_of_a_person_at_this_commit_is_released_by_its_own_run(forge: Bench) -> None:
    await forge.forge.create_tag(REPOSITORY, Tag("runtime-v3.0.0", forge.commit, "Three"))
    shelf = Shelf("tiny-1.2.3.tar.gz")
    pushed = await number(shelf, forge.checkout(), forge.claims())
    assert "the run of that tag releases" in reason(pushed)
    own = await number(shelf, forge.checkout(tag="runtime-v3.0.0"), forge.claims())
    assert chosen(own) == "3.0.0"


async def test_a_tag_that_is_no_version_does_not_hinder(forge: Bench) -> None:
    await forge.forge.create_tag(REPOSITORY, Tag("runtime-vendored", forge.commit, "No version"))
    found = await number(Shelf("tiny-1.2.3.tar.gz"), forge.checkout(), forge.claims())
    assert chosen(found) == "1.2.4"


async def test_the_next_version_with_a_tag_elsewhere_is_lost(forge: Bench) -> None:
    await forge.forge.create_tag(REPOSITORY, Tag("runtime-v1.2.4", forge.commit, "By hand"))
    checkout = forge.checkout(commit=COMMIT)
    with pytest.raises(NotPublished, match="claimed already"):
        await number(Shelf("tiny-1.2.3.tar.gz"), checkout, forge.claims())


async def test_a_forge_that_cannot_be_asked_is_an_error(forge: Bench) -> None:
    forge.server.faults.append(Fault("status", "503", match="/tags"))
    with pytest.raises(ForgeError) as raised:
        await number(Shelf("tiny-1.2.3.tar.gz"), forge.checkout(), forge.claims())
    assert raised.value.exit_code == ExitCode.UNKNOWN
