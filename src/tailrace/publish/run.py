"""A whole publish: build, check, smoke, claim, upload; the only file that knows them all."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tailrace.errors import ConfigurationError, NotPublished
from tailrace.index.base import Index
from tailrace.index.releases import files_of
from tailrace.model import IndexSettings, PublishSettings, Release
from tailrace.publish import oidc
from tailrace.publish.artifact import Artifact
from tailrace.publish.attest import attest
from tailrace.publish.build import build
from tailrace.publish.checkout import Checkout
from tailrace.publish.claim import Claims, claimant_of
from tailrace.publish.claim import files_of as files_of_claim
from tailrace.publish.command import run
from tailrace.publish.smoke import smoke
from tailrace.publish.upload import Credentials, check_upload_url, missing, upload

_CHECK_TIMEOUT = 120.0


class Stage(StrEnum):
    """Where a publish is, for whoever watches."""

    LOOKING = "looking at the index"
    BUILDING = "building"
    CHECKING = "checking the metadata"
    SMOKING = "trying the wheel in a clean environment"
    CLAIMING = "claiming the version"
    ATTESTING = "attesting"
    UPLOADING = "uploading"


#: Is told which stage begins.
WatchPublish = Callable[[Stage], None]


class PublishState(StrEnum):
    """How a publish ended well."""

    PUBLISHED = "published"
    #: The same bytes were on the index already.
    THERE_ALREADY = "there-already"
    #: ``--dry-run``: all but claim and upload.
    CHECKED = "checked"


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish did. What it did not do is raised."""

    release: Release
    state: PublishState
    artifacts: tuple[Artifact, ...]
    uploaded: tuple[str, ...]
    #: What the wheel was tried with.
    tried: tuple[str, ...]
    #: The tag that claims the version; None where versions are not claimed.
    tag: str | None


