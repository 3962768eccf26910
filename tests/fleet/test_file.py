"""tailrace.toml: what is read, and where and why it is refused."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tailrace.errors import ConfigurationError
from tailrace.fleet.file import read_fleet
from tailrace.fleet.names import check_branch, check_path
from tailrace.fleet.problems import FleetFileError
from tailrace.fleet.schema import fleet_schema
from tailrace.fleet.starter import starter
from tailrace.model import ForgeKind, Pin, PinFormat, RepositoryName, Strategy
from tailrace.versions import VersionPolicy

GOOD = """\
package = "runtime"

[forge]
url = "https://git.example.com/"
owner = "acme"

[[downstream]]
name = "codex"
repo = "template-codex"

[[downstream]]
name = "hermes"
repo = "other/hermes"
branch = "release/1"
pin = "deploy/version"
strategy = "pull-request"
"""


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "tailrace.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def refused(folder: Path, text: str | bytes) -> str:
    file = written(folder, text)
    with pytest.raises(FleetFileError) as raised:
        read_fleet(file)
    return str(raised.value).replace(str(file), "tailrace.toml")


def test_a_good_file(tmp_path: Path) -> None:
    fleet = read_fleet(written(tmp_path, GOOD))
    assert fleet.forge.kind is ForgeKind.GITEA
    assert fleet.forge.url == "https://git.example.com"
    assert fleet.policy.versions is VersionPolicy.STRICT
    codex, hermes = fleet.downstreams
    assert codex.repository == RepositoryName("acme", "template-codex")
    assert (codex.branch, codex.pins, codex.strategy) == (None, (Pin(),), Strategy.COMMIT)
    assert codex.consumer_paths == (
        ".gitea/workflows/publish-image.yml",
        ".forgejo/workflows/publish-image.yml",
        ".github/workflows/publish-image.yml",
    )
    assert hermes.repository == RepositoryName("other", "hermes")
    assert (hermes.branch, hermes.pins) == ("release/1", (Pin("deploy/version"),))
    assert hermes.strategy is Strategy.PULL_REQUEST


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("package", "pakage", 1, "pakage: there is no such key; did you mean package?"),
        ('owner = "acme"', 'owner = "a::b"', 5, "forge.owner: 'a::b' is no name"),
        ('owner = "acme"', "", 9, "downstream[0].repo: 'template-codex' has no owner"),
        ('name = "hermes"', 'name = "codex"', 12, "downstream[1].name: codex is the name of"),
        ('repo = "other/hermes"', 'repo = "a/b/c"', 13, "downstream[1].repo: 'a/b/c' is neither"),
        ('name = "hermes"', r'name = "a\nb"', 12, r"downstream[1].name: 'a\nb' is no name"),
        ('"deploy/version"', '"../x"', 15, "downstream[1].pin: '../x' is no path"),
        ('"deploy/version"', '"/etc/x"', 15, "downstream[1].pin: '/etc/x' is no path"),
        ('"deploy/version"', '".git/config"', 15, "downstream[1].pin: '.git/config' is no path"),
        ('"release/1"', '"a..b"', 14, "downstream[1].branch: 'a..b' is no branch name"),
        ('"pull-request"', '"force"', 16, "downstream[1].strategy: input should be 'commit'"),
        ('"https://git', '"ftp://git', 4, "forge.url: 'ftp://git.example.com/' is no http://"),
        ('"https://git', '"https://u:s3cret@git', 4, "forge.url: has a user or a token in it"),
        ('owner = "acme"', 'owner = "acme"\nconcurrency = 0', 6, "forge.concurrency: input sho"),
        ('owner = "acme"', 'owner = "acme"\ntimeout = "1"\nkind = "svn"', 7, "forge.kind: input"),
        ('"https://git.example.com/"', '"http://git..example.com"', 4, "forge.url: is no address"),
        ('owner = "acme"', 'owner = "acme"\ntoken-file = "a\\u0000b"', 6, "forge.token-file: 'a"),
        ('"runtime"', "7", 1, "package: input should be a valid string"),
        ('"runtime"', '"run time"', 1, "package: 'run time' is no package name (PEP 508)"),
    ],
)
def test_what_is_refused_names_line_key_and_fact(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in GOOD
    message = refused(tmp_path, GOOD.replace(old, new, 1))
    assert f"tailrace.toml:{line}: {said}" in message
    assert "s3cret" not in message


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("codex", "a b").replace('"release/1"', '"-x"').replace("url", "urll")
    assert len(refused(tmp_path, text).split("\n")) == 5


def test_the_same_repository_branch_and_pin_twice(tmp_path: Path) -> None:
    more = '\n[[downstream]]\nname = "c2"\nrepo = "ACME/Template-Codex"\n'
    said = refused(tmp_path, GOOD + more)
    assert said == "tailrace.toml:20: downstream[2].repo: has the same repository and pin as codex"
    more = more.replace("repo", 'pin = "other"\nrepo')
    assert len(read_fleet(written(tmp_path, GOOD + more)).downstreams) == 3


def test_an_empty_fleet(tmp_path: Path) -> None:
    said = refused(tmp_path, GOOD[: GOOD.index("[[")])
    assert said.startswith("tailrace.toml:1: the fleet is empty")


@pytest.mark.parametrize(
    ("text", "line"),
    [("package = ", 1), ('a = 1\nb = "x\n', 2), ("[forge\n", 1), (b"a = 1\n\xff", 2)],
)
def test_not_toml_names_the_line(tmp_path: Path, text: str | bytes, line: int) -> None:
    assert refused(tmp_path, text).startswith(f"tailrace.toml:{line}: is not ")


def test_a_file_that_is_not_there_names_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="tailrace init"):
        read_fleet(tmp_path / "no.toml")


def test_a_token_file_may_be_in_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    text = GOOD.replace('owner = "acme"', 'owner = "acme"\ntoken-file = "~/tok"')
    assert read_fleet(written(tmp_path, text)).forge.token_file == "/home/somebody/tok"


def test_a_git_folder_is_relative_to_the_file(tmp_path: Path) -> None:
    text = GOOD.replace('url = "https://git.example.com/"', 'kind = "git"\nurl = "repos"')
    assert read_fleet(written(tmp_path, text)).forge.url == str(tmp_path / "repos")


def test_ten_thousand_downstreams_fit(tmp_path: Path) -> None:
    rows = "".join(
        f'[[downstream]]\nname = "d{n}"\nrepo = "d{n}"\nbranch = "main"\npin = "x"\n'
        for n in range(10_000)
    )
    text = GOOD[: GOOD.index("[[")] + rows
    assert len(read_fleet(written(tmp_path, text)).downstreams) == 10_000


def test_a_file_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="more than"):
        read_fleet(written(tmp_path, b"#" * (17 * 1024 * 1024)))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(lambda t: t.encode("utf-8", "surrogatepass")),
        st.tuples(st.integers(0, len(GOOD)), st.integers(0, 30), st.text(max_size=20)).map(
            lambda t: (GOOD[: t[0]] + t[2] + GOOD[t[0] + t[1] :]).encode("utf-8", "surrogatepass")
        ),
    )
)
def test_no_text_crashes_it_and_every_line_named_is_in_the_file(
    tmp_path: Path, text: bytes
) -> None:
    file = written(tmp_path, text)
    try:
        read_fleet(file)
    except FleetFileError as error:
        for line in str(error).split("\n"):
            assert line.isprintable()
            found = re.match(rf"{re.escape(str(file))}:(\d+): ", line)
            if found:
                assert 1 <= int(found[1]) <= text.count(b"\n") + 1


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab/.-@{}~^:?*[\\ \x7f\x01lock", min_size=1, max_size=12))
def test_branch_names_are_those_that_git_takes(name: str) -> None:
    git = subprocess.run(["git", "check-ref-format", "--branch", name], capture_output=True)
    try:
        check_branch(name)
        ours = True
    except ValueError:
        ours = False
    # `@` and `@{-1}` are git's shorthand for names, never names.
    assert ours is (git.returncode == 0 and "@{" not in name and name != "@")


@pytest.mark.parametrize("path", ["a//b", "a/", "", ".", "a/./b", "a\\b", "a\x00b", "A/.GIT/x"])
def test_paths_that_are_none(path: str) -> None:
    with pytest.raises(ValueError, match="no path"):
        check_path(path)


def test_the_starter_reads_back_and_names_every_key(tmp_path: Path) -> None:
    text = starter(
        package="my-runtime",
        url="https://git.example.com",
        owner="my-org",
        kind=ForgeKind.FORGEJO,
        repositories=("template-codex", "other/hermes"),
    )
    fleet = read_fleet(written(tmp_path, text))
    assert (fleet.package, fleet.forge.kind) == ("my-runtime", ForgeKind.FORGEJO)
    assert [d.name for d in fleet.downstreams] == ["template-codex", "hermes"]
    everything = re.sub(r"^# (?=[a-z-]+ = |\[)", "", text, flags=re.MULTILINE)
    schema = fleet_schema()
    loaded = tomllib.loads(everything)
    for name in ("ForgeTable", "DefaultsTable", "PolicyTable", "DiscoveryTable", "FleetTable"):
        keys = schema["$defs"][name]["properties"].keys()
        table = name.removesuffix("Table").lower()
        assert keys == loaded[table].keys(), table


def test_a_starter_with_a_name_that_no_forge_allows() -> None:
    with pytest.raises(ConfigurationError, match="is no name"):
        starter(
            package="p",
            url="https://x.example",
            owner="a b",
            kind=ForgeKind.GITEA,
            repositories=(),
        )


def test_the_schema_is_json_and_closed() -> None:
    schema = json.loads(json.dumps(fleet_schema()))
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["package", "forge"]


PINS = """
[[defaults.pins]]
path = "Dockerfile"
format = "dockerfile"
key = "RUNTIME_VERSION"

