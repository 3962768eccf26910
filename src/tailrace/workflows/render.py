"""From a fleet's settings to the text of a workflow, the same text every time."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tailrace import __version__
from tailrace.errors import ConfigurationError
from tailrace.settings import Fleet

#: actions/checkout at a commit: a tag could be moved. v4 runs on node 20, which old runners have.
_CHECKOUT = "actions/checkout@08eba0b27e820071cde6df949e0beb9ba4906955 # v4.3.0"
_TEMPLATES = Path(__file__).parent / "templates"
_PLACEHOLDER = re.compile(r"@([a-z_]+)@")
_REF = re.compile(r"[A-Za-z0-9._/-]+")
_LABEL = re.compile(r"[A-Za-z0-9._-]{1,100}")
_DIGEST = "# sha256 of what follows: "

#: What the first line of every generated file begins with; the command that writes it follows.
MARK = "# Written by: tailrace init "


class Ci(StrEnum):
    """For whose runner a workflow is written."""

    GITEA = "gitea"
    FORGEJO = "forgejo"
    GITHUB = "github"

    @property
    def folder(self) -> str:
        """Where that forge looks for workflows."""
        return f".{self.value}/workflows"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line said, so that the same file can be written again."""

    ci: Ci
    runs_on: str = "ubuntu-latest"
    #: Where tailrace itself is installed from; None: the index, at this version.
    install_from: str | None = None
    #: For a consumer: the file with the version, and what is run with it.
    pin: str = ".runtime-version"
    run: str = 'docker build --build-arg RUNTIME_VERSION="$VERSION" .'
    branch: str = "main"
    #: For a consumer: the forge's address; None: the runner's own is taken.
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Generated:
    """One workflow: where it belongs, and all of its text."""

    path: str
    text: str


def for_package(fleet: Fleet, options: Options, fleet_file: Path) -> tuple[Generated, ...]:
    """The package's workflows: release, and the check of a pull request."""
    settings = fleet.publish
    index_token = fleet.index.token_env if fleet.index else "TAILRACE_INDEX_TOKEN"
    _check_secrets(fleet.forge.token_env, index_token)
    env = {}
    if fleet_file != Path("tailrace.toml"):
        if fleet_file.is_absolute() or ".." in fleet_file.parts:
            raise ConfigurationError(
                f"{fleet_file}: is not inside the repository, so a runner does not have it"
                "\n  next: name it relative to the repository's root, with --fleet"
            )
        env["TAILRACE_FLEET"] = str(fleet_file)
    command = ["--ci", options.ci.value, *_said(options, ("runs_on", "install_from"))]
    if env:
        command += ["--fleet", str(fleet_file)]
    values = {
        **_common(options, env, fleet.forge.url),
        "branch": json.dumps(_checked(_REF, settings.branch, "branch")),
        "tags": json.dumps(f"{settings.tag_prefix}*"),
        "token_env": fleet.forge.token_env,
        "index_token_env": index_token,
        # Only a private index is asked with its token; uploading always is.
        "read_index": _secret(index_token) if fleet.index and fleet.index.private else "",
    }
    return tuple(
        Generated(
            f"{options.ci.folder}/tailrace-{name}.yml", _whole(command, name, values, options)
        )
        for name in ("release", "check")
    )


def _check_secrets(forge_token: str, index_token: str) -> None:
    """Raises for names that no forge takes for a secret, or that stand for two things."""
    for name in (forge_token, index_token):
        if name.upper().startswith(("GITHUB_", "GITEA_", "FORGEJO_")):
            raise ConfigurationError(
                f"token-env {name}: forges keep names that begin so for themselves"
                "\n  next: name the variable otherwise, such as TAILRACE_TOKEN"
            )
    if forge_token == index_token:
        raise ConfigurationError(
            f"token-env {forge_token}: stands for the forge's and for the index's token"
            "\n  next: give [index] another one, such as TAILRACE_INDEX_TOKEN"
        )


def for_consumer(options: Options) -> Generated:
    """A consumer's workflow, which reads the pin and refuses a malformed one."""
    if "${{" in options.pin:
        raise ConfigurationError(f"--pin {options.pin[:60]!a}: is no plain path")
    if "${{" in options.run or not options.run.isprintable() or not options.run.strip():
        raise ConfigurationError(
            "--run: has to be one line without ${{, such as './publish-image.sh'"
        )
    said = _said(options, ("runs_on", "pin", "run", "branch", "url"))
    values = {
        **_common(options, {}, options.url),
        "branch": json.dumps(_checked(_REF, options.branch, "branch")),
        "pin": json.dumps(options.pin),
        "run": json.dumps(options.run),
    }
    command = ["--consumer", options.ci.value, *said]
    text = _whole(command, "consumer", values, options)
    return Generated(f"{options.ci.folder}/publish-image.yml", text)