@dataclass(frozen=True, slots=True)
class Publisher:
    """What it takes to publish one release."""

    release: Release
    settings: PublishSettings
    index_settings: IndexSettings
    index: Index
    checkout: Checkout
    claims: Claims | None
    token: str | None
    environ: Mapping[str, str]
    watch: WatchPublish

    async def publish(self, into: Path, *, dry_run: bool) -> Published:
        """Build into the folder ``into`` and publish what was built.

        With ``dry_run`` nothing is claimed or uploaded, and the index is not asked. Raises
        `NotPublished`, `ConfigurationError`, `IndexFailure` and `ForgeError`.
        """
        if not dry_run:
            check_upload_url(self.index_settings)
            self._check_claimable()
            before = await self._done_before()
            if before is not None:
                return before
        artifacts = await self._build(into)
        self.watch(Stage.CHECKING)
        await self._check_metadata(artifacts)
        self.watch(Stage.SMOKING)
        wheel = next(artifact for artifact in artifacts if artifact.is_wheel)
        tried = await smoke(wheel, self.settings.smoke, environ=self.environ)
        if dry_run:
            return Published(self.release, PublishState.CHECKED, artifacts, (), tried, None)
        self.watch(Stage.LOOKING)
        absent = await missing(self.index, self.release, artifacts)
        await self._claim(artifacts)
        if absent:
            await self._upload(absent)
        state = PublishState.PUBLISHED if absent else PublishState.THERE_ALREADY
        names = tuple(artifact.path.name for artifact in absent)
        return Published(self.release, state, artifacts, names, tried, self._tag)

    @property
    def _tag(self) -> str | None:
        return self.claims.tag_of(self.release.version) if self.claims else None

    def _check_claimable(self) -> None:
        if self.claims is not None and self.checkout.commit is None:
            raise ConfigurationError(
                f"{self.settings.source}: is no Git checkout with a commit to claim for"
                "\n  next: publish from a clone, or with --no-claim"
            )

    async def _done_before(self) -> Published | None:
        """What an earlier attempt of this run has published whole; None: go on.

        Raises `NotPublished` where another run has the version.
        """
        self.watch(Stage.LOOKING)
        project = await self.index.project(self.release.package)
        there = {file.filename: file for file in files_of(project, self.release.version)}
        tag = await self.claims.found(self.release.version) if self.claims else None
        if tag is None or self.claims is None:
            return None
        if claimant_of(tag) is None:
            # A person's tag claims the version for its own run, at its own commit.
            if self.checkout.tag == tag.name and self.checkout.commit == tag.commit:
                return None
            raise self.claims.lost(self.release, tag)
        if not self.claims.is_ours(tag, self.checkout.commit):
            raise self.claims.lost(self.release, tag)
        claimed = files_of_claim(tag)
        whole = bool(claimed) and all(
            name in there and there[name].hashes.get("sha256") == sha
            for name, sha in claimed.items()
        )
        if not whole:
            return None
        state = PublishState.THERE_ALREADY
        return Published(self.release, state, (), (), (), tag.name)

    async def _build(self, into: Path) -> tuple[Artifact, ...]:
        self.watch(Stage.BUILDING)
        with _folder_in(into) as folder:
            built = await build(
                self.settings,
                self.release,
                folder,
                environ=self.environ,
                commit_time=self.checkout.time,
            )
            # Only whole builds are seen in the folder.
            return tuple(_moved(artifact, into) for artifact in built)

    async def _check_metadata(self, artifacts: tuple[Artifact, ...]) -> None:
        command = [sys.executable, "-m", "twine", "check", "--strict"]
        paths = [artifact.path for artifact in artifacts]
        told = {**self.environ, "NO_COLOR": "1"}
        done = await run([*command, *paths], timeout=_CHECK_TIMEOUT, environ=told)
        if done.code != 0:
            raise NotPublished(
                f"{self.release}: twine check --strict refuses it\n{done.tail()}"
                "\n  next: mend the package's metadata; nothing was uploaded"
            )

    async def _claim(self, artifacts: tuple[Artifact, ...]) -> None:
        if self.claims is None or self.checkout.commit is None:
            return
        self.watch(Stage.CLAIMING)
        tag = await self.claims.found(self.release.version)
        if tag is None:
            await self.claims.claim(self.release, self.checkout.commit, artifacts)
            return
        # It was ours or a person's for this run when we began, else we had not come here.
        if claimant_of(tag) is not None and not self.claims.is_ours(tag, self.checkout.commit):
            raise self.claims.lost(self.release, tag)

    async def _upload(self, artifacts: tuple[Artifact, ...]) -> None:
        credentials = await self._credentials()
        if self.settings.attestations:
            self.watch(Stage.ATTESTING)
            await attest(artifacts, self.environ)
        self.watch(Stage.UPLOADING)
        await upload(
            self.index,
            self.release,
            artifacts,
            self.index_settings,
            credentials,
            environ=self.environ,
            attestations=self.settings.attestations,
        )

    async def _credentials(self) -> Credentials | None:
        url = self.index_settings.upload_url
        if oidc.is_offered(self.environ) and url is not None:
            minted = await oidc.mint(url)
            if minted is not None:
                return Credentials("__token__", minted)
        if self.token is not None:
            return Credentials(self.index_settings.username, self.token)
        if "TWINE_PASSWORD" in self.environ:
            return None
        raise ConfigurationError(
            f"no token for the index: {self.index_settings.token_env} is not set"
            f"\n  next: export {self.index_settings.token_env}=..., or use trusted publishing"
        )


@contextmanager
def _folder_in(into: Path) -> Iterator[Path]:
    """A folder beside where its files will go, so that they can be moved at once."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".tailrace-", dir=into) as folder:
        yield Path(folder)


def _moved(artifact: Artifact, into: Path) -> Artifact:
    target = into / artifact.path.name
    shutil.move(artifact.path, target)
    return Artifact(
        path=target,
        name=artifact.name,
        version=artifact.version,
        is_wheel=artifact.is_wheel,
        sha256=artifact.sha256,
        size=artifact.size,
        modules=artifact.modules,
    )
