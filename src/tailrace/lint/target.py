"""Whose runner the workflows are judged for: a forge and its version."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.version import Version

from tailrace.errors import ConfigurationError
from tailrace.model import ForgeKind
from tailrace.settings import Fleet

_TARGET = re.compile(r"(gitea|forgejo|github)(?:@([0-9]{1,4}(?:\.[0-9]{1,4}){0,2}))?")
#: What a forge is taken to be where nothing says its version: the one that our users run; of
#: Forgejo one that is looked after, which 7 is not since July 2025.
_DEFAULTS = {"gitea": "1.22.6", "forgejo": "11.0.0", "github": "0"}

#: Where each forge looks for workflows, the first that is there shadowing the others.
FOLDERS = {
    ForgeKind.GITEA: (".gitea/workflows", ".github/workflows"),
    ForgeKind.FORGEJO: (".forgejo/workflows", ".gitea/workflows", ".github/workflows"),
    ForgeKind.GITHUB: (".github/workflows",),
}


@dataclass(frozen=True, slots=True)
class Target:
    """A forge's kind and version."""

    kind: ForgeKind
    version: Version

    def __str__(self) -> str:
        return "github" if self.kind is ForgeKind.GITHUB else f"{self.kind}@{self.version}"

    @property
    def folders(self) -> tuple[str, ...]:
        """Where it looks for workflows, in its order."""
        return FOLDERS[self.kind]

    def is_gitea(self, *, before: str | None = None, since: str | None = None) -> bool:
        """Whether it is a Gitea in this range of versions.

        A Forgejo counts as the Gitea that it left: 1.21 (Forgejo 1.21, 7 and later kept the
        numbering of their own; forgejo.org, "Forgejo forks its own path forward").
        """
        if self.kind is ForgeKind.GITHUB:
            return False
        version = self.version if self.kind is ForgeKind.GITEA else Version("1.21")
        return (before is None or version < Version(before)) and (
            since is None or version >= Version(since)
        )

    def is_forgejo(self, *, before: str | None = None) -> bool:
        """Whether it is a Forgejo, before this version of its own numbering."""
        return self.kind is ForgeKind.FORGEJO and (before is None or self.version < Version(before))


def parse_target(text: str) -> Target:
    """``gitea@1.22.6``, ``forgejo@7``, ``github``. Raises `ConfigurationError`."""
    found = _TARGET.fullmatch(text)
    if found is None:
        raise ConfigurationError(
            f"{text[:60]!a} is no target\n  such as gitea@1.22.6, gitea@1.24, forgejo@7, github"
        )
    kind, version = found.group(1), found.group(2)
    return Target(ForgeKind(kind), Version(version or _DEFAULTS[kind]))


def of_fleet(fleet: Fleet | None) -> Target:
    """What the fleet file says, without asking its forge. Raises `ConfigurationError`."""
    if fleet is not None and fleet.lint.target is not None:
        return parse_target(fleet.lint.target)
    kind = ForgeKind.GITEA if fleet is None else fleet.forge.kind
    # A folder of repositories has no runner of its own.
    return parse_target(ForgeKind.GITEA if kind is ForgeKind.GIT else kind)


def of_server(kind: str, version: str) -> Target:
    """The target that a forge's own word means: ``1.22.6``, ``7.0.1+gitea-1.22.0``."""
    found = re.match(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,2}", version)
    if kind not in _DEFAULTS or (found is None and kind != "github"):
        raise ConfigurationError(
            f"the forge says {kind[:20]} {version[:40]!a}, which is no target"
            "\n  next: name it, such as --target gitea@1.22.6"
        )
    return parse_target(kind if found is None or kind == "github" else f"{kind}@{found.group()}")
