"""The commented ``tailrace.toml`` that ``tailrace init`` writes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tailrace.errors import ConfigurationError
from tailrace.fleet import names
from tailrace.model import ForgeKind

_TEXT = """\
# The fleet of one package: which repositories pin it, and how they are reached.
# Every key that is commented out shows its default. Check this file with: tailrace doctor

package = {package}

[forge]
kind = {kind}                    # gitea, forgejo, github, or git: a folder of bare repositories
url = {url}
owner = {owner}                  # whose the repositories below are, unless they say owner/name
# token-env = "TAILRACE_TOKEN"   # the variable with the token, which itself never stands here
# token-file = "/run/secrets/tailrace"
# concurrency = 32               # calls under way at once at the most, 1 to 64
# timeout = 30.0                 # seconds that one call may take

[defaults]
# branch = "main"                # default: what the forge says; naming it saves a call a repository
# pin = ".runtime-version"      # the whole file is the version; for other places, instead:
# pins = [{{ path = "Dockerfile", format = "dockerfile", key = "RUNTIME_VERSION" }}]
# consumer = "publish-image.yml"
# folders = [".gitea/workflows", ".forgejo/workflows", ".github/workflows"]
# strategy = "commit"            # or "pull-request"

[policy]
# versions = "strict"            # N.N.N with an optional rcN, aN, bN, .postN, .devN; or "pep440"
# skip-without-token-on = ["workflow_dispatch"]

# A cascade waits until the release can be installed from here; without this table it does not.
[index]
# url = "https://git.example.com/simple"        # default: the simple index that pip here uses
# upload-url = "https://git.example.com/upload"  # default: where twine uploads by itself
# username = "__token__"
# token-env = "TAILRACE_INDEX_TOKEN"
# private = false                # reading needs the token as well
# python = ["3.11"]              # the Pythons that the fleet installs with; default: not looked at
# good-answers = 3               # in a row, for indexes with stale nodes
# deadline = 600.0               # seconds

# How the package is built and released: `tailrace version next`, `tailrace publish`.
# [publish]
# source = "."                   # the folder with pyproject.toml
# tag-prefix = "runtime-v"
# repo = "my-runtime"            # where versions are claimed; default: the runner's repository
# branch = "main"
# version-in = {{ path = "src/my_runtime/VERSION" }}  # default: project.version, if it is static
# attestations = false
# timeout = 900.0
# [publish.smoke]                # what the installed wheel must do before it is uploaded
# modules = ["my_runtime"]       # default: what the wheel has
# entry-points = ["my-runtime"]
# command = ["my-runtime", "--version"]
# timeout = 60.0

# `tailrace drift` looks here for consumers that nobody listed.
[discovery]
owner = {owner}
# name = "*"                     # a glob on the repository's name
# topic = "runtime-consumer"
# ignore = []                    # globs on names that are left out on purpose

# Instead of, or besides, the list below:
# [fleet]
# manifest = "manifest.json"
# list = "workspace_templates"
"""

_DOWNSTREAM = """
[[downstream]]
name = {name}
repo = {repo}
"""


def starter(
    *, package: str, url: str, owner: str, kind: ForgeKind, repositories: Sequence[str]
) -> str:
    """The text of a fleet file with one downstream per repository, or an example of one.

    Raises `ConfigurationError` for a name that no forge allows.
    """
    try:
        names.check_package(package)
        names.check_name(owner)
        if kind is not ForgeKind.GIT:
            names.check_url(url)
        for repository in repositories:
            names.check_repository(repository)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    quoted = {
        key: json.dumps(value)
        for key, value in {
            "package": package,
            "url": url,
            "owner": owner,
            "kind": kind.value,
        }.items()
    }
    text = _TEXT.format(**quoted)
    for repository in repositories or ("my-consumer",):
        name = repository.rpartition("/")[2]
        text += _DOWNSTREAM.format(name=json.dumps(name), repo=json.dumps(repository))
    return text
