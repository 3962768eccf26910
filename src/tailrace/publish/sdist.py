"""A source distribution that is the same bytes for the same commit, whoever packed it and when."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from pathlib import Path
from typing import IO, cast


def settle(path: Path, time: int) -> None:
    """Pack the sdist at ``path`` anew: every time is ``time``, and nobody's user and umask in it.

    setuptools and others write the clock into it, so that a second build of the same commit would
    not be what the first one claimed. What cannot be read is left for who reads it next.
    """
    beside = path.with_name(f".{path.name}.settled")
    try:
        with (
            path.open("rb") as packed,
            beside.open("wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=time) as into,
        ):
            _copy(packed, into, time)
        beside.replace(path)
    except (OSError, EOFError, ValueError, zlib.error, tarfile.TarError):
        beside.unlink(missing_ok=True)


def _copy(packed: IO[bytes], into: gzip.GzipFile, time: int) -> None:
    with (
        tarfile.open(fileobj=packed, mode="r:gz") as before,
        tarfile.open(fileobj=cast(IO[bytes], into), mode="w", format=tarfile.PAX_FORMAT) as after,
    ):
        for member in before:
            if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
                raise tarfile.TarError("a member that no source distribution has")
            runs = member.isdir() or member.mode & 0o100
            # Without its own PAX headers, which say times again; long names are written anew.
            same = member.replace(
                mtime=time, mode=0o755 if runs else 0o644, uid=0, gid=0, uname="", gname=""
            )
            same.pax_headers = {}
            after.addfile(same, before.extractfile(member) if member.isreg() else None)
