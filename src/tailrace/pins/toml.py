"""The pin at a key of a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tailrace.pins.keys import BOM, index, parse, shown
from tailrace.pins.places import Place, Unreadable

if TYPE_CHECKING:
    from tree_sitter import Node

Path = tuple[str, ...]

_DEEPEST = 60
_KEYS = ("bare_key", "quoted_key", "dotted_key")


def check_key(key: str | None) -> None:
    """Raises ValueError where ``key`` is not a dotted path."""
    parse(key)


def places(content: bytes, key: str, package: str) -> list[Place]:
    """The inside of the string at ``key`` (TOML 1.0: tables, dotted keys, inline tables).

    Raises `Unreadable` where there is none, or not one on one line and without escapes.
    """
    document = Document(content)
    path = parse(key)
    found: Any = document.data
    for part in path:
        number = index(part)
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and number is not None and number < len(found):
            found = found[number]
        else:
            raise Unreadable(f"has no {shown(key, 50)}")
    if not isinstance(found, str):
        raise Unreadable(f"has no string at {shown(key, 50)}")
    return [document.place(path, found)]


class Document:
    """A TOML file: what it says, by tomllib, and where its strings stand, by tree-sitter."""

    def __init__(self, content: bytes) -> None:
        import tree_sitter_toml
        from tree_sitter import Language, Parser

        self._content = content
        body = content.removeprefix(BOM)
        self._shift = len(content) - len(body)
        tree = Parser(Language(tree_sitter_toml.language())).parse(body)
        if tree.root_node.has_error:
            raise Unreadable("is not TOML")
        # Before tomllib: it takes seconds for a key of thousands of parts, and recurses.
        _check_depth(tree.walk())
        try:
            self.data: dict[str, Any] = tomllib.loads(body.decode())
        except (ValueError, RecursionError) as error:
            raise Unreadable("is not TOML") from error
        self._body = body
        self._spans: dict[Path, tuple[int, int]] = dict(self._strings(tree.root_node))

    def place(self, path: Path, value: str) -> Place:
        """The inside of the quotes of the string at ``path``, which tomllib reads as ``value``."""
        start, end = self._spans.get(path, (0, 0))
        raw = self._body[start:end]
        where = shown(".".join(path), 40)
        if raw[:3] in (b'"""', b"'''"):
            raise Unreadable(f"has a multi-line string at {where}; put it on one line")
        if raw[:1] == b'"' and b"\\" in raw:
            raise Unreadable(f"has an escape in the string at {where}; write it out")
        if raw[1:-1] != value.encode():
            raise Unreadable(f"has a string at {where} that cannot be placed")
        return Place(start + 1 + self._shift, end - 1 + self._shift, value)

    def _strings(self, root: Node) -> Iterator[tuple[Path, tuple[int, int]]]:
        newest: dict[Path, int] = {}
        for node in root.named_children:
            if node.type == "pair":
                yield from self._pair(node, ())
            elif node.type in ("table", "table_array_element"):
                array = node.type == "table_array_element"
                keys = next(child for child in node.named_children if child.type in _KEYS)
                parts = list(self._key(keys))
                table: Path = ()
                for position, part in enumerate(parts):
                    table = (*table, part)
                    # [a.b] below [[a]] belongs to the newest element of it.
                    if table in newest and not (array and position == len(parts) - 1):
                        table = (*table, str(newest[table]))
                if array:
                    newest[table] = newest.get(table, -1) + 1
                    table = (*table, str(newest[table]))
                yield from self._pairs(node, table)

    def _pairs(self, node: Node, table: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
        for child in node.named_children:
            if child.type == "pair":
                yield from self._pair(child, table)

    def _pair(self, node: Node, table: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
        key, value = [child for child in node.named_children if child.type != "comment"][:2]
        yield from self._value(value, (*table, *self._key(key)))

    def _value(self, node: Node, path: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
        if node.type == "string":
            yield path, (node.start_byte, node.end_byte)
        elif node.type == "inline_table":
            yield from self._pairs(node, path)
        elif node.type == "array":
            items = [child for child in node.named_children if child.type != "comment"]
            for number, item in enumerate(items):
                yield from self._value(item, (*path, str(number)))

    def _key(self, node: Node) -> Iterator[str]:
        if node.type == "dotted_key":
            for child in node.named_children:
                yield from self._key(child)
        else:
            raw = self._body[node.start_byte : node.end_byte].decode()
            yield raw if node.type == "bare_key" else next(iter(tomllib.loads(f"{raw} = 0")))


def _check_depth(cursor: Any) -> None:
    """Every level of arrays, inline tables and dotted keys is a level of the tree."""
    while True:
        if cursor.depth > _DEEPEST:
            raise Unreadable("is nested too deeply")
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return
