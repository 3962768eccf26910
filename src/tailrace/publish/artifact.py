"""A built file: what its own metadata says, and its hash."""

from __future__ import annotations

import hashlib
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from packaging.metadata import InvalidMetadata, Metadata
from packaging.utils import canonicalize_name

from tailrace.errors import NotPublished
from tailrace.model import Release
from tailrace.versions import parse

_METADATA_LIMIT = 4 * 1024 * 1024
_MOST_NAMES = 100_000
_IDENTIFIER = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Artifact:
    """One wheel or source distribution."""

    path: Path
    name: str
    version: str
    is_wheel: bool
    sha256: str
    size: int
    #: What a wheel can be imported by, as far as its file names tell.
    modules: tuple[str, ...] = ()


class NotADistribution(NotPublished):
    """A built file that is no wheel and no source distribution, or has no readable metadata."""


def read_artifact(path: Path) -> Artifact:
    """The wheel or sdist at ``path``. Raises `NotADistribution`."""
    is_wheel = path.suffix == ".whl"
    try:
        if is_wheel:
            raw, modules = _of_wheel(path)
        else:
            raw, modules = _of_sdist(path), ()
        metadata = Metadata.from_email(raw, validate=False)
        # Read without validation, so either may be None.
        name, version = str(metadata.name), str(metadata.version)
    except (
        OSError,
        ValueError,
        LookupError,
        EOFError,
        ArithmeticError,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        zipfile.BadZipFile,
        tarfile.TarError,
        InvalidMetadata,
        ExceptionGroup,
        # A zip file with a password, or packed in a way that Python cannot read.
        RuntimeError,
    ) as error:
        raise NotADistribution(
            f"{path.name}: has no readable metadata ({type(error).__name__})"
            "\n  next: look at what the build backend made"
        ) from error
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1024 * 1024):
            sha256.update(chunk)
    size = path.stat().st_size
    return Artifact(path, name, version, is_wheel, sha256.hexdigest(), size, modules)


def check_is_release(artifact: Artifact, release: Release) -> None:
    """Raises `NotPublished` where a file's metadata names another package or version."""
    if canonicalize_name(artifact.name) != canonicalize_name(release.package):
        raise NotPublished(
            f"{artifact.path.name}: is of {artifact.name[:100]!a}, not of {release.package}"
            "\n  next: correct `package` in the fleet file, or `source` in [publish]"
        )
    # By PEP 440: a backend writes 1.0 where 1.0.0 is meant, and both are one release.
    if parse(artifact.version) != parse(release.version):
        raise NotPublished(
            f"{artifact.path.name}: its metadata says {artifact.version[:60]!a},"
            f" not {release.version}"
            "\n  next: let the build take its version from the tag, or say in [publish]"
            "\n  where the source states it: version-in"
        )


def _of_wheel(path: Path) -> tuple[bytes, tuple[str, ...]]:
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        if len(names) > _MOST_NAMES:
            raise ValueError("more files than a wheel has")
        found = [name for name in names if _is_metadata(name)]
        with wheel.open(found[0]) as file:
            raw = _bounded(file)
    return raw, _modules(names)


def _is_metadata(name: str) -> bool:
    parts = name.split("/")
    return len(parts) == 2 and parts[0].endswith(".dist-info") and parts[1] == "METADATA"


def _modules(names: list[str]) -> tuple[str, ...]:
    """The top-level packages and modules in a wheel."""
    found = set()
    for name in names:
        parts = PurePosixPath(name).parts
        if len(parts) > 1 and parts[1] == "__init__.py":
            found.add(parts[0])
        elif len(parts) == 1 and name.endswith(".py"):
            found.add(name.removesuffix(".py"))
    return tuple(sorted(name for name in found if _IDENTIFIER.fullmatch(name)))


def _of_sdist(path: Path) -> bytes:
    with tarfile.open(path) as sdist:
        for number, member in enumerate(sdist):
            if number > _MOST_NAMES:
                raise ValueError("more files than a source distribution has")
            parts = member.name.split("/")
            if len(parts) == 2 and parts[1] == "PKG-INFO" and member.isfile():
                file = sdist.extractfile(member)
                if file is not None:
                    return _bounded(file)
    raise KeyError("PKG-INFO")


def _bounded(file: IO[bytes]) -> bytes:
    raw = file.read(_METADATA_LIMIT + 1)
    if len(raw) > _METADATA_LIMIT:
        raise ValueError("more metadata than any package has")
    return raw
