"""Making hostile values harmless: in logs, on terminals, in Markdown and in XML."""

from __future__ import annotations

import re

#: Values longer than this are cut wherever they are shown.
MOST = 100

#: What XML 1.0 cannot hold (W3C XML 1.0, production Char).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&@:])")


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def for_workflow_message(text: str) -> str:
    """A workflow command's message: ``%``, CR, LF and all that cannot be printed, as %XX.

    The rule is actions/toolkit's escapeData; percent-encoding the rest of what is unprintable
    goes beyond it, so that no terminal escape or bidi control survives in a log.
    """
    return "".join(c if c.isprintable() and c != "%" else _percent(c) for c in text)


def for_workflow_property(text: str) -> str:
    """A workflow command's property: the same, and ``:`` and ``,`` (escapeProperty)."""
    return for_workflow_message(text).replace(":", "%3A").replace(",", "%2C")


def for_terminal(text: str, most: int = MOST) -> str:
    """Text in which what cannot be printed is spelt out, cut to ``most`` characters."""
    shown = "".join(c if c.isprintable() else _spelt(c) for c in text[: most + 1])
    # GitHub's runner takes ##[command] anywhere in a line for a workflow command.
    shown = shown.replace("##[", r"##\[")
    return shown if len(shown) <= most else shown[: most - 3] + "..."


def _spelt(character: str) -> str:
    return ascii(character)[1:-1]


def lines_for_terminal(text: str, most: int = 400) -> list[str]:
    """A message of ours, which may quote others, as lines that are safe to print.

    No line of it begins as a workflow command does: runners look past white space for ``::``.
    """
    lines = [for_terminal(line, most) for line in text.split("\n")[:20]]
    return [_broken(line) if line.lstrip().startswith("::") else line for line in lines]


def _broken(line: str) -> str:
    return line.replace("::", r":\:", 1)


def for_markdown(text: str, most: int = 400) -> str:
    """Text that Markdown and HTML leave as it is, also inside a table's cell."""
    flat = for_terminal(" ".join(text.split()), most)
    return _MARKDOWN.sub(lambda match: f"&#{ord(match.group(1))};", flat)


def for_xml(text: str) -> str:
    """Text without the characters that XML cannot hold; ElementTree escapes the others."""
    return _NOT_XML.sub(lambda match: _spelt(match.group(0)), text)
