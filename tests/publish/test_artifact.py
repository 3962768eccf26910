"""Built files: what they say, and that no bytes do worse than being refused."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.publish.sources import (
    PACKAGE,
    VERSION,
    metadata,
    sdist_bytes,
    tarred,
    wheel_bytes,
    write_artifacts,
    zipped,
)

from tailrace.errors import NotPublished
from tailrace.model import Release
from tailrace.publish.artifact import (
    Artifact,
    NotADistribution,
    check_is_release,
    read_artifact,
)

WHEEL = "tiny_demo-1.2.3-py3-none-any.whl"
SDIST = "tiny_demo-1.2.3.tar.gz"
INFO = "tiny_demo-1.2.3.dist-info/METADATA"


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_a_wheel_and_an_sdist_say_what_they_are(tmp_path: Path) -> None:
    wheel, sdist = write_artifacts(tmp_path)
    for artifact, is_wheel in ((wheel, True), (sdist, False)):
        content = artifact.path.read_bytes()
        assert (artifact.name, artifact.version) == (PACKAGE, VERSION)
        assert artifact.is_wheel is is_wheel
        assert artifact.sha256 == hashlib.sha256(content).hexdigest()
        assert artifact.size == len(content)
    assert wheel.modules == ("tiny",)


def test_modules_are_what_can_be_imported(tmp_path: Path) -> None:
    files = {
        INFO: metadata(),
        "one/__init__.py": b"",
        "one/deep/__init__.py": b"",
        "two.py": b"",
        "no-module.py": b"",
        "3d/__init__.py": b"",
        "data/file.txt": b"",
        "tiny_demo-1.2.3.data/scripts/run.py": b"",
    }
    wheel = read_artifact(written(tmp_path, WHEEL, zipped(files)))
    assert wheel.modules == ("one", "two")


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"tiny/__init__.py": b""},
        {f"deep/{INFO}": metadata()},
        {INFO: b""},
        {INFO: b"Name: tiny-demo\n"},
        {INFO: b"Metadata-Version: 2.1\nName: tiny-demo\nVersion: not one\n"},
        {INFO: b"Metadata-Version: 2.1\nName: tiny-demo\nVersion: 1\nVersion: 2\n"},
        {INFO: b"\xff\xfe\x00" * 100},
        {INFO: metadata() + b"x" * (4 * 1024 * 1024)},
    ],
    ids=["empty", "none", "deep", "blank", "no version", "bad version", "two", "bytes", "huge"],
)
def test_a_wheel_without_readable_metadata_is_refused(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    path = written(tmp_path, WHEEL, zipped(files))
    with pytest.raises(NotPublished) as raised:
        check_is_release(read_artifact(path), Release(PACKAGE, VERSION))
    assert WHEEL in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        wheel_bytes(),
        tarred({}),
        tarred({"PKG-INFO": metadata()}),
        tarred({"a/b/PKG-INFO": metadata()}),
        tarred({}, {"tiny_demo-1.2.3/PKG-INFO": "/etc/passwd"}),
        tarred({"tiny_demo-1.2.3/PKG-INFO": metadata() + b"x" * (4 * 1024 * 1024)}),
        sdist_bytes()[:60],
        sdist_bytes()[:40] + b"\x00" * 40,
    ],
    ids=["nothing", "zip", "empty", "top", "deep", "link", "huge", "cut", "damaged"],
)
def test_an_sdist_without_readable_metadata_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NotADistribution, match="has no readable metadata"):
        read_artifact(written(tmp_path, SDIST, content))


def test_a_locked_zip_and_a_folder_are_refused(tmp_path: Path) -> None:
    locked = bytearray(wheel_bytes())
    with zipfile.ZipFile(written(tmp_path, "plain.zip", bytes(locked))) as archive:
        for entry in archive.infolist():
            # The flag "encrypted" in the local header and in the directory.
            locked[entry.header_offset + 6] |= 1
    start = locked.find(b"PK\x01\x02")
    while start >= 0:
        locked[start + 8] |= 1
        start = locked.find(b"PK\x01\x02", start + 1)
    with pytest.raises(NotADistribution):
        read_artifact(written(tmp_path, WHEEL, bytes(locked)))
    (tmp_path / SDIST).mkdir()
    with pytest.raises(NotADistribution):
        read_artifact(tmp_path / SDIST)
    with pytest.raises(NotADistribution):
        read_artifact(tmp_path / "gone.tar.gz")


@given(st.binary(max_size=2_000), st.sampled_from([WHEEL, SDIST]))
@settings(deadline=None)
def test_any_bytes_are_refused(content: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), name, content)
        with pytest.raises(NotADistribution):
            read_artifact(path)


@given(st.data())
@settings(deadline=None)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    name, whole = data.draw(st.sampled_from([(WHEEL, wheel_bytes()), (SDIST, sdist_bytes())]))
    damaged = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=8)):
        damaged[place] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), name, bytes(damaged))
        try:
            artifact = read_artifact(path)
        except NotADistribution:
            return
        assert artifact.sha256 == hashlib.sha256(damaged).hexdigest()


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_metadata_is_read_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), WHEEL, zipped({INFO: content}))
        with pytest.raises(NotPublished):
            check_is_release(read_artifact(path), Release(PACKAGE, VERSION))


@pytest.mark.parametrize(
    ("name", "version"),
    [("tiny-demo", "1.2.3"), ("Tiny_Demo", "1.2.3"), ("tiny.demo", "1.2.3.0"), ("x", "1.2.4")],
)
def test_a_name_and_a_version_are_compared_by_their_rules(name: str, version: str) -> None:
    artifact = Artifact(Path(WHEEL), name, version, True, "", 0)
    if name != "x":
        check_is_release(artifact, Release(PACKAGE, VERSION))
        return
    with pytest.raises(NotPublished, match="is of 'x', not of tiny-demo"):
        check_is_release(artifact, Release(PACKAGE, VERSION))
    with pytest.raises(NotPublished, match=r"says '1\.2\.4', not 1\.2\.3"):
        check_is_release(artifact, Release("x", VERSION))
