"""On which line of a TOML file a key stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Key = str | int


class Positions:
    """The lines of a TOML document's keys, by a parser that keeps positions (tree-sitter)."""

    def __init__(self, source: bytes) -> None:
        import tree_sitter_toml
        from tree_sitter import Language, Node, Parser

        self._source = source
        self._lines: dict[tuple[Key, ...], int] = {(): 1}
        self._seen: dict[tuple[Key, ...], int] = {}
        tree = Parser(Language(tree_sitter_toml.language())).parse(source)
        table: tuple[Key, ...] = ()
        pending: list[Node] = list(tree.root_node.children)
        for node in pending:
            if node.type == "pair":
                self._pair(node, ())
            elif node.type == "table":
                table = self._header(node)
                self._note(table, node.start_point.row + 1)
                self._pairs(node, table)
            elif node.type == "table_array_element":
                name = self._header(node)
                number = self._seen.get(name, -1) + 1
                self._seen[name] = number
                self._note(name, node.start_point.row + 1)
                table = (*name, number)
                self._note(table, node.start_point.row + 1)
                self._pairs(node, table)

    def line(self, path: Sequence[Key]) -> int:
        """The line of ``path``, or of the nearest thing around it that stands in the file."""
        for length in range(len(path), -1, -1):
            found = self._lines.get(tuple(path[:length]))
            if found is not None:
                return found
        return 1

    def _header(self, node: object) -> tuple[Key, ...]:
        for child in _children(node):
            if _kind(child) in ("bare_key", "quoted_key", "dotted_key"):
                parts: list[Key] = []
                for part in self._key(child):
                    parts.append(part)
                    number = self._seen.get(tuple(parts))
                    # [a.b] below [[a]] belongs to the newest element of it.
                    if number is not None and _kind(node) == "table":
                        parts.append(number)
                return tuple(parts)
        return ()

    def _pairs(self, node: object, table: tuple[Key, ...]) -> None:
        for child in _children(node):
            if _kind(child) == "pair":
                self._pair(child, table)

    def _pair(self, node: object, table: tuple[Key, ...]) -> None:
        named = [child for child in _children(node) if _kind(child) not in ("=", "comment")]
        if len(named) < 2:
            return
        path = (*table, *self._key(named[0]))
        self._note(path, _row(node))
        self._value(named[1], path)

    def _value(self, node: object, path: tuple[Key, ...]) -> None:
        if _kind(node) == "inline_table":
            self._pairs(node, path)
        elif _kind(node) == "array":
            values = [c for c in _children(node) if _kind(c) not in ("[", "]", ",", "comment")]
            for number, value in enumerate(values):
                self._note((*path, number), _row(value))
                self._value(value, (*path, number))

    def _key(self, node: object) -> Iterator[str]:
        if _kind(node) == "dotted_key":
            for child in _children(node):
                yield from self._key(child)
        elif _kind(node) in ("bare_key", "quoted_key"):
            start, end = node.start_byte, node.end_byte  # type: ignore[attr-defined]
            yield self._source[start:end].decode(errors="replace").strip("\"'")

    def _note(self, path: tuple[Key, ...], line: int) -> None:
        self._lines.setdefault(path, line)


def _children(node: object) -> Sequence[object]:
    children: Sequence[object] = node.children  # type: ignore[attr-defined]
    return children


def _kind(node: object) -> str:
    return str(node.type)  # type: ignore[attr-defined]


def _row(node: object) -> int:
    return int(node.start_point.row) + 1  # type: ignore[attr-defined]
