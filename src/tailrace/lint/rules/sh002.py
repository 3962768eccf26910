"""SH002: a pipe whose left side may fail unseen."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise

from tailrace.lint.finding import Finding, Severity
from tailrace.lint.frames import CODE
from tailrace.lint.rule import Example, Rule
from tailrace.lint.scripts import Run, runs
from tailrace.lint.shell import Script
from tailrace.lint.tree import Tree

_SET = re.compile(r"(?<![\w./-])set(?P<options>(?:[ \t]+[-+]?\w+)+)")
_SHOPT = re.compile(r"(?<![\w./-])shopt[ \t]+(?:-so|-os|-s[ \t]+-o|-o[ \t]+-s)[ \t]+pipefail\b")
_END = re.compile(r"\n|;|\|\||&&|\)|`")
_MEANT = re.compile(r"\|\|\s*(?:true|:)(?![\w-])")
_FIRST = re.compile(r"\s*(?:(?:if|elif|while|until|then|else|do|time|!)\s+)*(?P<word>[^\s]*)")
#: Commands whose failure means nothing.
_SAFE = ("echo", "printf", "yes", "true", ":")
#: Commands that do not fail where such a one feeds them.
_FILTERS = ("cut", "head", "rev", "sed", "sort", "tail", "tr", "uniq", "wc")
#: More of them in a row are not looked through.
_LONGEST = 20
#: What stands before a substitution whose failure is the statement's: nothing, or an assignment.
_NAME = r"\w+(?:\[[^\]\s]*\])?\+?="
_ASSIGNED = re.compile(
    r"\s*(?:(?:if|elif|while|until|then|else|do|!)\s+)*"
    rf"(?:{_NAME}(?:\"[^\"]*\"|'[^']*'|[^\s\"'])*\s+)*"
    rf"(?:{_NAME}(?:\"[^\"]*|'[^']*'|[^\s\"'])*)?"
)


def _check(tree: Tree) -> Iterator[Finding]:
    for run in runs(tree):
        switches = _switches(run) if run.script.pipes else []
        for pipe in run.script.pipes:
            before = bisect_left(switches, (pipe, False))
            if not (switches[before - 1][1] or _harmless(run.script, pipe)):
                yield run.found(
                    "SH002",
                    pipe,
                    "a pipe without pipefail: a failure on its left goes unseen",
                    "begin the script with: set -euo pipefail",
                )
                break


def _switches(run: Run) -> list[tuple[int, bool]]:
    """Where pipefail goes on and off; at -1, what the shell begins with."""
    shell = run.shell or ""
    found = [(-1, shell == "bash" or "pipefail" in shell)]
    found += ((match.start(), True) for match in _SHOPT.finditer(run.script.code))
    for match in _SET.finditer(run.script.code):
        for option, name in pairwise(match["options"].split()):
            if name == "pipefail" and option[0] in "-+" and option.endswith("o"):
                found.append((match.start(), option[0] == "-"))
    return sorted(found)


def _harmless(script: Script, pipe: int) -> bool:
    return _is_lost(script, pipe) or _is_fed_safely(script, pipe) or _is_meant(script, pipe)


def _is_lost(script: Script, pipe: int) -> bool:
    """Whether it stands in a word of another command, where pipefail changes nothing."""
    if not script.depths[pipe]:
        return False
    at = bisect_left(script.substitutions, (pipe, pipe)) - 1
    while at >= 0 and script.substitutions[at][1] <= pipe:
        at -= 1
    if at < 0:
        return False
    begin = script.substitutions[at][0]
    opens = begin - (1 if script.text[begin - 1] == "`" else 2)
    start = _begin(script, opens)
    return _ASSIGNED.fullmatch(script.text, start, opens) is None


def _is_fed_safely(script: Script, pipe: int) -> bool:
    for _ in range(_LONGEST):
        begin = _begin(script, pipe)
        first = _FIRST.match(script.code, begin, pipe)
        word = first["word"] if first is not None else ""
        if word in _SAFE:
            return True
        at = bisect_left(script.pipes, begin - 1)
        if word not in _FILTERS or script.pipes[at] != begin - 1:
            return False
        pipe = begin - 1
    return False


def _is_meant(script: Script, pipe: int) -> bool:
    depth = script.depths[pipe]
    for end in _END.finditer(script.text, pipe):
        here = end.start()
        if script.kinds[here] == CODE and script.depths[here] <= depth:
            return bool(_MEANT.match(script.text, here))
    return False


def _begin(script: Script, end: int) -> int:
    """Where the command that goes up to ``end`` begins."""
    depth = script.depths[end]
    while end and not _separates(script, end - 1, depth):
        end -= 1
    return end


def _separates(script: Script, at: int, depth: int) -> bool:
    char = script.text[at]
    if script.kinds[at] != CODE or char not in "\n;|&({`":
        return script.depths[at] < depth
    # The `&` of `2>&1` and `&>` ends nothing.
    around = script.text[at - 1 : at] + script.text[at + 1 : at + 2]
    return script.depths[at] <= depth and not (char == "&" and ("<" in around or ">" in around))


def _example(script: str, shell: str = "", target: str = "gitea@1.22.6") -> Example:
    folder = ".github" if target == "github" else ".gitea"
    return Example(
        {
            f"{folder}/workflows/ci.yml": "name: CI\non: [push]\njobs:\n  a:\n    name: a\n"
            f"    runs-on: ubuntu-latest\n    steps:\n      - run: |\n          {script}\n{shell}"
        },
        target=target,
    )


RULE = Rule(
    id="SH002",
    title="A pipe without pipefail",
    rationale="The step is green although its tests failed, because `tee` did not. Without "
    "`shell:` GitHub runs `bash -e`; act_runner sets pipefail there of its own, but not in a job "
    "with a container (`sh -e`), and act itself has left it: a script says so itself.",
    source="docs.github.com, Workflow syntax, `steps[*].shell`; actions/runner-images#4459; act "
    "pkg/model/workflow.go, ShellCommand, and pkg/runner/step_run.go, setupShell",
    holds=lambda target: True,
    holds_for="every target",
    check=_check,
    bad=(
        _example("make test | tee log"),
        _example("make test 2>&1 | tee log", "        shell: sh\n"),
        _example("version=$(cat version | tr -d v)"),
        _example("if make list | grep -q x; then exit 1; fi", target="github"),
    ),
    good=(
        _example("set -euo pipefail\n          make test | tee log"),
        _example("make test | tee log", "        shell: bash\n"),
        _example("make a || make b # | c\n          echo 'a|b' | wc -c"),
        # What pipefail would change nothing of: echo itself succeeds.
        _example("echo hash=$(sha256sum x | cut -c1-64)"),
        _example("langs=$(printf '%s' $x | sed s/a/b/ | tr , ' ' | tr -s ' ')"),
    ),
    severity=Severity.WARNING,
)
