"""SH001: what `$(curl -w ...)` catches besides the status."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.lint.finding import Finding
from tailrace.lint.rule import Example, Rule
from tailrace.lint.scripts import runs
from tailrace.lint.shell import Script
from tailrace.lint.tree import Tree

#: Options of curl that take no value, and so may stand before another letter.
_FLAGS = "[fsSLkgNvijIlnpqRa0-9#]*"
_CURL = re.compile(r"(?<![\w./-])curl(?![\w-])")
_WRITE = re.compile(
    rf"(?:^|\s)(?:-{_FLAGS}w|--write-out)(?:\s+|=)?(?P<format>'[^']*'|\"[^\"]*\"|[^\s;|&]+)"
)
_OUTPUT = re.compile(rf"(?:^|\s)(?:-{_FLAGS}[oO]|--output|--remote-name)")
_ELSEWHERE = re.compile(r"(?:\s|1)>(?!&)|\|(?!\|)")
_FALLBACK = re.compile(r"\|\|\s*(?:\{\s*)?(?:echo|printf)\b")
#: A longer one is no curl, and many inside of each other would take for ever.
_LONGEST = 4000
_STATUS = re.compile(r"%\{(?:http_code|response_code)\}")

_STEP = "code=$(curl -o FILE -w '%{http_code}' ...) || code=000: body and exit code apart"


def _check(tree: Tree) -> Iterator[Finding]:
    for run in runs(tree):
        if "curl" not in run.script.text:
            continue
        for begin, end in run.script.substitutions:
            fact = _polluted(run.script, begin, end) if end - begin < _LONGEST else None
            if fact:
                yield run.found("SH001", begin, fact, _STEP)


def _polluted(script: Script, begin: int, end: int) -> str | None:
    code, text = (_own(whole, script, begin, end) for whole in (script.code, script.text))
    if not _CURL.search(code):
        return None
    formats = [found["format"].strip("'\"") for found in _WRITE.finditer(text)]
    status = next((one for one in formats if _STATUS.search(one)), None)
    if status is None:
        return None
    if _FALLBACK.search(code):
        return "the fallback is appended to the status that curl has printed already (000000)"
    # A separator before the status is a known way to split both again.
    if status.startswith("%{") and not _OUTPUT.search(code) and not _ELSEWHERE.search(code):
        return "the body is caught together with the status: curl has no -o here"
    return None


def _own(text: str, script: Script, begin: int, end: int) -> str:
    """The text of a substitution without those inside of it."""
    depth = script.depths[begin] if begin < end else 0
    return "".join(text[at] if script.depths[at] == depth else " " for at in range(begin, end))


def _example(script: str) -> Example:
    return Example(
        {
            ".gitea/workflows/ci.yml": "name: CI\non: [push]\njobs:\n  a:\n    name: a\n"
            "    runs-on: ubuntu-latest\n    steps:\n      - run: |\n"
            f"          set -euo pipefail\n          {script}\n"
        }
    )


RULE = Rule(
    id="SH001",
    title="The status of curl is caught with something else",
    rationale="curl prints 000 itself where nothing answers, so a fallback makes 000000; without "
    "-o the body stands before the status. Every comparison with 200 is then wrong.",
    source="curl.se/docs/manpage.html, --write-out: printed to stdout after the transfer, also "
    "after one that failed; http_code is 000 without an answer",
    holds=lambda target: True,
    holds_for="every target",
    check=_check,
    bad=(
        _example("code=$(curl -s -o out -w '%{http_code}' \"$URL\" || echo 000)"),
        _example('code=$(curl -sw "%{http_code}" "$URL")'),
    ),
    good=(
        _example("code=$(curl -s -o out -w '%{http_code}' \"$URL\") || code=000"),
        _example("both=$(curl -s -w '\\n%{http_code}' \"$URL\")"),
    ),
)
