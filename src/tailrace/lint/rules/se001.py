"""SE001: what a stranger writes, inside of a script."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.lint.expressions import expressions
from tailrace.lint.finding import Finding
from tailrace.lint.frames import LITERAL
from tailrace.lint.node import Scalar
from tailrace.lint.rule import Example, Rule
from tailrace.lint.scripts import in_value
from tailrace.lint.shell import scan
from tailrace.lint.tree import Tree
from tailrace.lint.workflow import Step

_STRING = re.compile(r"'(?:[^']|'')*'")
_KEY = re.compile(r"\[\s*'([\w-]+)'\s*\]")
_INDEX = re.compile(r"\[[^\]\[]*\]")
#: Functions that give true, false or a hash, whatever they are given.
_SAFE = re.compile(r"\b(?:contains|startswith|endswith|hashfiles)\([^()]*\)")
#: Any other call, of which the arguments are what counts.
_CALL = re.compile(r"(?<!contains)(?<!startswith)(?<!endswith)(?<!hashfiles)\(([^()]*)\)")
#: It has line breaks of its own between values, and none in them.
_JSON = re.compile(r"\s*toJSON\([\w.*\[\]'-]+\)\s*", re.IGNORECASE)
_DEEPEST = 5
_PERSON = r"(?:author|committer|pusher)\.(?:name|email)"
_UNTRUSTED = re.compile(
    # The whole context, as toJSON takes it, has the event.
    r"(?<![\w.-])(?:github|gitea|forgejo|forge)(?:(?![\w.-])|\.(?:head_ref"
    r"|event\.(?!inputs\b|client_payload\b)(?:[\w*-]+\.)*(?:title|body|message|page_name|"
    rf"display_title|head_branch|head\.ref|head\.label|{_PERSON}|"
    r"(?:head\.repo|head_repository)\.(?:default_branch|description|homepage))"
    r"|event\.changes\.(?:title|body)\.from"
    r"|event(?:\.(?:issue|pull_request|comment|review|head_commit|commits|discussion))?)(?![\w.-]))"
)


def _check(tree: Tree) -> Iterator[Finding]:
    for document, step in tree.all_steps():
        for scalar in _scripts(step):
            value = scalar.value
            for begin, end in expressions(value):
                name = _untrusted(value[begin + 3 : end - 2])
                if name is not None and not _is_quoted(step, scalar, begin, end):
                    yield in_value(
                        "SE001",
                        document,
                        scalar,
                        begin,
                        f"{name} is text that a stranger chooses, and here it becomes code",
                        f"env: VALUE: ${{{{ {name} }}}} at the step, and $VALUE in the script",
                    )


def _scripts(step: Step) -> Iterator[Scalar]:
    if step.run is not None:
        yield step.run
    uses = step.uses.value if step.uses is not None else ""
    script = step.inputs.text("script") if step.inputs is not None else None
    if script is not None and "/github-script@" in uses:
        yield script


def _is_quoted(step: Step, scalar: Scalar, begin: int, end: int) -> bool:
    """Whether it is JSON in a heredoc that expands nothing: no line of its can end that one."""
    if scalar is not step.run or _JSON.fullmatch(scalar.value, begin + 3, end - 2) is None:
        return False
    script = scan(scalar.value)
    inside = any(first < begin < last for first, last in script.heredocs.items())
    return inside and script.kinds[end : end + 1] == LITERAL


def _untrusted(expression: str) -> str | None:
    """The context in an expression that must not be trusted."""
    # Long white space would be looked through from each of its places.
    text = _KEY.sub(lambda match: f".{match[1]}", " ".join(expression.split()))
    text = _INDEX.sub(".*", _STRING.sub("''", text)).lower()
    text = re.sub(r"\s*([.(])\s*", r"\1", text)
    for _ in range(_DEEPEST):
        text = _CALL.sub(r" \1 ", _SAFE.sub("true", text))
    found = _UNTRUSTED.search(text)
    return found[0] if found is not None else None


def _example(step: str, target: str = "gitea@1.22.6") -> Example:
    folder = ".github" if target == "github" else ".gitea"
    return Example(
        {
            f"{folder}/workflows/ci.yml": "name: CI\non: [pull_request]\njobs:\n  a:\n"
            f"    name: a\n    runs-on: ubuntu-latest\n    steps:\n{step}"
        },
        target=target,
    )


_SHA = "0123456789abcdef0123456789abcdef01234567"
_DUMP = "          ${{ toJSON(github) }}\n"

RULE = Rule(
    id="SE001",
    title="Text of a stranger is part of a script",
    rationale="The runner puts the value into the script before a shell reads it: a title with "
    "a quote and a command in it runs, with the job's secrets.",
    source="docs.github.com, Script injections (Security hardening for GitHub Actions); the list "
    "is actionlint's BuiltinUntrustedInputs, from GitHub Security Lab and CodeQL",
    holds=lambda target: True,
    holds_for="every target",
    check=_check,
    bad=(
        _example('      - run: echo "${{ github.event.pull_request.title }}"\n'),
        _example("      - run: |\n          git switch '${{ gitea.head_ref }}'\n"),
        _example("      - run: echo '${{ toJSON(github) }}'\n"),
        _example(f"      - run: |\n          cat <<EOF\n{_DUMP}          EOF\n"),
        _example(
            f"      - uses: actions/github-script@{_SHA}\n        with:\n"
            "          script: core.info(`${{ github.event.comment.body }}`)\n",
            target="github",
        ),
    ),
    good=(
        _example(
            '      - run: echo "$TITLE"\n'
            "        env:\n          TITLE: ${{ github.event.pull_request.title }}\n"
        ),
        _example('      - run: echo "${{ github.event.pull_request.number }}"\n'),
        _example(f"      - run: |\n          cat <<'EOF'\n{_DUMP}          EOF\n"),
        _example("      - run: echo \"${{ contains(github.event.issue.title, 'x') }}\"\n"),
    ),
)
