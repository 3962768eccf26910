"""The pin at a key of a JSON file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tailrace.pins.keys import BOM, index, parse, shown
from tailrace.pins.places import Place, Unreadable

if TYPE_CHECKING:
    from tree_sitter import Node


def check_key(key: str | None) -> None:
    """Raises ValueError where ``key`` is not a dotted path."""
    parse(key)


def places(content: bytes, key: str, package: str) -> list[Place]:
    """The inside of the string at ``key`` (RFC 8259, as Python's json reads it).

    Raises `Unreadable` where there is none, or a part of the key is there twice.
    """
    import tree_sitter_json
    from tree_sitter import Language, Parser

    body = content.removeprefix(BOM)
    try:
        data: Any = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise Unreadable("is not JSON") from error
    root = Parser(Language(tree_sitter_json.language())).parse(body).root_node
    if root.has_error or len(root.named_children) != 1:
        raise Unreadable("is not JSON")
    node: Node | None = root.named_children[0]
    for part in parse(key):
        node = _child(node, body, part, key) if node is not None else None
        number = index(part)
        # Both readers have to agree: a wrong place would be a wrong edit.
        if node is not None and isinstance(data, dict) and part in data:
            data = data[part]
        elif node is not None and isinstance(data, list) and number is not None:
            data = data[number]
        else:
            raise Unreadable(f"has no {shown(key, 50)}")
    if node is None or not isinstance(data, str):
        raise Unreadable(f"has no string at {shown(key, 50)}")
    start, end = node.start_byte + 1, node.end_byte - 1
    if body[start:end] != data.encode(errors="replace"):
        raise Unreadable(f"has an escape in the string at {shown(key, 30)}; write it out")
    skipped = len(content) - len(body)
    return [Place(start + skipped, end + skipped, data)]


def _child(node: Node, body: bytes, part: str, key: str) -> Node | None:
    """The value at one part of the key."""
    if node.type == "array":
        number = index(part)
        items = node.named_children
        return items[number] if number is not None and number < len(items) else None
    if node.type != "object":
        return None
    found = []
    for pair in node.named_children:
        name, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if name is not None and json.loads(body[name.start_byte : name.end_byte]) == part:
            found.append(value)
    if len(found) > 1:
        raise Unreadable(f"has {shown(part)} of {shown(key)} twice; remove one")
    return found[0] if found else None
