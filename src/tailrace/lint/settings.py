"""What a fleet file says of linting: the target, labels, severities, and each rule's own lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tailrace.lint.finding import Severity


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
