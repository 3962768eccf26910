"""Attestations (PEP 740): who built a file, signed with the runner's identity."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tailrace.errors import ConfigurationError, NotPublished
from tailrace.publish.artifact import Artifact
from tailrace.publish.command import run

_TIMEOUT = 300.0


def check_can_attest() -> None:
    """Raises `ConfigurationError` where what signs is not installed."""
    if importlib.util.find_spec("pypi_attestations") is None:
        raise ConfigurationError(
            "attestations need pypi-attestations, which is not installed"
            "\n  next: pip install 'tailrace[attestations]'"
        )


def attestation_of(artifact: Artifact) -> Path:
    """Where a file's attestation is put."""
    return artifact.path.with_name(f"{artifact.path.name}.publish.attestation")


async def attest(artifacts: Sequence[Artifact], environ: Mapping[str, str]) -> None:
    """Put an attestation beside each file, for twine. Raises `NotPublished`."""
    check_can_attest()
    command = [sys.executable, "-P", "-m", "pypi_attestations", "sign"]
    paths = [artifact.path for artifact in artifacts]
    for artifact in artifacts:
        # One of an attempt before this is in the way.
        attestation_of(artifact).unlink(missing_ok=True)
    done = await run([*command, *paths], timeout=_TIMEOUT, environ=environ)
    if done.code != 0:
        raise NotPublished(
            f"the files cannot be attested\n{done.tail()}"
            "\n  next: give the job `permissions: id-token: write`,"
            "\n  or set `attestations = false` in [publish]"
        )
