"""What a checkout says of itself: real Git repositories, and the runner's variables."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.publish.bench import git

from tailrace.errors import ConfigurationError
from tailrace.model import RepositoryName
from tailrace.publish.checkout import read_checkout

RUNNER = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "77", "GITHUB_JOB": "publish"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A repository with one commit."""
    folder = tmp_path / "source"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "Größe\n\n[skip-release]")
    return folder


def test_a_repository_says_its_commit_message_and_time(source: Path) -> None:
    checkout = read_checkout(source, {})
    assert checkout.commit == git(source, "rev-parse", "HEAD")
    assert checkout.message == "Größe\n\n[skip-release]"
    assert str(checkout.time) == git(source, "log", "-1", "--format=%ct")
    assert checkout.tag is None
    assert checkout.repository is None


def test_a_folder_below_is_of_the_same_commit(source: Path) -> None:
    below = source / "packages" / "runtime"
    below.mkdir(parents=True)
    assert read_checkout(below, {}).commit == git(source, "rev-parse", "HEAD")


def test_what_is_no_repository_or_has_no_commit_has_no_commit(tmp_path: Path) -> None:
    assert read_checkout(tmp_path, {}).commit is None
    git(tmp_path, "init", "--quiet")
    empty = read_checkout(tmp_path, {**RUNNER, "GITHUB_SHA": "a" * 40})
    assert (empty.commit, empty.message, empty.time) == (None, "", None)


def test_a_source_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such folder"):
        read_checkout(tmp_path / "runtme", {})


def test_the_runner_says_repository_tag_and_claimant(source: Path) -> None:
    runner = {
        **RUNNER,
        "GITHUB_SHA": git(source, "rev-parse", "HEAD"),
        "GITHUB_REPOSITORY": "acme/demo",
        "GITHUB_REF": "refs/tags/runtime-v1.2.3",
    }
    checkout = read_checkout(source, runner)
    assert checkout.repository == RepositoryName("acme", "demo")
    assert checkout.tag == "runtime-v1.2.3"
    assert checkout.claimant == "acme/demo run 77 job publish"
    attempt = read_checkout(source, {**runner, "GITHUB_RUN_ATTEMPT": "2"})
    assert attempt.claimant == checkout.claimant
    other = read_checkout(source, {**runner, "GITHUB_RUN_ID": "78"})
    assert other.claimant != checkout.claimant


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/pull/7/merge", ""])
def test_a_run_of_no_tag_has_none(source: Path, ref: str) -> None:
    assert read_checkout(source, {"GITHUB_REF": ref}).tag is None


@pytest.mark.parametrize("name", ["acme", "a/b/c", "acme/de mo", "acme/\x1b[31m", ""])
def test_what_is_no_repository_name_is_none(source: Path, name: str) -> None:
    assert read_checkout(source, {"GITHUB_REPOSITORY": name}).repository is None


def test_a_claimant_is_one_printable_line(source: Path) -> None:
    checkout = read_checkout(source, {"GITHUB_RUN_ID": "7\nTailrace-Claim: me", "GITHUB_JOB": "j"})
    assert checkout.claimant.isprintable()


def test_the_checkout_of_another_commit_is_not_published(source: Path) -> None:
    runner = {**RUNNER, "GITHUB_SHA": "a" * 40}
    with pytest.raises(ConfigurationError, match="the run is of aaaaaaaaaaaa"):
        read_checkout(source, runner)
    # By hand, with a runner's variable left over.
    assert read_checkout(source, {"GITHUB_SHA": "a" * 40}).commit is not None


@pytest.mark.parametrize("language", ["C.UTF-8", "de_DE.UTF-8"])
def test_a_checkout_of_another_user_says_what_to_do(
    source: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("LC_ALL", language)
    with pytest.raises(ConfigurationError, match=r"safe\.directory"):
        read_checkout(source, {})


def test_a_checkout_without_git_is_not_taken_for_a_plain_folder(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    monkeypatch.setenv("PATH", str(plain))
    assert read_checkout(plain, {}).commit is None
    with pytest.raises(ConfigurationError, match="install git"):
        read_checkout(source, {})


def test_a_user_without_a_name_can_claim(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 987_654)
    assert read_checkout(source, {}).claimant.startswith("user 987654 on ")


#: Signs anything, and finds every signature good.
_GPG = """#!/bin/sh
case "$*" in
  *--verify*) echo "gpg: Good signature" >&2; exit 0 ;;
esac
cat > /dev/null
printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n'
echo "[GNUPG:] SIG_CREATED " >&2
"""


def test_signatures_in_the_log_are_not_the_message(source: Path, tmp_path: Path) -> None:
    gpg = tmp_path / "gpg"
    gpg.write_text(_GPG)
    gpg.chmod(0o755)
    git(source, "config", "gpg.program", str(gpg))
    git(source, "config", "log.showSignature", "true")
    git(source, "commit", "--quiet", "--allow-empty", "--gpg-sign=key", "-m", "Signed")
    assert "Good signature" in git(source, "log", "-1")
    assert read_checkout(source, {}).message == "Signed"
    assert read_checkout(source, {}).time is not None
