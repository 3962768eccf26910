"""Lists that disagree, consumers that do not start, and the patterns that say so."""

from __future__ import annotations

import time

import pytest
from tests.lint.trees import tree_of

from tailrace.lint.engine import lint
from tailrace.lint.facts import Facts
from tailrace.lint.globs import ignored, included, matches
from tailrace.lint.rule import Example
from tailrace.lint.rules import all_rules

RULES = [rule for rule in all_rules() if rule.family == "CX"]
FLEET = 'package = "x"\n[forge]\nurl = "https://git.example.com"\nowner = "o"\n'
ROW = '[[downstream]]\nname = "{0}"\nrepo = "{0}"\n'
READ = 'docker build --build-arg V="$(cat .runtime-version)" .'


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("main", "main", True),
        ("main", "mainly", False),
        ("*", "main", True),
        ("*", "a/b", False),
        ("**", "a/b", True),
        ("feature/*", "feature/a/b", False),
        ("feature/**", "feature/a/b", True),
        ("releases/mona-*", "releases/mona-the-cat", True),
        ("v[12].[0-9]+.[0-9]+", "v1.10.1", True),
        ("v[12].[0-9]+.[0-9]+", "v3.0.0", False),
        ("*.jsx?", "page.js", True),
        ("*.jsx?", "page.jsx", True),
        ("*.jsx?", "page.jsxx", False),
        ("**.js", "src/a.js", True),
        ("*.js", "src/a.js", False),
        ("**/README.md", "README.md", True),
        ("**/README.md", "docs/README.md", True),
        ("**/README.md", "docs/OLDREADME.md", False),
        ("docs/**/*.md", "docs/a.md", True),
        (".*", ".runtime-version", True),
        (".*", "a/.runtime-version", False),
        ("a.b", "axb", False),
        ("\\*", "*", True),
        ("\\*", "a", False),
        ("*?", "a", False),
        ("?a", "a", False),
        ("[a", "[a", False),
        ("a\\", "a\\", False),
        ("ma+in", "maaain", True),
        ("Main", "main", False),
    ],
)
def test_one_pattern(pattern: str, value: str, expected: bool) -> None:
    assert matches(pattern, value) is expected


@pytest.mark.parametrize(
    ("patterns", "values", "is_included", "is_ignored"),
    [
        (["**", "!docs/**"], ["docs/a"], False, False),
        (["**", "!docs/**"], ["docs/a", "b"], True, False),
        (["!docs/**", "**"], ["docs/a"], True, True),
        (["docs/**"], ["docs/a", "b"], True, False),
        (["docs/**", "!docs/a", "docs/a"], ["docs/a"], True, True),
        (["!main"], ["main"], False, False),
        (["!main"], ["other"], False, False),
        ([], ["main"], False, False),
    ],
)
def test_several_patterns(
    patterns: list[str], values: list[str], is_included: bool, is_ignored: bool
) -> None:
    assert (included(patterns, values), ignored(patterns, values)) == (is_included, is_ignored)


@pytest.mark.parametrize("piece", ["*", "**", "**/", "a?", "a+", "[a-z]+", "(", "\\"])
def test_hostile_patterns_end(piece: str) -> None:
    begun = time.monotonic()
    assert matches(piece * 200 + "!", "a/" * 20_000) is False
    assert time.monotonic() - begun < 5


def consumer(
    on: str,
    run: str = READ,
    *,
    name: str = "publish-image.yml",
    fleet: str | None = None,
    facts: Facts | None = None,
) -> list[tuple[str, int]]:
    text = f"name: p\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: {run}\n{on}\n"
    example = Example({f".gitea/workflows/{name}": text}, fleet=fleet, facts=facts)
    return [(one.rule, one.start.line) for one in lint(tree_of(example), RULES).findings]


def push(*filters: str) -> str:
    return "\n".join(["on:", "  push:", *(f"    {line}" for line in filters)])


@pytest.mark.parametrize(
    ("on", "lines"),
    [
        ("on: push", []),
        ("on: {push: null}", []),
        ("on: [push, pull_request]", []),
        ("on: pull_request", [7]),
        ("on: workflow_dispatch", [7]),
        (push("branches: main"), []),
        (push("branches: [dev, 'rel/**']"), [9]),
        (push("branches: ['**', '!main', '!master', '!trunk', '!develop']"), [9]),
        (push("branches: ['!main', '**']"), []),
        (push("branches-ignore: ['**']"), [9]),
        (push("branches-ignore: [main]"), []),
        (push("tags: ['v*']"), [9]),
        (push("tags: ['v*']", "branches: [main]"), []),
        (push("paths-ignore: ['.*']"), [9]),
        (push("paths-ignore: ['**']"), [9]),
        (push("paths-ignore: ['.*', '!.runtime-version']"), []),
        (push("paths-ignore: ['*.md']"), []),
        (push("paths: [src/**]"), [9]),
        (push("paths: [src/**, .runtime-version]"), []),
        (push("paths: ['**', '!.*']"), [9]),
        (push("branches: [dev]", "paths: [src/**]"), [9, 10]),
        (push("paths: &p ['*.md']", "x: *p"), [9]),
        ("x: &n ['.*']\n" + push("paths-ignore: *n"), [10]),
    ],
)
def test_triggers(on: str, lines: list[int]) -> None:
    assert consumer(on) == [("CX002", line) for line in lines]