[[downstream]]
name = "own"
repo = "own"
pins = [{ path = "a.yaml", format = "yaml", key = "a.b" }, { path = ".runtime-version" }]

[[downstream]]
name = "single"
repo = "single"
pin = "VERSION"
"""


def test_pins_of_a_downstream_go_before_those_of_the_defaults(tmp_path: Path) -> None:
    fleet = read_fleet(written(tmp_path, GOOD + PINS))
    by_name = {d.name: d.pins for d in fleet.downstreams}
    docker = Pin("Dockerfile", PinFormat.DOCKERFILE, "RUNTIME_VERSION")
    assert by_name["codex"] == (docker,)
    assert by_name["own"] == (Pin("a.yaml", PinFormat.YAML, "a.b"), Pin())
    assert by_name["single"] == (Pin("VERSION"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('pin = "a"\npins = [{ path = "b" }]', "exclude each other"),
        ('pins = [{ path = "a", format = "dockerfile" }]', "ARG"),
        ('pins = [{ path = "a", format = "dockerfile", key = "A B" }]', "ARG"),
        ('pins = [{ path = "a", key = "x" }]', "has no key"),
        ('pins = [{ path = "a", format = "regex", key = "(" }]', "pins"),
        ('pins = [{ path = "a", format = "regex", key = "no group" }]', "group"),
        ('pins = [{ path = "a", format = "toml" }]', "pins"),
        ('pins = [{ path = "a", format = "xml", key = "x" }]', "pins"),
        ('pins = [{ path = "a" }, { path = "a" }]', "twice"),
        ('pins = [{ path = "../a" }]', "is no path"),
        ("pins = []", "pins"),
    ],
)
def test_pins_that_cannot_be(tmp_path: Path, text: str, said: str) -> None:
    message = refused(tmp_path, f'{GOOD}\n[[downstream]]\nname = "x"\nrepo = "x"\n{text}\n')
    assert said in message
    assert "tailrace.toml:" in message


def test_index_and_publish(tmp_path: Path) -> None:
    text = """
