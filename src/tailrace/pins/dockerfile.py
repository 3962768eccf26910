"""The pin as an ARG of a Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from tailrace.pins.keys import BOM, shown
from tailrace.pins.places import Place, Unreadable

_KEY = re.compile("[A-Za-z_][A-Za-z0-9_]{0,199}")
_DIRECTIVES = (b"syntax", b"escape", b"check")
_SPACES = b"\t\v\f\r "
_COMMAND = re.compile(rb"[\t\v\f\r ]*+(?:(?i:ONBUILD)[\t\v\f\r ]++)?+([A-Za-z]++)(?=[\t\v\f\r ])")
#: The heredoc at the start of a word, as BuildKit's parser has it.
_HEREDOC = re.compile(rb"[0-9]*+<<(-?)\s*+([^<]++)")

#: A line with its continuations joined, and where in the file each byte of it is.
_Line = tuple[bytes, list[int]]


def check_key(key: str | None) -> None:
    """Raises ValueError where ``key`` is not the name of an ARG."""
    if key is None or not _KEY.fullmatch(key):
        raise ValueError("must be the name of an ARG: letters, digits and _, as in RUNTIME_VERSION")


def places(content: bytes, key: str, package: str) -> list[Place]:
    """The values of every ``ARG key=value``, also those below ONBUILD.

    The rules are the Dockerfile reference's ("Format", "Parser directives", "ARG",
    "Here-Documents"), and where it is silent those of BuildKit's parser.
    Raises `Unreadable` where no ARG has a value, or one has a value that is no plain text.
    """
    found: list[Place] = []
    escape = _escape(content.removeprefix(BOM))
    for line, at in _instructions(content, escape):
        command = _COMMAND.match(line)
        if command is None or command.group(1).upper() != b"ARG":
            continue
        for start, end in _words(line, command.end(), escape):
            name, equals, value = line[start:end].partition(b"=")
            if name.translate(None, b"\"'" + escape) != key.encode() or not equals:
                continue
            if name != key.encode():
                raise Unreadable(f"has ARG {shown(key, 50)} in quotes; write it without")
            first, last = start + len(name) + 1, end
            if len(value) > 1 and value[:1] in (b'"', b"'") and value[-1:] == value[:1]:
                first, last, value = first + 1, last - 1, value[1:-1]
            found.append(_place(value, at[first - 1 : last], key, escape))
    if not found:
        raise Unreadable(f"has no ARG {shown(key, 40)} with a value")
    return found


def _place(value: bytes, at: list[int], key: str, escape: bytes) -> Place:
    """The place of a value; ``at`` is where its bytes are, and the one before them."""
    name = shown(key, 40)
    if b"$" in value:
        raise Unreadable(f"has a variable in the value of ARG {name}")
    if any(each in value for each in (b'"', b"'", escape)):
        raise Unreadable(f"has quotes or escapes inside ARG {name}")
    start = at[1] if value else at[0] + 1
    end = start + len(value)
    if value and at[-1] + 1 != end:
        raise Unreadable(f"has the value of ARG {name} on two lines")
    try:
        return Place(start, end, value.decode())
    except UnicodeDecodeError as error:
        raise Unreadable(f"has a value of ARG {name} that is not UTF-8") from error


def _escape(body: bytes) -> bytes:
    """The escape character that the directives at the top set."""
    for line in body.split(b"\n"):
        hash_sign, _, rest = line.lstrip().partition(b"#")
        name, equals, value = rest.partition(b"=")
        if hash_sign or not equals or name.strip().lower() not in _DIRECTIVES:
            break
        if name.strip().lower() == b"escape":
            if value.strip() not in (b"\\", b"`"):
                raise Unreadable("has an escape directive that is neither \\ nor `")
            return value.strip()
    return b"\\"


def _instructions(content: bytes, escape: bytes) -> Iterator[_Line]:
    """The instructions, each as one line, without comments and heredoc bodies."""
    lines = _physical(content)
    for first in lines:
        joined, at = _joined(first, lines, escape)
        yield joined, at
        command = _COMMAND.match(joined)
        if command and command.group(1).upper() in (b"RUN", b"COPY", b"ADD") and b"<<" in joined:
            for name, tabs in _heredocs(joined):
                if not any((body.lstrip(b"\t") if tabs else body) == name for _, body in lines):
                    short = shown(name.decode(errors="replace"))
                    raise Unreadable(f"has a heredoc {short} without its end")


def _joined(first: tuple[int, bytes], rest: Iterator[tuple[int, bytes]], escape: bytes) -> _Line:
    """One line with those that continue it, taken from ``rest``."""
    parts: list[bytes] = []
    at: list[int] = []
    for number, (begin, line) in enumerate(chain([first], rest)):
        # Comments and empty lines do not end a continuation.
        if line.lstrip()[:1] in (b"", b"#"):
            if number == 0:
                break
            continue
        bare = line.rstrip(b" \t")
        continued = bare.endswith(escape) and not bare[:-1].endswith(escape)
        kept = bare[:-1] if continued else line
        parts.append(kept)
        at.extend(range(begin, begin + len(kept)))
        if not continued:
            break
    return b"".join(parts), at


def _physical(content: bytes) -> Iterator[tuple[int, bytes]]:
    position = len(content) - len(content.removeprefix(BOM))
    for line in content[position:].split(b"\n"):
        yield position, line.rstrip(b"\r")
        position += len(line) + 1


def _heredocs(line: bytes) -> Iterator[tuple[bytes, bool]]:
    # Here BuildKit always reads with \, whatever the directive says.
    for start, end in _words(line, 0, b"\\", heredocs=True):
        found = _HEREDOC.fullmatch(line[start:end])
        name = re.sub(rb"\\(.)|[\"']", rb"\1", found.group(2)) if found else b""
        if found and name:
            yield name, found.group(1) == b"-"


def _words(
    line: bytes, position: int, escape: bytes, *, heredocs: bool = False
) -> Iterator[tuple[int, int]]:
    """The words of a line, split at spaces outside of quotes."""
    while position < len(line):
        if line[position] in _SPACES:
            position += 1
            continue
        start = position
        while position < len(line) and line[position] not in _SPACES:
            char = line[position : position + 1]
            if char in (b'"', b"'"):
                position = _closing(line, position, escape) + 1
                if position > len(line) and heredocs:
                    raise Unreadable("has a line with << and a quote that is not closed")
            elif heredocs and line.startswith(b"<<", position):
                # Spaces between << and its word belong to it.
                position += 2
                position += len(line[position:]) - len(line[position:].lstrip(_SPACES))
            else:
                position += 2 if char == escape else 1
        position = min(position, len(line))
        yield start, position


def _closing(line: bytes, position: int, escape: bytes) -> int:
    """Where the quote at ``position`` closes; the line's length where it does not."""
    quote = line[position : position + 1]
    position += 1
    while position < len(line) and line[position : position + 1] != quote:
        # Nothing is escaped between single quotes.
        position += 2 if quote == b'"' and line[position : position + 1] == escape else 1
    return position if position < len(line) else len(line)
