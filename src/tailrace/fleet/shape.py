"""The shape of ``tailrace.toml``: the keys that there are, and what each may hold."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tailrace.fleet import names
from tailrace.model import WORKFLOW_FOLDERS, Pin, PinFormat
from tailrace.pins import formats

Name = Annotated[str, AfterValidator(names.check_name)]
Package = Annotated[str, AfterValidator(names.check_package)]
RepositoryText = Annotated[str, AfterValidator(names.check_repository)]
Path = Annotated[str, AfterValidator(names.check_path)]
FileName = Annotated[str, AfterValidator(names.check_file)]
LocalPath = Annotated[str, AfterValidator(names.check_local_path)]
Branch = Annotated[str, AfterValidator(names.check_branch)]
Glob = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._*?\[\]!-]+$")]
Word = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
Variable = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Folders = Annotated[list[Path], Field(min_length=1, max_length=10)]
PythonVersion = Annotated[str, Field(pattern=r"^3\.[0-9]{1,3}(\.[0-9]{1,3})?$")]
Module = Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
EntryPoint = Annotated[str, Field(min_length=1, max_length=200)]
Argument = Annotated[str, Field(max_length=1_000)]
TagPrefix = Annotated[str, AfterValidator(names.check_tag_prefix)]
StrategyText = Literal["commit", "pull-request"]


def _with_hyphens(name: str) -> str:
    return name.replace("_", "-")


class _Table(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=_with_hyphens
    )


class ForgeTable(_Table):
    """How the forge is reached."""

    kind: Literal["gitea", "forgejo", "github", "git"] = Field(
        default="gitea", description="What the forge is; git is a folder of bare repositories."
    )
    url: LocalPath = Field(description="The forge's address; for git the folder.")
    owner: Name | None = Field(
        default=None, description="Who owns the repositories that name no owner."
    )
    token_env: Variable = Field(
        default="TAILRACE_TOKEN", description="The environment variable that has the token."
    )
    token_file: LocalPath | None = Field(
        default=None, description="A file with the token, if the variable is not set."
    )
    concurrency: int = Field(
        default=32, ge=1, le=64, description="Calls under way at once, at the most."
    )
    timeout: float = Field(
        default=30.0,
        gt=0,
        le=600,
        allow_inf_nan=False,
        description="Seconds that one call may take.",
    )


class PinTable(_Table):
    """One place that states the version."""

    path: Path = Field(description="The file.")
    format: Literal[
        "text", "requirements", "pyproject", "toml", "dockerfile", "yaml", "json", "regex"
    ] = Field(default="text", description="text: the whole file is the version and a newline.")
    key: str | None = Field(
        default=None,
        min_length=1,
        max_length=500,
        description="dockerfile: the ARG's name; toml, yaml, json: the path of keys;"
        " regex: an expression with one group.",
    )

    @model_validator(mode="after")
    def _key_fits(self) -> Self:
        formats.check(self.format, self.key)
        return self


def _check_pins(rows: list[PinTable]) -> list[PinTable]:
    for number, row in enumerate(rows):
        for other in rows[:number]:
            alone = "text" in (row.format, other.format)
            if row.path == other.path and (
                alone or (row.format, row.key) == (other.format, other.key)
            ):
                raise ValueError(f"{row.path} stands there twice")
    return rows


Pins = Annotated[list[PinTable], Field(min_length=1, max_length=20), AfterValidator(_check_pins)]


class DefaultsTable(_Table):
    """What holds for a downstream that does not say otherwise."""

    branch: Branch | None = Field(default=None, description="Default: the forge's default branch.")
    pin: Path | None = Field(
        default=None,
        description="The file that states the version, and nothing else; .runtime-version.",
    )
    pins: Pins | None = Field(default=None, description="Instead of pin: several, or other ones.")
    consumer: FileName = Field(
        default="publish-image.yml", description="The workflow that acts on the pin."
    )
    folders: Folders = Field(
        default=list(WORKFLOW_FOLDERS), description="Where the consumer is looked for."
    )
    strategy: StrategyText = Field(
        default="commit", description="commit to the branch, or open a pull-request."
    )


class PolicyTable(_Table):
    """What a cascade may do."""

    versions: Literal["strict", "pep440"] = Field(
        default="strict", description="Which versions the gate lets through."
    )
    skip_without_token_on: list[Word] = Field(
        default=["workflow_dispatch"],
        description="Events on which a cascade without a token is an intentional skip.",
    )


class DiscoveryTable(_Table):
    """Where `drift` looks for consumers that nobody listed."""

    owner: Name = Field(description="Whose repositories are looked at.")
    name: Glob = Field(default="*", description="A glob on the repository's name.")
    topic: Word | None = Field(default=None, description="Only repositories with this topic.")
    ignore: list[Glob] = Field(
        default=[], description="Globs on names that are left out on purpose."
    )


class FleetTable(_Table):
    """A list that stands in an older manifest.json."""

    manifest: LocalPath = Field(description="The manifest, relative to this file.")
    list_: str = Field(min_length=1, alias="list", description="The list in it.")


class IndexTable(_Table):
    """The package index: a cascade waits until the release can be installed from it."""

    url: LocalPath | None = Field(
        default=None,
        description="The simple index that consumers install from; default: pip's own here.",
    )
    upload_url: LocalPath | None = Field(
        default=None, description="Where releases are uploaded to; default: twine's own."
    )
    username: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[!-~]+$")] = Field(
        default="__token__", description="Who uploads, where the token is not enough."
    )
    token_env: Variable = Field(
        default="TAILRACE_INDEX_TOKEN", description="The variable that has the index's token."
    )
    private: bool = Field(default=False, description="Reading needs the token as well.")
    python: list[PythonVersion] = Field(
        default=[], description="The Pythons that the fleet installs with; none: not looked at."
    )
    good_answers: int = Field(
        default=3, ge=1, le=100, description="Good answers in a row before it is installable."
    )
    deadline: float = Field(
        default=600.0,
        gt=0,
        le=86_400,
        allow_inf_nan=False,
        description="Seconds that a release may take to become installable.",
    )


class SmokeTable(_Table):
    """What the installed wheel must do before it is published."""

    modules: list[Module] = Field(
        default=[], description="Modules that must import; default: those that the wheel has."
    )
    entry_points: list[EntryPoint] = Field(
        default=[], description="Entry points, such as console scripts, that must load."
    )
    command: list[Argument] = Field(default=[], description="A command that must end with 0.")
    timeout: float = Field(
        default=60.0, gt=0, le=3_600, allow_inf_nan=False, description="Seconds for each."
    )


class PublishTable(_Table):
    """How the package is built and released."""

    source: LocalPath = Field(
        default=".", description="The folder with pyproject.toml, relative to this file."
    )
    tag_prefix: TagPrefix = Field(
        default="runtime-v", description="What stands before the version in a release's tag."
    )
    repo: RepositoryText | None = Field(
        default=None,
        description="Where versions are claimed by their tags; default: the runner's own.",
    )
    branch: Branch = Field(default="main", description="Pushes to it are released.")
    version_in: PinTable | None = Field(
        default=None,
        description="Where the source states its version; default: project.version, if static.",
    )
    attestations: bool = Field(default=False, description="Upload attestations (PEP 740).")
    timeout: float = Field(
        default=900.0, gt=0, le=86_400, allow_inf_nan=False, description="Seconds for a build."
    )
    smoke: SmokeTable = SmokeTable()


#: A rule of ours, or of a linter that `lint --with` runs.
RuleId = Annotated[str, Field(pattern=r"^([A-Z]{2}[0-9]{3}|SC[0-9]{4}|zizmor/[a-z0-9-]{1,60})$")]


class LintRuleTable(_Table):
    """What holds for one rule."""

    severity: Literal["error", "warning", "info", "off"] = Field(
        description="How bad a finding of it is; off: it is not applied."
    )


class LintTable(_Table):
    """How workflows are linted."""

    target: str | None = Field(
        default=None,
        pattern=r"^(gitea|forgejo|github)(@[0-9]{1,4}(\.[0-9]{1,4}){0,2})?$",
        description="Such as gitea@1.22.6; default: by forge.kind, or asked with --forge.",
    )
    runner_labels: list[Argument] = Field(default=[], description="Labels that runners have.")
    docker_labels: list[Argument] = Field(
        default=[], description="Labels whose jobs may talk to docker."
    )
    optional_contexts: list[Argument] = Field(
        default=[], description="Globs on contexts that are not required on purpose."
    )
    forbidden_paths: dict[Argument, Argument] = Field(
        default={}, description="Globs of paths that a change may not touch, with the reason."
    )
    denied_env: list[Argument] = Field(
        default=[], description="Environment keys that are never written to a surface."
    )
    tracking_days: int = Field(
        default=90, ge=1, le=3_650, description="Days after which a tracking issue is forgotten."
    )
    green_runs: int = Field(
        default=5, ge=1, le=50, description="Green runs before continue-on-error may go."
    )
    workflow_list: Word = Field(
        default="TEMPLATES", description="The variable of a workflow's inline list."
    )
    rules: dict[RuleId, LintRuleTable] = Field(default={}, description="Severities by rule.")


class DownstreamTable(_Table):
    """One repository of the fleet."""

    name: Name = Field(description="The short name that reports show.")
    repo: RepositoryText = Field(description="name (of forge.owner) or owner/name.")
    branch: Branch | None = None
    pin: Path | None = None
    pins: Pins | None = None
    consumer: FileName | None = None
    folders: Folders | None = None
    strategy: StrategyText | None = None


class FleetFile(_Table):
    """A whole ``tailrace.toml``."""

    package: Package = Field(description="The published package.")
    forge: ForgeTable
    defaults: DefaultsTable = DefaultsTable()
    policy: PolicyTable = PolicyTable()
    discovery: DiscoveryTable | None = None
    fleet: FleetTable | None = None
    index: IndexTable | None = None
    publish: PublishTable = PublishTable()
    lint: LintTable = LintTable()
    downstream: list[DownstreamTable] = Field(default=[])


def pins_of(checked: FleetFile, row: DownstreamTable | None) -> tuple[Pin, ...]:
    """The pins that a downstream says, else those of the defaults."""
    for table in (row, checked.defaults):
        if table is not None and table.pins is not None:
            return tuple(Pin(p.path, PinFormat(p.format), p.key) for p in table.pins)
        if table is not None and table.pin is not None:
            return (Pin(table.pin),)
    return (Pin(),)
