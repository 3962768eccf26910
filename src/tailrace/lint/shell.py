"""A shell script as far as rules ask: which characters are commands, and where statements end.

Not a parser: one pass gives every character a kind. Any text is taken, in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from tailrace.lint.frames import CODE, EXPANDED, EXPRESSION
from tailrace.lint.scanner import Scanner

_BREAK = re.compile(r"\n|;+&?|\|\||&&|(?<![<>|&])&(?![>&])")
_PIPE = re.compile(r"(?<![|>])\|(?![|&])")


@dataclass(frozen=True)
class Script:
    """A script, and the kind and depth of each of its characters."""

    text: str
    #: One letter a character: see `frames`.
    kinds: str
    #: How many command substitutions each character stands in.
    depths: bytes
    #: The inside of every command substitution.
    substitutions: tuple[tuple[int, int], ...]
    #: Where the heredocs after a line break end, by the place of the break.
    heredocs: Mapping[int, int]

    @cached_property
    def code(self) -> str:
        """The text with everything blank that is no command; lengths and lines stay."""
        return self._only(CODE + EXPRESSION)

    @cached_property
    def expanded(self) -> str:
        """As `code`, with the text in which variables expand."""
        return self._only(CODE + EXPRESSION + EXPANDED)

    def _only(self, kinds: str) -> str:
        pairs = zip(self.text, self.kinds, strict=True)
        return "".join(char if kind in kinds or char == "\n" else " " for char, kind in pairs)

    @cached_property
    def pipes(self) -> tuple[int, ...]:
        """Where a ``|`` joins two commands; ``||``, ``|&`` and ``>|`` are none."""
        places = (match.start() for match in _PIPE.finditer(self.text))
        return tuple(place for place in places if self.kinds[place] == CODE)

    @cached_property
    def statements(self) -> tuple[tuple[int, int], ...]:
        """Spans of whole pipelines outside of substitutions, each with its heredocs."""
        found: list[tuple[int, int]] = []
        begin = 0
        for match in _BREAK.finditer(self.text):
            here, end = match.span()
            if here < begin or self.kinds[here] != CODE or self.depths[here]:
                continue
            found.append((begin, self.heredocs.get(here, here)))
            begin = self.heredocs.get(here, end)
        found.append((begin, len(self.text)))
        return tuple(span for span in found if self.text[slice(*span)].strip())


@lru_cache(maxsize=256)
def scan(text: str) -> Script:
    """What the characters of a script are."""
    scanner = Scanner(text)
    scanner.run()
    kinds, depths = "".join(scanner.kinds), bytes(scanner.depths)
    return Script(text, kinds, depths, tuple(sorted(scanner.closed)), scanner.heredocs)