@pytest.mark.parametrize(
    ("run", "count"),
    [
        ("docker build .", 1),
        ("echo building; docker build -t a/b .", 1),
        ('X="$(< .runtime-version)"', 0),
        ("./publish.sh", 0),
        ("bash ci/publish.sh", 0),
        ("make", 0),
        ("cmake .", 1),
        ("a && ci/publish.py", 0),
    ],
)
def test_reading_the_pin(run: str, count: int) -> None:
    assert consumer("on: push", f"'{run}'") == [("CX002", 2)] * count


def test_the_pin_in_a_trigger_is_not_read_by_that() -> None:
    assert consumer(push("paths: [.runtime-version]"), "docker build .") == [("CX002", 2)]


def test_the_fleet_says_consumer_branch_and_pin() -> None:
    row = ROW.format("a") + 'consumer = "image.yml"\nbranch = "trunk"\npin = "ci/pin"\n'
    fleet = f"{FLEET}{row}"
    assert consumer("on: pull_request", fleet=fleet) == []
    trunk, main = push("branches: [trunk]"), push("branches: [main]")
    reads = "cat ci/pin"
    assert consumer(trunk, reads, name="image.yml", fleet=fleet) == []
    assert consumer(main, reads, name="image.yml", fleet=fleet) == [("CX002", 9)]
    assert consumer(trunk, name="image.yml", fleet=fleet) == [("CX002", 2)]
    two = f"{fleet}{ROW.format('b')}consumer = 'image.yml'\npin = 'other'\n"
    assert consumer(push("paths: [other]"), reads, name="image.yml", fleet=two) == []
    assert consumer(push("paths: [third]"), reads, name="image.yml", fleet=two) == [("CX002", 9)]


def test_the_forge_says_the_default_branch() -> None:
    on = push("branches: [main]")
    assert consumer(on, facts=Facts("main")) == []
    assert consumer(on, facts=Facts("stable")) == [("CX002", 9)]
    assert consumer(on, facts=Facts("")) == []


def test_a_pin_with_a_reader_of_its_own_is_not_looked_for() -> None:
    pins = 'pins = [{path = "requirements.txt", format = "requirements"}]\n'
    fleet = f"{FLEET}{ROW.format('a')}{pins}"
    assert consumer("on: push", "pip list", fleet=fleet) == []
    assert consumer(push("paths: [src/**]"), "pip list", fleet=fleet) == [("CX002", 9)]


def lists(
    *parts: str, manifest: tuple[str, ...] | None = None, fleet: str = ""
) -> list[tuple[str, int]]:
    files = {
        f".gitea/workflows/{number}.yml": f"name: '{number}'\non: push\njobs:\n  a:\n{part}\n"
        for number, part in enumerate(parts)
    }
    rows = "".join(ROW.format(name) for name in fleet.split())
    example = Example(files, manifest=manifest, fleet=f"{FLEET}{rows}" if fleet else None)
    linted = lint(tree_of(example), RULES)
    return [(one.path.rpartition("/")[2], one.start.line) for one in linted.findings]


ENV = "    env:\n      TEMPLATES: {}"
RUN = "    steps:\n      - run: |\n          a\n          {}"


@pytest.mark.parametrize(
    ("part", "line"),
    [
        (ENV.format("go python"), None),
        (ENV.format("go-default python"), None),
        (ENV.format("go"), 6),
        (ENV.format("go python rust"), 6),
        (ENV.format("[go, rust]"), 6),
        (ENV.format("[python, go]"), None),
        (ENV.format('"go\n        python"'), None),
        (ENV.format("${{ vars.TEMPLATES }}"), None),
        (RUN.format('TEMPLATES="go python"'), None),
        (RUN.format('export TEMPLATES="go rust"'), 8),
        (RUN.format('TEMPLATES="go \\\n          python"'), None),
        (RUN.format('TEMPLATES="$OTHER"'), None),
        (RUN.format("MY_TEMPLATES='go'"), None),
        ("    x: &l [go]\n    y: {TEMPLATES: *l}", 6),
        ("    steps: []", None),
    ],
)
def test_forms_of_a_list(part: str, line: int | None) -> None:
    expected = [] if line is None else [("0.yml", line)]
    assert lists(part, manifest=("go", "python")) == expected
    assert lists(part, fleet="go-default python-default") == expected


def test_lists_and_lists() -> None:
    go, both = ENV.format("go"), ENV.format("go rust")
    assert lists(go, both) == [("1.yml", 6)]
    assert lists(go, go) == []
    assert lists(go, manifest=("rust",), fleet="go java") == [("0.yml", 6), ("tailrace.toml", 1)]
    assert lists(manifest=("rust",), fleet="go java") == [("tailrace.toml", 1)]
    assert lists(manifest=("go", "java"), fleet="go java") == []
    assert lists(manifest=("go",)) == []


def test_a_fleet_of_one_is_a_downstream_that_is_looked_at_alone() -> None:
    assert lists(ENV.format("go rust"), fleet="go") == []
