"""Where a pipeline's output goes: the log, the forge's files, other files, or into a command."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from tailrace.lint.frames import CODE
from tailrace.lint.shell import Script

#: Where a word with no redirection of its own ends up.
LOG = "the log"

PRINTERS = ("echo", "printf", "cat", "tee", "printenv")
#: Commands that hand on what they read.
_FILTERS = ("cat", "base64", "sed", "tr", "cut", "head", "tail", "rev", "xxd", "od", "sort")
_FIRST = re.compile(
    r"\s*(?:(?:if|elif|while|until|then|else|do|time|sudo|!|\{|\()\s+)*(?P<word>\S*)"
)
_REDIRECT = re.compile(r"(?<![0-9<>&])(?:1|&)?>{1,2}[|&]?(?!>)")
_TARGET = re.compile(r"\s*(\"[^\"\n]*\"|'[^'\n]*'|\$\{\{.*?\}\}|[^\s;&|<>()]+)")
#: How far on the end of a group is looked for.
_NEAR = 2000
_GROUP = re.compile(r"(?<![^\s;&|(])[{}](?![^\s;&|)])|[()]")


def stages(script: Script, begin: int, end: int) -> list[tuple[int, int]]:
    """The commands of one statement."""
    first, last = bisect_left(script.pipes, begin), bisect_left(script.pipes, end)
    pipes = [at for at in script.pipes[first:last] if not script.depths[at]]
    return list(zip([begin, *(at + 1 for at in pipes)], [*pipes, end], strict=True))


def first_word(script: Script, begin: int, end: int) -> str:
    """The command of a stage."""
    found = _FIRST.match(script.code, begin, end)
    return found["word"] if found is not None else ""


def sinks(script: Script, parts: list[tuple[int, int]], number: int) -> Iterator[str]:
    """Where the output of a stage ends up; nothing where another command takes it."""
    for place, (begin, end) in enumerate(parts[number:]):
        word = first_word(script, begin, end)
        if word == "tee":
            yield from _arguments(script, begin, end)
        elif place and word not in _FILTERS:
            return
        redirects = list(_redirects(script, begin, end))
        if redirects:
            yield from redirects
            return
    yield from _group(script, parts[-1][1])


def _arguments(script: Script, begin: int, end: int) -> Iterator[str]:
    text = script.text[begin:end]
    for word in re.findall(r"\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|<>()]+", text)[1:]:
        if not word.startswith("-"):
            yield word.strip("\"'")


def _redirects(script: Script, begin: int, end: int) -> Iterator[str]:
    for match in _REDIRECT.finditer(script.text, begin, end):
        if script.kinds[match.end() - 1] != CODE or script.depths[match.start()]:
            continue
        target = _TARGET.match(script.text, match.end(), end)
        name = target[1].strip("\"'") if target is not None else ""
        yield LOG if name in ("1", "2", "/dev/stderr", "/dev/stdout") else name


def _group(script: Script, end: int) -> Iterator[str]:
    """The redirection of the braces or parentheses around a statement, else the log."""
    balance = 0
    for match in _GROUP.finditer(script.text, end, end + _NEAR):
        at = match.start()
        if script.kinds[at] != CODE or script.depths[at]:
            continue
        balance += 1 if match[0] in "{(" else -1
        if balance < 0:
            after = re.compile(r"[;\n|]").search(script.code, at)
            found = list(_redirects(script, at + 1, after.start() if after else len(script.text)))
            if found:
                yield from found
                return
            balance = 0
    yield LOG
