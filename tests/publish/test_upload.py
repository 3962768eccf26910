"""Files onto an index: once, never over others, and the token nowhere."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conformance.worlds import no_wait
from tests.doubles.index import (
    RESET,
    STORED_THEN_RESET,
    TOKEN,
    Answer,
    IndexDouble,
    down,
    login,
)
from tests.publish.bench import RELEASE
from tests.publish.sources import wheel_bytes, write_artifacts
from twine.utils import DEFAULT_REPOSITORY

from tailrace.errors import ConfigurationError, ExitCode, NotPublished
from tailrace.index.base import IndexBadAnswer
from tailrace.index.simple import SimpleIndex
from tailrace.publish.artifact import Artifact
from tailrace.publish.upload import (
    Credentials,
    check_upload_url,
    missing,
    upload,
    upload_url_of,
)
from tailrace.sandbox.index_process import IndexProcess
from tailrace.settings import IndexSettings

ENVIRON = {"PATH": os.environ["PATH"]}
GOOD = Credentials("__token__", TOKEN)
CLAIMED = "tag runtime-v1.2.3 in acme/demo"


@pytest.fixture
def files(tmp_path: Path) -> Sequence[Artifact]:
    return write_artifacts(tmp_path / "dist")


@pytest.fixture
async def double() -> AsyncIterator[IndexDouble]:
    async with IndexDouble() as index:
        yield index


async def uploaded(
    double: IndexDouble,
    files: Sequence[Artifact],
    credentials: Credentials | None = GOOD,
    environ: dict[str, str] | None = None,
    claimed: str | None = None,
) -> None:
    settings = IndexSettings(url=double.simple_url, upload_url=double.upload_url)
    async with SimpleIndex(double.simple_url, sleep=no_wait) as index:
        await upload(
            index,
            RELEASE,
            files,
            settings,
            credentials,
            environ={**ENVIRON, **(environ or {})},
            attestations=False,
            claimed=claimed,
        )


async def test_on_a_real_index_once_and_not_over_other_bytes(
    tmp_path: Path, files: Sequence[Artifact]
) -> None:
    async with IndexProcess(tmp_path / "packages", TOKEN) as real:
        settings = IndexSettings(url=real.simple_url, upload_url=real.upload_url)
        async with SimpleIndex(real.simple_url, sleep=no_wait) as index:

            async def put(credentials: Credentials) -> None:
                await upload(
                    index,
                    RELEASE,
                    files,
                    settings,
                    credentials,
                    environ=ENVIRON,
                    attestations=False,
                )

            assert await missing(index, RELEASE, files) == tuple(files)
            with pytest.raises(NotPublished, match=r"answers 40[13]") as refused:
                await put(Credentials("__token__", "pypi-wrong-token"))
            assert "out there: nothing of it" in str(refused.value)
            assert "TAILRACE_INDEX_TOKEN" in str(refused.value)
            assert "pypi-wrong-token" not in str(refused.value)

            await put(GOOD)
            names = sorted(path.name for path in real.folder.iterdir())
            assert names == [file.path.name for file in files]
            assert await missing(index, RELEASE, files) == ()
            # Twice is an answer 409 here; the bytes are the same, so it is done.
            await put(GOOD)

            other = write_artifacts(tmp_path / "other", extra=b"other")
            with pytest.raises(NotPublished, match="with other bytes") as raised:
                await missing(index, RELEASE, other)
            assert str(raised.value).count("out there: tiny_demo-1.2.3") == 2
            assert files[0].path.read_bytes() == (real.folder / names[0]).read_bytes()


async def test_a_file_that_arrived_is_there_whatever_was_answered(
    double: IndexDouble, files: Sequence[Artifact]
) -> None:
    double.upload_answers = [STORED_THEN_RESET, Answer(409, b"there", stores=True)]
    await uploaded(double, files)
    assert list(double.files) == [file.path.name for file in files]
    assert len(double.asked("POST", "/legacy/")) == 2


@pytest.mark.parametrize(
    ("answer", "said", "step"),
    [
        (Answer(403, b"no"), "answers 403 Forbidden", "one for this package?"),
        (down(500), "answers 500 Internal Server Error", "run it again"),
        (Answer(404), "answers 404 Not Found", "correct `upload-url`"),
        (Answer(409, b"taken"), "answers 409 Conflict", "publish another version"),
        (Answer(302, b"", {"location": "/login"}), "could not upload", "run it again"),
        (RESET, "could not upload", "run it again"),
        (login(), "answers with a web page", "correct `upload-url`"),
    ],
    ids=["403", "500", "404", "409", "302", "reset", "page"],
)
async def test_what_is_refused_says_why_and_what_is_out_there(
    double: IndexDouble, files: Sequence[Artifact], answer: Answer, said: str, step: str
) -> None:
    wheel, sdist = files
    # The first goes up; then it goes wrong.
    double.upload_answers = [Answer(200, b"", stores=True)]
    double.always_upload = answer
    with pytest.raises(NotPublished) as raised:
        await uploaded(double, files, claimed=CLAIMED)
    lines = str(raised.value).splitlines()
    assert lines[0].startswith(f"{RELEASE}: {sdist.path.name}: ")
    assert said in str(raised.value)
    assert f"  out there: {wheel.path.name}" in lines
    assert f"  out there: {CLAIMED}" in lines
    assert f"  out there: {sdist.path.name}" not in lines
    assert lines[-1].startswith("  next: ")
    assert step in lines[-1]
    assert TOKEN not in str(raised.value)
    assert raised.value.exit_code == ExitCode.NOT_CONVERGED


async def test_where_the_index_cannot_be_read_it_says_that_it_does_not_know(
    double: IndexDouble, files: Sequence[Artifact]
) -> None:
    double.always_upload, double.always_page = Answer(403), login()
    with pytest.raises(NotPublished, match="answers 403") as raised:
        await uploaded(double, files)
    assert "what is out there is not known" in str(raised.value)


@pytest.mark.parametrize("own", [True, False])
async def test_a_token_that_the_index_repeats_is_not_shown(
    double: IndexDouble, files: Sequence[Artifact], own: bool
) -> None:
    secret = "pypi-very-secret"
    double.always_upload = Answer(403, f"not {secret}".encode())
    credentials = Credentials("__token__", secret) if own else None
    environ = {} if own else {"TWINE_PASSWORD": secret, "TWINE_USERNAME": "me"}
    # An answer that twine shows in full: it has no status of its own in the last lines.
    double.always_upload = Answer(302, f"no: {secret}".encode(), {"location": f"/{secret}"})
    with pytest.raises(NotPublished, match="could not upload") as raised:
        await uploaded(double, files, credentials, environ)
    assert secret not in str(raised.value)
    assert "[secret]" in str(raised.value)


async def test_a_password_of_twine_s_own_variable_is_used(
    double: IndexDouble, files: Sequence[Artifact]
) -> None:
    double.username = "me"
    environ = {"TWINE_PASSWORD": TOKEN, "TWINE_USERNAME": "me", "COLUMNS": "20"}
    await uploaded(double, files[:1], None, environ)
    assert list(double.files) == [files[0].path.name]


async def test_other_files_of_the_version_are_not_mixed_with_ours(
    double: IndexDouble, files: Sequence[Artifact]
) -> None:
    double.add("tiny_demo-1.2.3-cp311-cp311-linux_x86_64.whl")
    async with SimpleIndex(double.simple_url, sleep=no_wait) as index:
        with pytest.raises(NotPublished, match="did not make") as raised:
            await missing(index, RELEASE, files)
        assert "cp311" in str(raised.value)
        # All of ours there as well: nothing is left to do.
        for file in files:
            double.add(file.path.name, file.path.read_bytes())
        assert await missing(index, RELEASE, files) == ()


@pytest.mark.parametrize("same", [True, False])
async def test_an_index_without_hashes_is_asked_for_the_bytes(
    double: IndexDouble, files: Sequence[Artifact], same: bool
) -> None:
    content = files[0].path.read_bytes() if same else wheel_bytes(extra=b"other")
    double.add(files[0].path.name, content, hashes={})
    async with SimpleIndex(double.simple_url, sleep=no_wait) as index:
        if same:
            assert await missing(index, RELEASE, files) == tuple(files[1:])
            return
        with pytest.raises(NotPublished, match="with other bytes"):
            await missing(index, RELEASE, files)


async def test_an_index_that_answers_with_a_page_is_no_empty_index(
    double: IndexDouble, files: Sequence[Artifact]
) -> None:
    double.always_page = login()
    async with SimpleIndex(double.simple_url, sleep=no_wait) as index:
        with pytest.raises(IndexBadAnswer) as raised:
            await missing(index, RELEASE, files)
    assert raised.value.exit_code == ExitCode.UNKNOWN


async def test_attestations_go_up_with_their_files(
    double: IndexDouble, files: Sequence[Artifact]
) -> None:
    wheel = files[0]
    beside = wheel.path.with_name(f"{wheel.path.name}.publish.attestation")
    beside.write_text('{"version": 1}')
    settings = IndexSettings(url=double.simple_url, upload_url=double.upload_url)
    async with SimpleIndex(double.simple_url, sleep=no_wait) as index:
        await upload(index, RELEASE, [wheel], settings, GOOD, environ=ENVIRON, attestations=True)
    assert [sent.filename for sent in double.uploaded] == [wheel.path.name]
    assert '"version"' in double.uploaded[0].fields["attestations"]


def test_where_uploads_go() -> None:
    settings = IndexSettings()
    check_upload_url(settings)
    assert upload_url_of(settings, {}) == DEFAULT_REPOSITORY
    assert upload_url_of(settings, {"TWINE_REPOSITORY_URL": "https://a.test/"}) == "https://a.test/"
    assert upload_url_of(settings, {"TWINE_REPOSITORY": "ours"}) is None
    told = replace(settings, upload_url="https://b.test/")
    assert upload_url_of(told, {"TWINE_REPOSITORY_URL": "https://a.test/"}) == "https://b.test/"
    with pytest.raises(ConfigurationError, match="upload-url"):
        check_upload_url(replace(settings, url="https://a.test/simple/"))
