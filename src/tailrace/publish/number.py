"""Which version a run releases: a tag's, the one it is told, or the next after the index's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tailrace.errors import ConfigurationError, NotPublished
from tailrace.index.base import Index, Project
from tailrace.index.releases import base_for_bump, files_of
from tailrace.model import Release
from tailrace.publish.checkout import Checkout
from tailrace.publish.claim import Claims, claimant_of, is_whole
from tailrace.versions import Part, VersionPolicy, bump, gate

#: In a commit's message: this commit is no release.
SKIP_MARK = "[skip-release]"
_LABELS = {
    "release:patch": Part.PATCH,
    "release:minor": Part.MINOR,
    "release:major": Part.MAJOR,
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The version to release, and where it is from."""

    version: str
    source: str


@dataclass(frozen=True, slots=True)
class NoRelease:
    """This run releases nothing, on purpose."""

    reason: str


Number: TypeAlias = Chosen | NoRelease


@dataclass(frozen=True, slots=True)
class Numbering:
    """What it takes to number one release."""

    package: str
    tag_prefix: str
    policy: VersionPolicy
    index: Index
    checkout: Checkout
    #: None: versions are not claimed (no repository is known).
    claims: Claims | None = None
    #: Labels that the caller names, besides those of the merged pull request.
    labels: Sequence[str] = ()
    #: The version of a package that the index does not have yet.
    first: str | None = None

    async def next(self, explicit: str | None = None) -> Number:
        """The version of this run. Raises `NotPublished` for one that is taken, never guesses.

        Raises `BadVersion`, and `ForgeError` or `IndexFailure` where those cannot be asked.
        """
        if explicit is not None:
            version = gate(explicit, self.policy)
            await self._check_unclaimed(version)
            return await self._given(version, "as given")
        tag = self.checkout.tag
        if tag is not None:
            if not tag.startswith(self.tag_prefix):
                raise ConfigurationError(
                    f"which version? tag {tag[:60]!a} does not begin with {self.tag_prefix!a}"
                    "\n  next: correct `tag-prefix` in [publish], or name the --version"
                )
            return await self._given(
                gate(tag.removeprefix(self.tag_prefix), self.policy), f"from tag {tag}"
            )
        resumed = await self._tag_at_this_commit()
        if resumed is not None:
            return resumed
        if SKIP_MARK in self.checkout.message:
            return NoRelease(f"the commit's message says {SKIP_MARK}")
        return await self._bumped()

    async def _check_unclaimed(self, version: str) -> None:
        """Raises `NotPublished` where another run has the version that somebody asked for.

        The run of a tag is another matter: the claim's own tag starts one, which has nothing to do.
        """
        tag = await self.claims.found(version) if self.claims else None
        if tag is None or self.claims is None or claimant_of(tag) is None:
            return
        if not self.claims.is_ours(tag, self.checkout.commit):
            if files_of(await self.index.project(self.package), version):
                raise self._taken(version)
            raise self.claims.lost(Release(self.package, version), tag)

    async def _given(self, version: str, source: str) -> Number:
        project = await self.index.project(self.package)
        tag = await self.claims.found(version) if self.claims else None
        if tag is not None and self.claims and claimant_of(tag) is not None:
            if not self.claims.is_ours(tag, self.checkout.commit):
                return NoRelease(f"{tag.name} is claimed by {claimant_of(tag)}, which publishes it")
            return Chosen(version, f"{source}, claimed by this run before")
        if tag is not None and tag.name == self.checkout.tag and tag.commit == self.checkout.commit:
            # Its own run may be run again: what is there already is judged by its hash.
            return Chosen(version, source)
        if files_of(project, version):
            raise self._taken(version)
        return Chosen(version, source)

    async def _tag_at_this_commit(self) -> Number | None:
        commit = self.checkout.commit
        if self.claims is None or commit is None:
            return None
        tag = await self.claims.at(commit)
        if tag is None:
            return None
        who = claimant_of(tag)
        if who is None:
            return NoRelease(f"tag {tag.name} stands at this commit; the run of that tag releases")
        version = gate(tag.name.removeprefix(self.tag_prefix), self.policy)
        if who != self.claims.claimant:
            if not is_whole(tag, await self.index.project(self.package), version):
                raise self.claims.lost(Release(self.package, version), tag)
            return NoRelease(f"this commit is {tag.name} already, published by {who}")
        return Chosen(version, "claimed by this run before")

    async def _bumped(self) -> Number:
        project = await self.index.project(self.package)
        base = base_for_bump(project)
        if base is None:
            return Chosen(self._first(project), "the first release, as given")
        part = await self._part()
        version = gate(bump(base, part), self.policy)
        if files_of(project, version):
            raise self._taken(version)
        tag = await self.claims.found(version) if self.claims else None
        if tag is not None and self.claims:
            raise self.claims.lost(Release(self.package, version), tag)
        return Chosen(version, f"{part} after {base}, the newest on the index")

    def _first(self, project: Project | None) -> str:
        if self.first is not None:
            return gate(self.first, self.policy)
        has = "no such project" if project is None else "no release of it"
        raise ConfigurationError(
            f"{self.package}: the index {self.index.url} has {has}"
            "\n  next: correct `package` or `url`, or begin: --first 0.1.0"
        )

    async def _part(self) -> Part:
        labels = list(self.labels)
        commit = self.checkout.commit
        if self.claims is not None and commit is not None:
            labels += await self.claims.forge.merged_labels(self.claims.repository, commit)
        parts = {_LABELS[label] for label in labels if label in _LABELS}
        unknown = [x for x in labels if x.startswith("release:") and x not in _LABELS]
        if unknown or len(parts) > 1:
            said = unknown[0] if unknown else " and ".join(sorted(f"release:{p}" for p in parts))
            raise ConfigurationError(
                f"which part is raised? the labels say {said[:100]!a}"
                f"\n  next: have one of {', '.join(_LABELS)}, or name the version"
            )
        return parts.pop() if parts else Part.PATCH

    def _taken(self, version: str) -> NotPublished:
        return NotPublished(
            f"{self.package} {version}: is on the index already, and is never overwritten"
            f"\n  {self.index.url}"
            "\n  next: name another version; of a re-run, re-run only the job that failed"
        )
