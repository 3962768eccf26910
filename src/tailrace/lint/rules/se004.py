"""SE004: a token, written where others read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from posixpath import normpath

from tailrace.lint.finding import Finding
from tailrace.lint.printed import LOG, PRINTERS, first_word, sinks, stages
from tailrace.lint.rule import Example, Rule
from tailrace.lint.scripts import Run, environment, runs
from tailrace.lint.tree import Tree
from tailrace.settings import LintSettings

_TOKENS = ("GITEA_TOKEN", "GITHUB_TOKEN", "FORGEJO_TOKEN", "ACTIONS_RUNTIME_TOKEN")
_SECRET = re.compile(
    r"\$\{\{(?![^}]{0,300}[!=]=)[^}]{0,300}?\b(?P<name>secrets\.\w+|secrets\[[^\]]*\]"
    r"|(?:github|gitea|forgejo|forge)\.token)\b"
)
_SURFACE = re.compile(
    r"\$\{?(?P<name>(?:GITHUB|GITEA|FORGEJO)_(?:ENV|OUTPUT|STEP_SUMMARY|STATE))\b\}?"
)


def _check(tree: Tree) -> Iterator[Finding]:
    denied = (*_TOKENS, *tree.settings.denied_env)
    for run in runs(tree):
        held = [name for name, value in environment(run).items() if _SECRET.search(value)]
        names = "|".join(re.escape(name) for name in sorted({*denied, *held}))
        value = re.compile(rf"\$(?:(?P<plain>{names})\b|\{{(?P<braced>{names})\b(?!:?\+))")
        key = re.compile(
            rf"(?<![\w$])(?P<key>{'|'.join(re.escape(one) for one in denied)})(?:=|<<)"
        )
        for begin, end in run.script.statements:
            if "::add-mask::" not in run.script.text[begin:end]:
                yield from _written(run, begin, end, value, key)


def _written(
    run: Run, begin: int, end: int, value: re.Pattern[str], key: re.Pattern[str]
) -> Iterator[Finding]:
    script = run.script
    parts = stages(script, begin, end)
    for number, (start, stop) in enumerate(parts):
        word = first_word(script, start, stop)
        if word not in PRINTERS:
            continue
        what = _value(run, start, _body(run, parts, number), word, value)
        found = key.search(script.text, start, end)
        if what is None and found is None:
            continue
        for sink in sinks(script, parts, number):
            surface = _surface(run, sink)
            named = surface is not None and surface.startswith("$") and found is not None
            shown = what or (f"the denied key {found['key']}" if named and found else None)
            if surface is not None and shown is not None:
                offset = stop - len(script.text[start:stop].lstrip())
                yield run.found(
                    "SE004",
                    offset,
                    f"{shown} is written to {surface}",
                    "hand it to the one command that needs it, through env: of its step",
                )
                return


def _body(run: Run, parts: list[tuple[int, int]], number: int) -> int:
    """Where what a stage prints ends: with its heredoc, if it has one."""
    start, stop = parts[number]
    return parts[-1][1] if "<<" in run.script.code[start:stop] else stop


def _value(run: Run, start: int, stop: int, word: str, value: re.Pattern[str]) -> str | None:
    """What of the token's a stage prints."""
    script = run.script
    direct = _SECRET.search(script.expanded, start, stop)
    if direct is not None:
        return direct["name"]
    if word == "printenv":
        named = value.search("$" + script.text[start:stop].split("printenv", 1)[1].strip())
        return f"${named['plain']}" if named and named["plain"] else None
    # `cat FILE` and `tee FILE` print no words of theirs.
    if word in ("cat", "tee") and "<<" not in script.code[start:stop]:
        return None
    for found in value.finditer(script.expanded, start, stop):
        if not script.depths[found.start()]:
            return f"${found['plain'] or found['braced']}"
    return None


def _surface(run: Run, sink: str) -> str | None:
    """How a sink is called, if others read it."""
    if sink == LOG:
        return LOG
    named = _SURFACE.search(sink)
    if named is not None:
        return f"${named['name']}"
    for step in run.job.steps if run.job is not None else ():
        uses = step.uses.value if step.uses is not None else ""
        paths = step.inputs.text("path") if step.inputs is not None else None
        if "upload-artifact@" not in uses or paths is None:
            continue
        for line in paths.value.split("\n"):
            path, file = normpath(line.strip()), normpath(sink)
            if line.strip() and (
                fnmatchcase(file, path) or file.startswith(f"{path}/") or path == "."
            ):
                return "a file that is uploaded as an artifact"
    return None


def _example(script: str, more: str = "") -> Example:
    return Example(
        {
            ".gitea/workflows/ci.yml": "name: CI\non: [push]\njobs:\n  a:\n    name: a\n"
            f"    runs-on: ubuntu-latest\n    steps:\n      - run: |\n          {script}\n{more}"
        },
        settings=LintSettings(denied_env=("DEPLOY_KEY",)),
    )


_ENV = "        env:\n          PASS: ${{ secrets.REGISTRY }}\n"

RULE = Rule(
    id="SE004",
    title="A token is written where others read it",
    rationale="Later steps, with code of others, read GITHUB_ENV and outputs; summaries, logs and "
    "artifacts are read by everybody, and masking hides the plain value only.",
    source="docs.github.com, Secure use reference: using secrets; docs.github.com, Workflow "
    "commands: environment files",
    holds=lambda target: True,
    holds_for="every target",
    check=_check,
    bad=(
        _example('echo "GITEA_TOKEN=$GITEA_TOKEN" >> "$GITHUB_ENV"'),
        _example('echo "DEPLOY_KEY=$(cat key)" >> "$GITHUB_OUTPUT"'),
        _example('echo "$PASS"', _ENV),
    ),
    good=(
        _example('echo "::add-mask::$PASS"', _ENV),
        _example('echo "$PASS" > login', _ENV),
        _example('curl -H "Authorization: token $GITEA_TOKEN" -o out "$URL"'),
    ),
)
