"""``tailrace init --ci``, ``--consumer`` and ``--check``: written once, and every edit found."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.processes import tailrace

RELEASE = ".gitea/workflows/tailrace-release.yml"


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def begun(folder: Path) -> Path:
    done = await tailrace("init", "--package", "p", "--owner", "o", "a", cwd=folder)
    assert done.code == 0
    return folder / "tailrace.toml"


async def test_written_and_found_as_written(tmp_path: Path) -> None:
    await begun(tmp_path)
    done = await tailrace("init", "--ci", "gitea", "--runs-on", "my-runner", cwd=tmp_path)
    assert (done.code, f"{RELEASE} written" in done.out) == (0, True)
    text = (tmp_path / RELEASE).read_text()
    assert text.startswith("# Written by: tailrace init --ci gitea --runs-on my-runner\n")
    assert "runs-on: my-runner" in text
    again = await tailrace("init", "--ci", "gitea", "--runs-on", "my-runner", cwd=tmp_path)
    assert (again.code, (tmp_path / RELEASE).read_text()) == (0, text)
    consumer = ("init", "--consumer", "github", "--run", """./x.sh "$VERSION" 'a b'""")
    assert (await tailrace(*consumer, cwd=tmp_path)).code == 0
    checked = await tailrace("init", "--check", cwd=tmp_path)
    assert checked.code == 0
    assert [line.split()[0] for line in checked.out.splitlines()] == ["as-written"] * 3


@pytest.mark.parametrize(
    ("edit", "state"),
    [
        (lambda text: text.replace("timeout 75m", "timeout 99m"), "edited"),
        (lambda text: text + "# more\n", "edited"),
        (lambda text: text.replace("sha256 of", "hash of"), "edited"),
        (lambda text: text.replace("# Written by: tailrace init --ci gitea\n", ""), "edited"),
    ],
)
async def test_an_edit_is_found(tmp_path: Path, edit: object, state: str) -> None:
    assert callable(edit)
    await begun(tmp_path)
    await tailrace("init", "--ci", "gitea", cwd=tmp_path)
    path = tmp_path / RELEASE
    edited = edit(path.read_text())
    path.write_text(edited)
    checked = await tailrace("init", "--check", cwd=tmp_path)
    assert checked.code == 1
    assert f"{state}      {RELEASE}" in checked.out
    assert "next: " in checked.out
    written = await tailrace("init", "--ci", "gitea", cwd=tmp_path)
    assert (written.code, path.read_text()) == (2, edited)
    assert RELEASE in written.err


async def test_another_fleet_file_makes_them_stale(tmp_path: Path) -> None:
    file = await begun(tmp_path)
    await tailrace("init", "--ci", "gitea", cwd=tmp_path)
    file.write_text(file.read_text() + '\n[publish]\ntag-prefix = "v"\n')
    checked = await tailrace("init", "--check", cwd=tmp_path)
    assert checked.code == 1
    assert f"stale       {RELEASE}\n    next: tailrace init --ci gitea\n" in checked.out
    assert (await tailrace("init", "--ci", "gitea", cwd=tmp_path)).code == 0
    assert (await tailrace("init", "--check", cwd=tmp_path)).code == 0


async def test_one_that_was_taken_away_is_missed(tmp_path: Path) -> None:
    await begun(tmp_path)
    await tailrace("init", "--ci", "gitea", cwd=tmp_path)
    (tmp_path / RELEASE).unlink()
    checked = await tailrace("init", "--check", cwd=tmp_path)
    assert (checked.code, f"edited      {RELEASE}" in checked.out) == (1, True)


async def test_a_check_of_nothing_is_no_check(tmp_path: Path) -> None:
    checked = await tailrace("init", "--check", cwd=tmp_path)
    assert checked.code == 2
    assert "has no workflow that tailrace wrote" in checked.err


@pytest.mark.parametrize("words", ["--ci 'gi", "--help", "--ci bitbucket"])
async def test_a_command_that_is_none_in_the_first_line(tmp_path: Path, words: str) -> None:
    await begun(tmp_path)
    await tailrace("init", "--ci", "gitea", cwd=tmp_path)
    path = tmp_path / RELEASE
    path.write_text(path.read_text().replace("--ci gitea", words, 1))
    checked = await tailrace("init", "--check", cwd=tmp_path)
    assert checked.code == 2
    assert "names a command that is none" in checked.err


async def test_two_at_once_exclude_each_other(tmp_path: Path) -> None:
    done = await tailrace("init", "--ci", "gitea", "--check", cwd=tmp_path)
    assert (done.code, "exclude each other" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--ci", "gitea", "--run", "./x"), "--run goes not with --ci"),
        (("--ci", "gitea", "--url", "https://git.example.com"), "--url goes not with --ci"),
        (("--ci", "gitea", "one"), "REPOSITORY goes not with --ci"),
        (("--consumer", "gitea", "--install-from", "x"), "--install-from goes not with --consumer"),
        (("--check", "--runs-on", "x"), "--runs-on goes not with --check"),
        (("--pin", "VERSION"), "--pin goes only with --ci or --consumer"),
        (("--name", "template-*"), "--name goes only with --discover"),
    ],
)
async def test_an_option_that_would_be_ignored_is_a_mistake(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = (await begun(tmp_path)).read_text()
    (tmp_path / "tailrace.toml").rename(tmp_path / "kept.toml")
    done = await tailrace("init", *arguments, cwd=tmp_path)
    assert (done.code, said in done.err) == (2, True), done.err
    assert files_in(tmp_path) == ["kept.toml"]
    assert (tmp_path / "kept.toml").read_text() == before
