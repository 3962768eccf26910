"""Where ``${{ ... }}`` stands in a text, in linear time: a regular expression looks for the end of
each beginning again."""

from __future__ import annotations

from collections.abc import Iterator


def expressions(text: str) -> Iterator[tuple[int, int]]:
    """The span of each expression that has an end, braces included."""
    at = text.find("${{")
    while at >= 0:
        end = text.find("}}", at + 3)
        if end < 0:
            return
        yield at, end + 2
        at = text.find("${{", end + 2)


def without_expressions(text: str, instead: str) -> str:
    """The text with something else in the place of each expression."""
    parts = []
    done = 0
    for begin, end in expressions(text):
        parts += [text[done:begin], instead]
        done = end
    return "".join([*parts, text[done:]])
