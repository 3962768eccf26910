"""Whether steps end in time by themselves, where a forge ignores the job's ``timeout-minutes``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tailrace.lint.expressions import without_expressions
from tailrace.lint.shell import scan
from tailrace.lint.workflow import Step

_TIMEOUT = re.compile(r"(?<![\w./-])g?timeout\s")
_REDIRECT = re.compile(r"[0-9]*[<>]&[0-9-]+|&>>?")
_BREAK = re.compile(r"[\n;|&(){}`]|(?<!\S)(?:if|then|elif|else|while|until|do|!|time)(?!\S)")
_WORD = re.compile(r"\s*(?:\w+\+?=\S*\s+)*(?:\w+\+?=\S*$)?(?P<word>\S*)")
_FUNCTION = re.compile(r"([\w-]+)\s*\(\s*\)")
#: Commands that end by themselves, and words of the shell.
_QUICK = frozenset(
    (
        ":", ".", "[", "basename", "break", "case", "cat", "cd", "chmod", "cmp", "continue",
        "cp", "cut", "date", "declare", "diff", "dirname", "done", "echo", "env", "esac",
        "exit", "export", "false", "fi", "for", "function", "grep", "head", "hostname", "id",
        "in", "local", "ln", "ls", "mkdir", "mv", "printf", "pwd", "readonly", "return", "rm",
        "sed", "set", "shift", "shopt", "sort", "source", "tail", "test", "touch", "tr", "trap",
        "true", "umask", "uname", "uniq", "unset", "wc",
    )
)  # fmt: skip


def is_bounded(steps: Iterable[Step]) -> bool:
    """Whether some step carries a timeout, and no script without one starts something long."""
    carries = False
    for step in steps:
        script = "" if step.run is None else _code(step.run.value)
        if step.node.get("timeout-minutes") is not None or _TIMEOUT.search(script):
            carries = True
        elif _starts_something_long(script):
            return False
    return carries


def _code(text: str) -> str:
    return scan(without_expressions(text, "x").replace("\\\n", " ")).code


def _starts_something_long(code: str) -> bool:
    own = set(_FUNCTION.findall(code))
    for part in _BREAK.split(_REDIRECT.sub(" ", code)):
        found = _WORD.match(part)
        word = found["word"] if found is not None else ""
        # What begins so is a redirection, an option or what is left of a text.
        if word and word[0] not in "<>-" and word not in _QUICK and word not in own:
            return True
    return False
