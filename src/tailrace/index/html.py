"""The links of a simple index's HTML page, in time that grows with its length only. Pure.

Not by a parser that builds a tree, nor by the standard library's: a hostile megabyte keeps them
busy for minutes, and no deadline reaches into them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

#: Where something begins that matters, or that hides what looks as if it did.
_BEGIN = re.compile(
    r"<(?:!--|(a|base|meta|form|input|script|style|title|textarea)(?=[\s/>]))", re.IGNORECASE
)
#: To the end of a tag; possessive, so that nothing is tried twice.
_TAG = re.compile(r"(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>")
_ATTRIBUTE = re.compile(r"([^\s=>\"'/]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>\"']++)))?")
_HIDING = {
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea")
}
#: No tag of an index is longer, and one that never ends is not looked for to the page's end.
_LONGEST_TAG = 32 * 1024


@dataclass(slots=True)
class Links:
    """What a page links to."""

    #: The attributes of each link, as they are written.
    links: list[Mapping[str, str]] = field(default_factory=list)
    base: str | None = None
    #: PEP 629.
    repository_version: str | None = None
    title: str = ""
    #: A form or a script, which no index has and every login page.
    is_for_people: bool = False


def links_of(text: str) -> Links:
    """The links of the page. Raises ValueError for a tag that never ends."""
    found, at = Links(), 0
    while (begin := _BEGIN.search(text, at)) is not None:
        name = (begin.group(1) or "").lower()
        if not name:
            end = text.find("-->", begin.end())
            if end < 0:
                break
            at = end + 3
            continue
        tag = _TAG.match(text, begin.end(), begin.end() + _LONGEST_TAG)
        if tag is None:
            raise ValueError("a tag that does not end")
        at = tag.end()
        _take(found, name, tag.group())
        if name in _HIDING:
            close = _HIDING[name].search(text, at)
            if close is None:
                break
            if name == "title":
                found.title = found.title or html.unescape(text[at : min(close.start(), at + 200)])
            at = close.end()
    return found


def _take(found: Links, name: str, tag: str) -> None:
    if name in ("form", "input", "script"):
        found.is_for_people = True
    if name not in ("a", "base", "meta"):
        return
    attributes: dict[str, str] = {}
    for key, *values in _ATTRIBUTE.findall(tag):
        # As a browser: of two attributes of one name the first counts.
        attributes.setdefault(key.lower(), html.unescape("".join(values)))
    href = attributes.get("href")
    if name == "meta":
        if attributes.get("name") == "pypi:repository-version" and found.repository_version is None:
            found.repository_version = attributes.get("content")
    elif href is not None:
        if name == "a":
            found.links.append(attributes)
        elif found.base is None:
            found.base = href
