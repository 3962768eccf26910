"""What a page means for the fleet: there, not yet, or never."""

from __future__ import annotations

import sys

import pytest

from tailrace.index.base import IndexFile, Project
from tailrace.index.installable import Absent, Offer, Offered, Unusable, offer

THIS = f"cp{sys.version_info.major}{sys.version_info.minor}"


def file(
    name: str,
    *,
    python: str | None = None,
    yanked: bool = False,
    why: str = "",
    version: str = "1.2.0",
) -> IndexFile:
    wheel = name.endswith(".whl")
    return IndexFile(name, "u", version, wheel, {}, python, yanked, why)


def found(*files: IndexFile, pythons: tuple[str, ...] = ()) -> Offer:
    return offer(Project("acme", files), "1.2.0", pythons)


def chosen(*files: IndexFile, pythons: tuple[str, ...] = ()) -> str:
    was = found(*files, pythons=pythons)
    assert isinstance(was, Offered)
    return was.file.filename


SOURCE = file("acme-1.2.0.tar.gz")
PURE = file("acme-1.2.0-py3-none-any.whl")
NATIVE = file(f"acme-1.2.0-{THIS}-none-any.whl")
FOREIGN = file("acme-1.2.0-cp38-cp38-win32.whl")


def test_not_there_yet() -> None:
    assert offer(None, "1.2.0", ()) == Absent("the index has no such project yet")
    old = file("acme-1.1.0.tar.gz", version="1.1.0")
    assert found(old) == Absent("1.2.0 is not among its 1 files yet")


@pytest.mark.parametrize(
    ("files", "best"),
    [
        ((SOURCE, FOREIGN, PURE, NATIVE), NATIVE),
        ((SOURCE, FOREIGN, PURE), PURE),
        ((FOREIGN, SOURCE), SOURCE),
        ((FOREIGN,), FOREIGN),
        ((file("acme-1.2.0-py3.whl"), SOURCE), SOURCE),
        # More tags than any wheel has are not multiplied out.
        ((file(f"acme-1.2.0-py3{'.a' * 80}-none{'.b' * 80}-any{'.c' * 80}.whl"), SOURCE), SOURCE),
    ],
)
def test_the_file_that_pip_would_take_here(files: tuple[IndexFile, ...], best: IndexFile) -> None:
    assert chosen(*files) == chosen(*reversed(files)) == best.filename


@pytest.mark.parametrize(
    ("requires", "pythons", "said"),
    [
        (">=3.9", ("3.11",), None),
        (">=3.11.4", ("3.11",), None),
        (">=3.11.4", ("3.11.3",), "3.11.3"),
        (">=3.12", ("3.11",), "3.11"),
        (">=3.12", ("3.12", "3.11"), "3.11"),
        (">=3.12", (), None),
        ("<3.11", ("3.11",), "3.11"),
        ("!=3.11.*", ("3.11",), "3.11"),
        # As pip: what cannot be read is ignored.
        ("about 3", ("3.11",), None),
        ("", ("3.11",), None),
        (None, ("3.11",), None),
    ],
)
def test_requires_python(requires: str | None, pythons: tuple[str, ...], said: str | None) -> None:
    was = found(file("acme-1.2.0.tar.gz", python=requires), pythons=pythons)
    if said is None:
        assert isinstance(was, Offered)
    else:
        assert was == Unusable(f"requires Python {requires}, and the fleet has {said}")


def test_requires_python_cannot_forge_a_line() -> None:
    was = found(file("acme-1.2.0.tar.gz", python=">=3.12\n,<4" + ",<5" * 50), pythons=("3.11",))
    assert isinstance(was, Unusable)
    assert "\n" not in was.reason
    assert len(was.reason) < 120


def test_each_python_needs_one_file_and_the_checked_one_is_for_all_if_it_can_be() -> None:
    new = file("acme-1.2.0-py3-none-any.whl", python=">=3.12")
    old = file("acme-1.2.0.tar.gz", python=">=3.9")
    assert chosen(new, old, pythons=("3.11", "3.12")) == old.filename
    assert chosen(new, old, pythons=("3.12",)) == new.filename
    below = file("acme-1.2.0.tar.gz", python="<3.12")
    assert chosen(new, below, pythons=("3.11", "3.12")) == new.filename


def test_yanked() -> None:
    gone = file("acme-1.2.0.tar.gz", yanked=True, why="broken build")
    silent = file("acme-1.2.0-py3-none-any.whl", yanked=True)
    assert found(silent, gone) == Unusable("is yanked (broken build)")
    assert found(silent) == Unusable("is yanked")
    assert chosen(gone, PURE) == PURE.filename
