"""A whole publish: build, check, smoke, claim, upload; the only file that knows them all."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from tailrace.errors import ConfigurationError, NotPublished
from tailrace.forges.base import Tag
from tailrace.index.base import Index
from tailrace.model import Release
from tailrace.publish import oidc
from tailrace.publish.alone import alone_in
from tailrace.publish.artifact import Artifact
from tailrace.publish.attest import attest, check_can_attest
from tailrace.publish.build import build, place_of
from tailrace.publish.checkout import Checkout, check_clean
from tailrace.publish.claim import Claims, claimant_of, is_whole
from tailrace.publish.command import run, without_secrets
from tailrace.publish.smoke import smoke
from tailrace.publish.stating import restore
from tailrace.publish.upload import (
    Credentials,
    check_upload_url,
    missing,
    upload,
    upload_url_of,
)
from tailrace.settings import IndexSettings, PublishSettings

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
    #: Further variables that the package's own code must not see, such as the forge's token.
    secrets: tuple[str, ...] = ()
    #: Publish although tracked files differ from the commit that is claimed.
    allow_dirty: bool = False

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
            self._check_can_upload()
            self._check_clean()
        _make(into)
        # Another run's files would take the place of ours between the claim and the upload.
        with alone_in(into, self.release, "publishes from"):
            return await self._publish(into, dry_run=dry_run)

    async def _publish(self, into: Path, *, dry_run: bool) -> Published:
        artifacts = await self._build(into)
        self.watch(Stage.CHECKING)
        await self._check_metadata(artifacts)
        self.watch(Stage.SMOKING)
        wheel = next(artifact for artifact in artifacts if artifact.is_wheel)
        tried = await smoke(wheel, self.settings.smoke, environ=self._outside)
        if dry_run:
            return Published(self.release, PublishState.CHECKED, artifacts, (), tried, None)
        self.watch(Stage.LOOKING)
        absent = await missing(self.index, self.release, artifacts)
        # What is refused here leaves no claim behind.
        credentials = await self._credentials() if absent else None
        await self._claim(artifacts)
        if absent:
            await self._upload(absent, credentials)
        state = PublishState.PUBLISHED if absent else PublishState.THERE_ALREADY
        names = tuple(artifact.path.name for artifact in absent)
        return Published(self.release, state, artifacts, names, tried, self._tag)

    @property
    def _tag(self) -> str | None:
        return self.claims.tag_of(self.release.version) if self.claims else None

    @property
    def _outside(self) -> dict[str, str]:
        """The environment of other people's code."""
        names = (self.index_settings.token_env, *self.secrets)
        return without_secrets(self.environ, names, [self.token])

    def _check_can_upload(self) -> None:
        """Before anything is built or claimed. Raises `ConfigurationError`."""
        if self.settings.attestations:
            check_can_attest()
        if self.token is None and not self._has_other_credentials:
            raise self._no_token()

    @property
    def _has_other_credentials(self) -> bool:
        return "TWINE_PASSWORD" in self.environ or oidc.is_offered(self.environ)

    def _check_claimable(self) -> None:
        if self.claims is not None and self.checkout.commit is None:
            raise ConfigurationError(
                f"{self.settings.source}: is no Git checkout with a commit to claim for"
                "\n  next: publish from a clone, or with --no-claim"
            )

    def _check_clean(self) -> None:
        """The claim says which commit this is, so it has to be that. Raises `NotPublished`."""
        if self.claims is None or self.allow_dirty:
            return
        # What a build that was killed left there is no change of anybody's.
        place = place_of(self.settings)
        restore(Path(self.settings.source), place, self.release.package)
        check_clean(Path(self.settings.source), self.checkout.commit, self.release)

    async def _done_before(self) -> Published | None:
        """What an earlier attempt of this run has published whole; None: go on.

        Raises `NotPublished` where another run has the version.
        """
        self.watch(Stage.LOOKING)
        project = await self.index.project(self.release.package)
        tag = await self.claims.found(self.release.version) if self.claims else None
        if tag is None or self.claims is None:
            return None
        if not self._may_go_on(self.claims, tag):
            raise self.claims.lost(self.release, tag)
        if not is_whole(tag, project, self.release.version):
            return None
        state = PublishState.THERE_ALREADY
        return Published(self.release, state, (), (), (), tag.name)

    def _may_go_on(self, claims: Claims, tag: Tag) -> bool:
        """Whether the version's tag claims it for this run."""
        if claimant_of(tag) is None:
            # A person's tag claims the version for its own run, at its own commit.
            return self.checkout.tag == tag.name and self.checkout.commit == tag.commit
        return claims.is_ours(tag, self.checkout.commit)

    async def _build(self, into: Path) -> tuple[Artifact, ...]:
        self.watch(Stage.BUILDING)
        with _folder_in(into) as folder:
            built = await build(
                self.settings,
                self.release,
                folder,
                environ=self._outside,
                commit_time=self.checkout.time,
            )
            # Only whole builds are seen in the folder.
            return tuple(_moved(artifact, into) for artifact in built)

    async def _check_metadata(self, artifacts: tuple[Artifact, ...]) -> None:
        command = [sys.executable, "-P", "-m", "twine", "check", "--strict"]
        paths = [artifact.path for artifact in artifacts]
        told = {**self._outside, "NO_COLOR": "1", "COLUMNS": "200"}
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
        if not self._may_go_on(self.claims, tag):
            raise self.claims.lost(self.release, tag)
        self.claims.check_same(self.release, tag, artifacts)

    async def _upload(
        self, artifacts: tuple[Artifact, ...], credentials: Credentials | None
    ) -> None:
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
            claimed=f"tag {self._tag} in {self.claims.repository}" if self.claims else None,
        )

    async def _credentials(self) -> Credentials | None:
        url = upload_url_of(self.index_settings, self.environ)
        if oidc.is_offered(self.environ) and url is not None:
            try:
                minted = await oidc.mint(url)
            except oidc.NoTrustedPublishing:
                # A login page, say: no index of that kind, so the token it is, if there is one.
                if self.token is None and "TWINE_PASSWORD" not in self.environ:
                    raise
                minted = None
            if minted is not None:
                return Credentials("__token__", minted)
        if self.token is not None:
            return Credentials(self.index_settings.username, self.token)
        if "TWINE_PASSWORD" in self.environ:
            return None
        raise self._no_token()

    def _no_token(self) -> ConfigurationError:
        name = self.index_settings.token_env
        return ConfigurationError(
            f"no token for the index: {name} is not set"
            f"\n  next: export {name}=..., or use trusted publishing"
        )


def _make(into: Path) -> None:
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{into}: cannot be made: {error.strerror}\n  next: name another --dist"
        ) from error


@contextmanager
def _folder_in(into: Path) -> Iterator[Path]:
    """A folder beside where its files will go, so that they can be moved at once."""
    try:
        made = tempfile.TemporaryDirectory(prefix=".tailrace-", dir=into)
    except OSError as error:
        raise ConfigurationError(
            f"{into}: cannot be written: {error.strerror}\n  next: name another --dist"
        ) from error
    with made as folder:
        yield Path(folder)


def _moved(artifact: Artifact, into: Path) -> Artifact:
    target = into / artifact.path.name
    try:
        artifact.path.replace(target)
    except OSError as error:
        raise ConfigurationError(
            f"{target}: cannot be written: {error.strerror}\n  next: name another --dist"
        ) from error
    return replace(artifact, path=target)
