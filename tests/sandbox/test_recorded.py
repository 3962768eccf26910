"""The 138 recorded exchanges, replayed in order against the sandbox.

Numbers, SHAs, times, hosts and people are compared by shape (same keys, same types), all else
literally: status, content type, error body, words. Where the sandbox differs on purpose, the
difference stands in `DIFFERS` with its reason, and the test fails once it is gone.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.sandbox.rehearsal import Rehearsal

from tailrace.sandbox.server import SandboxServer

RECORDING = json.loads(
    (Path(__file__).parents[1] / "fixtures/forge-contract/gitea-1.22-dev.json").read_text()
)

#: Exchange -> what differs, and why that is as it should be.
DIFFERS = {
    "version": "body.version: the sandbox says that it is one",
    "version-anonymous": "body.version: the sandbox says that it is one",
}

#: Values that are another server's: compared by type only.
_OWN = re.compile(
    r"(^|\.)(id|repo_id|sha|sha1|login|username|email|created\w*|updated_at|closed_at|merged_at|"
    r"date|timestamp|submitted_at|archived_at|last_login|avatar_url|token_last_eight|merge_base|"
    r"last_commit_sha|commit_id|merge_commit_sha|is_admin|active|watchers_count|size|"
    r"(author|committer|pusher)\.name)$"
)
_SHA = re.compile(r"[0-9a-f]{40}")
_PATHS = re.compile(r"/[\w./-]*?/[\w-]+(?:/[\w-]+)?\.git\d*")


async def test_the_sandbox_answers_every_recorded_exchange_as_recorded(tmp_path: Path) -> None:
    clock = [1_800_000_000.0]
    differences: dict[str, list[str]] = {}
    async with (
        SandboxServer(tmp_path, clock=lambda: clock[0]) as server,
        aiohttp.ClientSession() as session,
    ):
        rehearsal = Rehearsal(server, session, clock)
        await rehearsal.prepare()
        for exchange in RECORDING:
            found = await rehearsal.play(exchange)
            said = compare(exchange, *found) if found is not None else []
            if said:
                differences[exchange["name"]] = said
    unexpected = {name: said for name, said in differences.items() if name not in DIFFERS}
    assert not unexpected, json.dumps(unexpected, indent=1)
    assert sorted(differences) == sorted(DIFFERS)
    for name, said in differences.items():
        assert len(said) == 1
        assert said[0].startswith(DIFFERS[name].split(":")[0])
    assert rehearsal.played == len(RECORDING) == 138


def compare(exchange: dict[str, Any], status: int, headers: Any, body: Any) -> list[str]:
    """In what an answer differs from the recorded one."""
    recorded = exchange["response"]
    said = []
    if status != recorded["status"]:
        said.append(f"status: {status} for {recorded['status']} ({body!r:.200})")
        return said
    want_type = recorded["headers"].get("content-type", "").split(";")[0]
    if want_type and headers.get("content-type", "").split(";")[0] != want_type:
        said.append(f"content-type: {headers.get('content-type')}")
    said += [
        f"header {name}: {headers.get(name)} for {recorded['headers'].get(name)}"
        for name in ("etag", "link", "x-total-count", "location")
        if (name in recorded["headers"]) != (name in headers)
    ]
    want = recorded["body"]
    if exchange["name"] == "repo-search-topic-hit":
        # The recorded server had a second repository with this topic, of another recording.
        want["data"] = [row for row in want["data"] if row["full_name"].startswith("acme/")]
    said += list(differing("body", want, body))
    return said


def differing(path: str, want: Any, got: Any) -> Any:
    """The paths at which two JSON values differ."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted(want.keys() | got.keys()):
            if key not in want or key not in got:
                yield f"{path}.{key}: {'missing' if key not in got else 'too much'}"
            else:
                yield from differing(f"{path}.{key}", want[key], got[key])
    elif isinstance(want, list) and isinstance(got, list):
        if bool(want) != bool(got):
            yield f"{path}: {len(got)} for {len(want)}"
        for left, right in zip(want, got, strict=False):
            yield from differing(path, left, right)
    elif isinstance(want, str) and isinstance(got, str):
        if not _OWN.search(path) and plain(want) != plain(got):
            yield f"{path}: {got!r:.160} for {want!r:.160}"
    elif type(want) is not type(got):
        if not (_OWN.search(path) and (want is None or got is None)):
            yield f"{path}: {got!r:.80} for {want!r:.80}"
    elif not _OWN.search(path) and want != got:
        yield f"{path}: {got!r:.80} for {want!r:.80}"


def plain(text: str) -> str:
    """A text without what is one server's own."""
    text = re.sub(r"https?://[^/\s\"<>]+", "HOST", text)
    text = _SHA.sub("SHA", text)
    text = _PATHS.sub("PATH", text)
    return re.sub(r"\b\d+\b", "N", text)


@pytest.mark.parametrize("name", sorted(DIFFERS))
def test_every_difference_has_a_reason(name: str) -> None:
    assert len(DIFFERS[name].split(": ")) == 2
