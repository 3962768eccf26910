"""Places by the lines that an editor shows; YAML ends lines at four more characters."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import yaml

#: What ends a line for YAML and for no editor.
_ODD_BREAK = re.compile("\r(?!\n)|[\x85\u2028\u2029]")


def in_lines(events: Iterable[yaml.Event], text: str) -> Iterator[yaml.Event]:
    """The events, each at its place in the file's own lines."""
    if _ODD_BREAK.search(text) is None:
        yield from events
        return
    mark = marks(text)
    for event in events:
        event.start_mark, event.end_mark = mark(event.start_mark), mark(event.end_mark)
        yield event


def marks(text: str) -> Callable[[Any], yaml.Mark]:
    """What makes marks in the file's own lines out of the parser's."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def mark(there: Any) -> yaml.Mark:
        index = min(there.index, len(text))
        line = bisect_right(starts, index) - 1
        return yaml.Mark(there.name, index, line, index - starts[line], None, 0)

    return mark