[index]
url = "https://git.example.com/api/packages/acme/pypi/simple"
upload-url = "https://git.example.com/api/packages/acme/pypi"
private = true
python = ["3.11", "3.12.4"]

[publish]
source = "runtime"
repo = "runtime"
version-in = { path = "VERSION" }
[publish.smoke]
modules = ["a.b"]
entry-points = ["my-cli"]
command = ["my-cli", "--version"]
"""
    fleet = read_fleet(written(tmp_path, GOOD + text))
    assert fleet.index is not None
    assert (fleet.index.private, fleet.index.pythons) == (True, ("3.11", "3.12.4"))
    assert fleet.publish.source == str(tmp_path / "runtime")
    assert fleet.publish.repository == RepositoryName("acme", "runtime")
    assert fleet.publish.version_in == Pin("VERSION")
    assert fleet.publish.smoke.command == ("my-cli", "--version")
    plain = read_fleet(written(tmp_path, GOOD))
    assert (plain.index, plain.publish.source) == (None, str(tmp_path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[index]\nurl = "https://u:p@x.example/simple"', "index.url: has a user or a token"),
        ('[index]\nupload-url = "ftp://x.example/"', "index.upload-url: "),
        ('[index]\npython = ["2.7"]', "index.python"),
        ("[index]\nyanked = true", "there is no such key"),
        ('[publish]\ntag-prefix = "a b"', "publish.tag-prefix: "),
        ('[publish]\nrepo = "a/b/c"', "publish.repo: "),
        ('[publish.smoke]\nmodules = ["import os; x"]', "publish.smoke.modules"),
        ("[index]\ndeadline = 0", "index.deadline"),
    ],
)
def test_index_and_publish_that_cannot_be(tmp_path: Path, text: str, said: str) -> None:
    message = refused(tmp_path, f"{GOOD}\n{text}\n")
    assert said in message
    assert "p@x" not in message