def _secret(name: str) -> str:
    return f"          {name}: ${{{{ secrets.{name} }}}}\n"


def _said(options: Options, names: tuple[str, ...]) -> list[str]:
    """The options that are not what they are by default, as the command line has them."""
    usual = Options(options.ci)
    words: list[str] = []
    for name in names:
        value = getattr(options, name)
        if value is not None and value != getattr(usual, name):
            words += [f"--{name.replace('_', '-')}", value]
    return words


def _common(options: Options, env: dict[str, str], url: str | None) -> dict[str, str]:
    if options.ci is not Ci.GITHUB and url is not None:
        # Else an action may look for this repository at GitHub.
        env = {"GITHUB_SERVER_URL": url, **env}
    lines = [f"  {key}: {json.dumps(value)}" for key, value in env.items()]
    return {
        "runs_on": _checked(_LABEL, options.runs_on, "--runs-on"),
        "env": "\n".join(["env:", *lines, "", ""]) if env else "",
        "checkout": _checkout(options, url),
        "install": _install(options, ""),
        "install_publish": _install(options, "[publish]"),
    }


def _checkout(options: Options, url: str | None) -> str:
    lines = [
        f"      - uses: {_CHECKOUT}",
        "        with:",
        "          persist-credentials: false",
    ]
    if options.ci is not Ci.GITHUB and url is not None:
        lines.append(f"          github-server-url: {json.dumps(url)}")
    return "\n".join(lines)


def _install(options: Options, extra: str) -> str:
    spec = f"tailrace{extra}=={__version__}"
    if options.install_from is not None:
        if not options.install_from.isprintable() or _has_any(options.install_from, (" ", "${{")):
            raise ConfigurationError("--install-from: has to be an address that pip takes")
        spec = f"tailrace{extra} @ {options.install_from}"
    return "\n".join(
        [
            "      - name: Install tailrace",
            "        run: |",
            "          set -euo pipefail",
            "          python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {",
            '            echo "this runner has no python3 of 3.11 or newer" >&2',
            "            exit 1",
            "          }",
            '          timeout 5m python3 -m venv "$RUNNER_TEMP/tailrace"',
            '          timeout 10m "$RUNNER_TEMP/tailrace/bin/pip" install --quiet \\',
            f"            {shlex.quote(spec)}",
            '          echo "$RUNNER_TEMP/tailrace/bin" >> "$GITHUB_PATH"',
        ]
    )


def _whole(command: list[str], name: str, values: dict[str, str], options: Options) -> str:
    template = (_TEMPLATES / f"{name}.yml").read_text(encoding="utf-8")
    body = "".join(_lines(template, values, options.ci))
    words = shlex.join(command)
    return (
        f"{MARK}{words}\n"
        "# Do not edit: change tailrace.toml or the options, then run that again.\n"
        "# `tailrace init --check` fails where this file was edited.\n"
        f"{_DIGEST}{digest(body)}\n"
        f"{body}"
    )


def _lines(template: str, values: dict[str, str], ci: Ci) -> list[str]:
    lines = []
    for line in template.splitlines(keepends=True):
        if line.startswith("@github@"):
            if ci is not Ci.GITHUB:
                continue
            line = line.removeprefix("@github@")  # noqa: PLW2901
        lines.append(_PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), line))
    text = "".join(lines)
    return [re.sub(r"\n{3,}", "\n\n", text)]


def digest(body: str) -> str:
    """What a generated file says of its own text."""
    return hashlib.sha256(body.encode()).hexdigest()


def split(text: str) -> tuple[str, str, str] | None:
    """The command, the digest and the body of a generated file; None for any other file."""
    lines = text.split("\n", 4)
    if len(lines) < 5 or not lines[0].startswith(MARK) or not lines[3].startswith(_DIGEST):
        return None
    return lines[0].removeprefix(MARK), lines[3].removeprefix(_DIGEST), lines[4]


def _has_any(text: str, parts: tuple[str, ...]) -> bool:
    return any(part in text for part in parts)


def _checked(pattern: re.Pattern[str], value: str, name: str) -> str:
    if pattern.fullmatch(value) is None:
        raise ConfigurationError(f"{name}: {value[:60]!a} cannot stand in a workflow")
    return value
