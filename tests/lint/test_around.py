"""Around the rules: suppression, changes, baselines, fixes, other linters."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tailrace.errors import ConfigurationError
from tailrace.lint.baseline import without_known, write_baseline
from tailrace.lint.engine import Linted, lint
from tailrace.lint.finding import Edit, Finding
from tailrace.lint.fix import diff_lines, fixed
from tailrace.lint.local import added_lines, read_change, read_folder
from tailrace.lint.node import Position
from tailrace.lint.others import run_others
from tailrace.lint.rules import all_rules
from tailrace.lint.target import of_server, parse_target
from tailrace.lint.tree import Tree, read_files
from tailrace.settings import LintSettings, Severity

PATH = ".gitea/workflows/ci.yml"
TEXT = (
    "name: CI\non:\n  push: {}\njobs:\n  a:\n    name: a\n    runs-on: ubuntu-latest\n    steps:\n"
    "      - run: make\n        continue-on-error: true%s\n"
)
RULES = [rule for rule in all_rules() if rule.id in ("CE001", "GT003")]


def judged(text: str, today: date = date(2026, 11, 23), **settings: object) -> Linted:
    files = read_files({PATH: text.encode()})
    made = LintSettings(**settings)  # type: ignore[arg-type]
    tree = Tree(parse_target("gitea@1.22.6"), files.workflows, settings=made, today=today)
    return lint(tree, RULES)


def ids(linted: Linted) -> list[str]:
    return [finding.rule for finding in linted.findings]


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("", ["CE001"]),
        (" # tailrace: ignore[CE001] because the runner is old", []),
        (" # tailrace: ignore[CE001,GT003] because x", []),
        (" # tailrace: ignore[CE001] because x, until 2026-12-31", []),
        (" # tailrace: ignore[CE001] because x until 2026-01-31", ["CE001", "TL002"]),
        (" # tailrace: ignore[GT003] because x", ["CE001", "TL002"]),
        (" # tailrace: ignore[CE001]", ["CE001", "TL001"]),
        (" # tailrace: ignore because x", ["CE001", "TL001"]),
        (" # tailrace: ignore[CE001] because x, until 2026-13-01", ["CE001", "TL001"]),
    ],
)
def test_suppression_needs_a_rule_and_a_reason_and_ends(comment: str, found: list[str]) -> None:
    linted = judged(TEXT % comment)
    assert sorted(ids(linted)) == sorted(found)
    assert bool(linted.suppressed) is (found == [])


@pytest.mark.parametrize("end", ["2027-1-31", "2020-01-31.", "31.1.2027", "2027/01/31"])
def test_an_end_that_is_no_date_is_no_reason_for_ever(end: str) -> None:
    linted = judged(TEXT % f" # tailrace: ignore[CE001] because x, until {end}")
    assert sorted(ids(linted)) == ["CE001", "TL001"]
    reason = judged(TEXT % " # tailrace: ignore[CE001] because it fails until #12 is done")
    assert ids(reason) == []


def test_only_what_was_looked_for_can_be_missing() -> None:
    every = all_rules()

    def found(comment: str, target: str = "gitea@1.22.6", **settings: object) -> list[str]:
        text = TEXT % f" # tracked: #1\n# tailrace: ignore[{comment}] because x\n"
        files = read_files({PATH: text.encode()})
        made = LintSettings(**settings)  # type: ignore[arg-type]
        linted = lint(Tree(parse_target(target), files.workflows, settings=made), every)
        return [rule for rule in ids(linted) if rule.startswith("TL")]

    # CE002 needs the forge, GT001 an older Gitea, and nobody asked shellcheck or zizmor.
    assert found("CE002") == found("SC2086") == found("zizmor/artipacked") == []
    assert (found("GT001"), found("GT001", "gitea@1.24")) == (["TL002"], [])
    assert found("GT001", severities={"GT001": Severity.OFF}) == []
    # Of a GitHub, these files are none.
    assert found("SE003", "github") == []
    assert found("XX001") == found("GT001, XX001") == ["TL001"]


async def test_what_other_linters_find_is_suppressed_and_graded_like_ours() -> None:
    text = (TEXT % " # tracked: #1").replace("run: make", "run: echo $x ${{ env.Y }}%s")

    async def found(comment: str, **settings: object) -> list[tuple[str, Severity]]:
        files = read_files({PATH: (text % comment).encode()})
        made = LintSettings(**settings)  # type: ignore[arg-type]
        tree = Tree(parse_target("gitea@1.22.6"), files.workflows, settings=made)
        linted = lint(tree, RULES, await run_others(tree, ["shellcheck"]))
        return [(one.rule, one.severity) for one in linted.findings]

    assert await found("") == [("SC2086", Severity.INFO)]
    assert await found("", severities={"SC2086": Severity.ERROR}) == [("SC2086", Severity.ERROR)]
    assert await found(" # tailrace: ignore[SC2086] because x") == []
    assert await found(" # tailrace: ignore[SC2016] because x") == [
        ("SC2086", Severity.INFO),
        ("TL002", Severity.WARNING),
    ]


def test_a_comment_that_stands_alone_covers_the_next_line_of_code() -> None:
    comment = "        # tailrace: ignore[CE001] because x\n        # more\n\n        continue"
    linted = judged((TEXT % "").replace("        continue", comment))
    assert ids(linted) == []
    assert linted.suppressed[0][1].reason == "x"


def test_severities_are_the_fleet_files() -> None:
    off = judged(TEXT % "", severities={"CE001": Severity.OFF})
    info = judged(TEXT % "", severities={"CE001": Severity.INFO})
    assert (ids(off), [f.severity for f in info.findings]) == ([], [Severity.INFO])


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.test", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True)


def test_what_a_change_adds_and_what_stood_before(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    workflow = tmp_path / PATH
    workflow.parent.mkdir(parents=True)
    workflow.write_text("name: old\n")
    odd = tmp_path / "a ü\tb.txt"
    odd.write_text("1\n2\n3\n")
    (tmp_path / "gone").write_text("x\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "1")
    git(tmp_path, "checkout", "-qb", "topic")
    workflow.write_text("name: new\n--- a\n+++ b\n")
    odd.write_text("1\n2a\n3\n4")
    (tmp_path / "gone").unlink()
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "2")
    (tmp_path / "bin").write_bytes(b"\x00\x01\n")
    git(tmp_path, "add", "-A")
    change = read_change(tmp_path, "main")
    assert sorted(change.touched) == [PATH, "a ü\tb.txt", "bin", "gone"]
    assert change.before == {PATH: b"name: old\n"}
    found = {(line.path, line.line, line.text) for line in change.added}
    assert found == {
        (PATH, 1, "name: new"),
        (PATH, 2, "--- a"),
        (PATH, 3, "+++ b"),
        ("a ü\tb.txt", 2, "2a"),
        ("a ü\tb.txt", 4, "4"),
    }


def test_no_attribute_and_no_setting_hides_what_is_added(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "config", "diff.interHunkContext", "9")
    git(tmp_path, "config", "diff.noprefix", "true")
    file = tmp_path / "a.env"
    file.write_text("1\n2\n3\n4\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "1")
    (tmp_path / ".gitattributes").write_text("*.env -diff\n*.pem binary\n")
    file.write_text("1\n2a\n3\n4a\n")
    (tmp_path / "key.pem").write_text("key\n")
    (tmp_path / "real.bin").write_bytes(b"text\n\x00\n")
    git(tmp_path, "add", "-A")
    added = read_change(tmp_path, "main").added
    found = [(line.path, line.line, line.text) for line in added if line.path[0] != "."]
    assert found == [("a.env", 2, "2a"), ("a.env", 4, "4a"), ("key.pem", 1, "key")]


def test_a_base_that_has_nothing_in_common(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "1")
    git(tmp_path, "checkout", "-q", "--orphan", "other")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "2")
    with pytest.raises(ConfigurationError, match="nothing in common: main HEAD"):
        read_change(tmp_path, "main")


@pytest.mark.parametrize("base", ["nothing-of-that-name", "--output=/tmp/x"])
def test_a_base_that_is_none(tmp_path: Path, base: str) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(ConfigurationError):
        read_change(tmp_path, base)


def test_a_diff_that_lies_about_its_lengths() -> None:
    found = list(added_lines(b"+++ b/x\n@@ -0,0 +1,9 @@\n+a\n"))
    assert [(line.path, line.line, line.text) for line in found] == [("x", 1, "a")]


def test_only_workflows_and_actions_are_read(tmp_path: Path) -> None:
    for path in (PATH, ".github/workflows/x.yaml", "a/b/action.yml", "action.yaml", "x.yml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("a: 1\n")
    (tmp_path / "node_modules/x").mkdir(parents=True)
    (tmp_path / "node_modules/x/action.yml").write_text("a: 1\n")
    (tmp_path / ".gitea/workflows/README.md").write_text("no\n")
    found = read_folder(tmp_path)
    assert sorted(found) == [PATH, ".github/workflows/x.yaml", "a/b/action.yml", "action.yaml"]


def test_a_baseline_knows_what_was_there_and_no_more(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    text = TEXT % ""
    assert write_baseline(file, judged(text), {PATH: text}) == 1
    moved = f"# a line more\n{text}"
    left, known = without_known(file, judged(moved), {PATH: moved})
    assert (ids(left), known) == ([], 1)
    twice = text + "      - run: two\n        continue-on-error: true\n"
    left, known = without_known(file, judged(twice), {PATH: twice})
    assert (ids(left), known) == (["CE001"], 1)
    file.write_text("{}")
    with pytest.raises(ConfigurationError, match="is no baseline"):
        without_known(file, judged(text), {PATH: text})


def finding(*edits: Edit) -> Finding:
    return Finding("GT010", "a", Position(1, 1), Position(1, 2), "m", "s", edits=edits)


def test_edits_are_done_from_the_end_and_never_overlap() -> None:
    texts = {"a": "0123456789\n"}
    first = finding(Edit(1, 3, "x"), Edit(5, 5, "yy"))
    after = fixed(texts, [first, finding(Edit(2, 6, "z")), finding(Edit(1, 3, "x"))])
    assert after["a"] in ("0x34yy56789\n", "01z6789\n")
    assert list(diff_lines(texts, after))[:2] == ["--- a/a", "+++ b/a"]
    assert fixed(texts, [finding()]) == {}


async def test_other_linters_keep_their_own_ids() -> None:
    text = (TEXT % "").replace("run: make", "run: echo $x").replace("on:", "on:")
    files = read_files({PATH: text.encode()})
    tree = Tree(parse_target("gitea@1.22.6"), files.workflows)
    found = (await run_others(tree, ["shellcheck", "shellcheck"]))["shellcheck"]
    assert [(one.rule, one.path, one.start.line) for one in found] == [("SC2086", PATH, 9)]
    with pytest.raises(ConfigurationError, match="there are zizmor, shellcheck"):
        await run_others(tree, ["pylint"])


@pytest.mark.parametrize(
    ("kind", "version", "target"),
    [
        ("gitea", "1.22.6", "gitea@1.22.6"),
        ("gitea", "1.22.6+dev-12-g1234", "gitea@1.22.6"),
        ("forgejo", "7.0.5+gitea-1.21.11", "forgejo@7.0.5"),
        ("github", "github.com", "github"),
        ("github", "3.19.1", "github"),
    ],
)
def test_a_forges_own_word_is_a_target(kind: str, version: str, target: str) -> None:
    assert str(of_server(kind, version)) == target


def test_a_forgejo_without_a_version_has_inputs_of_its_own() -> None:
    assert not parse_target("forgejo").is_forgejo(before="8")
    assert parse_target("forgejo@7").is_forgejo(before="8")
    assert not parse_target("gitea@1.22.6").is_forgejo()


@pytest.mark.parametrize("text", ["gitea@", "gitea@1.x", "bitbucket", "gitea@1.22.6.1", "GITEA"])
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is no target"):
        parse_target(text)


def test_a_baseline_holds_where_the_words_change_and_not_the_line(tmp_path: Path) -> None:
    twin = ".gitea/workflows/twin.yml"
    rules = [rule for rule in all_rules() if rule.id == "GT011"]

    def twice(text: str, target: str) -> tuple[Linted, dict[str, str]]:
        texts = {PATH: text, twin: TEXT % ""}
        files = read_files({path: one.encode() for path, one in texts.items()})
        return lint(Tree(parse_target(target), files.workflows), rules), texts

    file = tmp_path / "baseline.json"
    assert write_baseline(file, *twice(TEXT % "", "gitea@1.22.6")) == 1
    left, known = without_known(file, *twice(f"# a line more\n{TEXT % ''}", "gitea@1.24"))
    assert (ids(left), known) == ([], 1)


def test_a_baseline_with_a_name_that_is_no_utf8_can_be_read_again(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    odd = Linted("github", 1, (replace(finding(), path="\udcff.yml"),), (), ())
    assert write_baseline(file, odd, {}) == 1
    assert without_known(file, odd, {})[1] == 1
