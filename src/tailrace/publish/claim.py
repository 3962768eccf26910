"""A version is claimed by its tag on the forge: whoever made the tag publishes it, nobody else.

Nothing here relies on a runner's `concurrency`, which Gitea ignores through 1.25.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.errors import NotPublished
from tailrace.forges.base import AnswerLost, Conflict, Forge, NotFound, Tag
from tailrace.index.base import Project
from tailrace.index.releases import files_of as released
from tailrace.model import Release, RepositoryName
from tailrace.versions import parse

if TYPE_CHECKING:
    from tailrace.publish.artifact import Artifact

_CLAIM = re.compile(r"^Tailrace-Claim: (.{1,200})$", re.MULTILINE)
_FILE = re.compile(r"^Tailrace-File: (\S{1,200}) sha256:([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Claims:
    """Where versions of one package are claimed, and by whom."""

    forge: Forge
    repository: RepositoryName
    prefix: str
    claimant: str

    def tag_of(self, version: str) -> str:
        """The name of a version's tag."""
        return f"{self.prefix}{version}"

    async def found(self, version: str) -> Tag | None:
        """The version's tag, if it is there."""
        return await self.forge.tag(self.repository, self.tag_of(version))

    def is_ours(self, tag: Tag, commit: str | None) -> bool:
        """Whether this run made the tag."""
        return claimant_of(tag) == self.claimant and tag.commit == commit

    async def at(self, commit: str) -> Tag | None:
        """The release tag that stands at a commit, with its message; None where none does."""
        async for tag in self.forge.tags(self.repository):
            # A tag such as `vendor` begins with "v" and is no release.
            version = tag.name.removeprefix(self.prefix)
            is_release = tag.name.startswith(self.prefix) and parse(version) is not None
            if tag.commit == commit and is_release:
                return await self.forge.tag(self.repository, tag.name)
        return None

    async def claim(self, release: Release, commit: str, files: Sequence[Artifact]) -> None:
        """Make the version's tag. Raises `NotPublished` where another run has it."""
        name = self.tag_of(release.version)
        lines = [f"Tailrace-File: {file.path.name} sha256:{file.sha256}" for file in files]
        message = "\n".join(
            [
                f"Release {release}",
                "",
                f"Tailrace-Claim: {self.claimant}",
                *lines,
                f"Tailrace-Release: {release}",
            ]
        )
        try:
            await self.forge.create_tag(self.repository, Tag(name, commit, message))
        except NotFound as error:
            # The repository was asked for this tag before, so it is there.
            raise NotPublished(
                f"{release}: {self.repository} has no commit {commit[:12]} to claim it for"
                "\n  nothing was claimed or uploaded"
                "\n  next: git push, then run this again"
            ) from error
        except (Conflict, AnswerLost):
            tag = await self.found(release.version)
            if tag is None:
                # Neither there nor refused: the answer was lost before anything was done.
                raise
            if not self.is_ours(tag, commit):
                raise self.lost(release, tag) from None
            # Another run of the same name, as in a matrix or a second terminal, may have made it.
            self.check_same(release, tag, files)

    def check_same(self, release: Release, tag: Tag, files: Sequence[Artifact]) -> None:
        """Raises `NotPublished` where the claim names other bytes than these."""
        claimed = files_of(tag)
        if claimed and claimed != {file.path.name: file.sha256 for file in files}:
            # The tag would say for ever what is not there.
            raise NotPublished(
                f"{release}: this build gave other bytes than the one that claimed it"
                f"\n  tag {tag.name} in {self.repository} names other hashes"
                "\n  next: delete that tag and run this again; it published nothing whole"
            )

    def lost(self, release: Release, tag: Tag) -> NotPublished:
        """What is said to the run that came second."""
        who = claimant_of(tag) or "somebody by hand"
        return NotPublished(
            f"{release}: is claimed already"
            "\n  this run has lost and publishes nothing"
            f"\n  tag {tag.name} in {self.repository} at {tag.commit[:12]}, by {who}"
            "\n  next: let that run end; if it died, re-run it, or delete the tag"
        )


def claimant_of(tag: Tag) -> str | None:
    """Which run claimed a version with this tag; None for a tag that a person made."""
    found = _CLAIM.search(tag.message)
    return None if found is None else found.group(1).strip()


def is_whole(tag: Tag, project: Project | None, version: str) -> bool:
    """Whether everything that a claim says it publishes is on the index, by sha256."""
    there = {file.filename: file.hashes.get("sha256") for file in released(project, version)}
    claimed = files_of(tag)
    return bool(claimed) and all(there.get(name) == sha for name, sha in claimed.items())


def files_of(tag: Tag) -> dict[str, str]:
    """The files that a claim says it publishes: sha256 by name."""
    return dict(_FILE.findall(tag.message))
