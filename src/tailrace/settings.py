"""What a fleet file says, as frozen types: the fleet, and how forge, index and tools are used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tailrace.model import Downstream, ForgeKind, Pin, RepositoryName
from tailrace.versions import VersionPolicy


@dataclass(frozen=True, slots=True)
class ForgeSettings:
    """How a forge is reached. The token itself is never part of a setting."""

    kind: ForgeKind
    #: For the kind ``git``: the folder that holds the bare repositories.
    url: str
    owner: str | None = None
    token_env: str = "TAILRACE_TOKEN"  # noqa: S105 - the name of a variable
    token_file: str | None = None
    #: Calls that may be under way at once; fewer are where the forge takes fewer gladly.
    concurrency: int = 32
    #: Seconds that one call may take.
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Discovery:
    """Which repositories of an owner are looked at for consumers that nobody listed."""

    owner: str
    #: A glob on the repository's name.
    name: str = "*"
    topic: str | None = None
    #: Globs on the repository's name that are left out on purpose.
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """What a cascade over this fleet may do."""

    versions: VersionPolicy = VersionPolicy.STRICT
    #: Events on which a cascade without a token is an intentional skip.
    skip_without_token_on: tuple[str, ...] = ("workflow_dispatch",)


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """The package index: where consumers install from, and where releases are uploaded to."""

    #: The simple index (PEP 503); None: the one that this machine's pip uses.
    url: str | None = None
    #: Where files are uploaded to (PyPI's legacy upload); None: where twine uploads by default.
    upload_url: str | None = None
    username: str = "__token__"
    token_env: str = "TAILRACE_INDEX_TOKEN"  # noqa: S105 - the name of a variable
    #: Reading needs the token as well.
    private: bool = False
    #: The Pythons that the fleet installs with, such as 3.11; none: not looked at.
    pythons: tuple[str, ...] = ()
    #: Good answers in a row before a release counts as installable.
    good_answers: int = 3
    #: Seconds that a release may take to become installable.
    deadline: float = 600.0


@dataclass(frozen=True, slots=True)
class Smoke:
    """What an installed wheel must do before it is published; empty: import what it has."""

    modules: tuple[str, ...] = ()
    #: Names of entry points, such as console scripts, that must load.
    entry_points: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    #: Seconds for each of them.
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class PublishSettings:
    """How the package is built and released."""

    #: The folder with pyproject.toml.
    source: str = "."
    #: What stands before the version in a release's tag.
    tag_prefix: str = "runtime-v"
    #: Where versions are claimed by their tags; None: GITHUB_REPOSITORY.
    repository: RepositoryName | None = None
    branch: str = "main"
    #: The place in the source that states the version; None: the build knows it.
    version_in: Pin | None = None
    attestations: bool = False
    #: Seconds that a build may take.
    timeout: float = 900.0
    smoke: Smoke = field(default_factory=Smoke)


class Severity(StrEnum):
    """How bad it is; only errors and warnings end a run with 1."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class LintSettings:
    """``[lint]`` of the fleet file."""

    #: Such as gitea@1.22.6; None: by `[forge] kind`, else asked of the forge.
    target: str | None = None
    #: Labels that runners really have; empty: not known, so not judged.
    runner_labels: tuple[str, ...] = ()
    #: Labels whose jobs may talk to docker.
    docker_labels: tuple[str, ...] = ()
    #: Severities by rule.
    severities: Mapping[str, Severity] = field(default_factory=dict)
    #: Jobs that are not required on purpose, as contexts or globs.
    optional_contexts: tuple[str, ...] = ()
    #: Globs of paths that a change may not touch, with the reason.
    forbidden_paths: Mapping[str, str] = field(default_factory=dict)
    #: Environment keys that may never be written to a named surface.
    denied_env: tuple[str, ...] = ()
    #: Days after which an open tracking issue counts as forgotten.
    tracking_days: int = 90
    #: Green runs on the default branch before `continue-on-error` may go.
    green_runs: int = 5
    #: Publishing workflows with an inline list, and the variable that has it.
    workflow_list: str = "TEMPLATES"


@dataclass(frozen=True, slots=True)
class Fleet:
    """The downstream repositories of one package, and how to reach them."""

    package: str
    forge: ForgeSettings
    downstreams: tuple[Downstream, ...]
    policy: Policy = field(default_factory=Policy)
    discovery: Discovery | None = None
    #: None: releases are not waited for.
    index: IndexSettings | None = None
    publish: PublishSettings = field(default_factory=PublishSettings)
    lint: LintSettings = field(default_factory=LintSettings)
    #: The file that it was read from, for messages.
    source: str = "tailrace.toml"
