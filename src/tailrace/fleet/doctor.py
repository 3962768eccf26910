"""What could keep a cascade from working, looked at before the night in which it matters."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

from tailrace.atonce import each_at_once
from tailrace.forges.base import Forge, ForgeError, Repository
from tailrace.model import Downstream, Failure, FileKind, ForgeKind, Strategy, TreeView
from tailrace.runs import Check, CheckState, Step, Watch, ignore
from tailrace.settings import Fleet

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
#: The oldest Gitea whose answers are known (the forge contract).
_OLDEST_GITEA = (1, 22)
#: The kinds of forge that know tokens.
_TOKEN_NEEDED = (ForgeKind.GITEA, ForgeKind.FORGEJO, ForgeKind.GITHUB)


async def examine(
    fleet: Fleet, forge: Forge, *, token_present: bool, watch: Watch = ignore
) -> tuple[Check, ...]:
    """Every check: the forge, the token, and each downstream's readability and writability."""
    checks = [check async for check in _server(fleet, forge)]
    checks += _token_on_the_wire(fleet, token_present=token_present)
    checks.append(await _account(fleet, forge, token_present=token_present))

    async def one(downstream: Downstream) -> Check:
        check = await _downstream(downstream, forge)
        watch(downstream, Step.DONE, "")
        return check

    return (*checks, *await each_at_once(fleet.downstreams, one, fleet.forge.concurrency))


async def _server(fleet: Fleet, forge: Forge) -> AsyncIterator[Check]:
    try:
        server = await forge.server()
    except ForgeError as error:
        yield _failed("forge", error.failure())
        return
    said = f"{fleet.forge.url}: {server.kind} {server.version}"
    number = re.match(r"(\d+)\.(\d+)", server.version)
    old = number is not None and (int(number[1]), int(number[2])) < _OLDEST_GITEA
    if server.kind == "gitea" and old:
        yield Check("forge", CheckState.WARNING, f"{said}; older than 1.22, which was tested")
    else:
        yield Check("forge", CheckState.OK, said)
    if server.page_size is not None:
        yield Check("page size", CheckState.OK, f"{server.page_size} a page")


def _token_on_the_wire(fleet: Fleet, *, token_present: bool) -> Iterator[Check]:
    parts = urlsplit(fleet.forge.url)
    if token_present and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        text = (
            f"{fleet.forge.url}: the token crosses the network unencrypted"
            "\n  next: use the forge's https:// address"
        )
        yield Check("encryption", CheckState.WARNING, text)


async def _account(fleet: Fleet, forge: Forge, *, token_present: bool) -> Check:
    if fleet.forge.kind not in _TOKEN_NEEDED:
        return Check("token", CheckState.OK, "this kind of forge needs none")
    if not token_present:
        text = (
            f"{fleet.forge.token_env} is not set: verify reads what is public, no more"
            f"\n  next: export {fleet.forge.token_env}=..."
        )
        return Check("token", CheckState.WARNING, text)
    try:
        account = await forge.account()
    except ForgeError as error:
        return _failed("token", error.failure())
    if account.login is None:
        return Check("token", CheckState.OK, "known to the forge (it may not say whose it is)")
    scopes = f", scopes {', '.join(account.scopes)}" if account.scopes else ""
    return Check("token", CheckState.OK, f"of {account.login}{scopes}")


async def _downstream(downstream: Downstream, forge: Forge) -> Check:
    name = downstream.name
    try:
        facts = await forge.repository(downstream.repository)
        branch = downstream.branch or facts.default_branch
        paths = (*downstream.pin_paths, *downstream.consumer_paths)
        view = await forge.tree(downstream.repository, branch, paths)
    except ForgeError as error:
        return _failed(name, error.failure())
    if facts.archived:
        text = f"{facts.name}: is archived\n  next: unarchive it, or take it out of the fleet"
        return Check(name, CheckState.FAILED, text)
    if view.commit is None:
        text = f"{facts.name}: is empty\n  next: push its first commit, or take it out"
        return Check(name, CheckState.WARNING, text)
    for path in downstream.pin_paths:
        pin = view.entries.get(path)
        if pin is not None and pin.kind is not FileKind.FILE:
            text = f"{facts.name}: {path} is a {pin.kind}\n  next: put a plain file there"
            return Check(name, CheckState.FAILED, text)
    if not view.consumers(downstream):
        text = (
            f"{facts.name}: no {downstream.consumer} in {', '.join(downstream.folders)}"
            "\n  next: correct `consumer` or `folders`, or take it out; it would be skipped"
        )
        return Check(name, CheckState.WARNING, text)
    return await _writable(downstream, branch, facts, view, forge)


async def _writable(
    downstream: Downstream, branch: str, facts: Repository, view: TreeView, forge: Forge
) -> Check:
    name = downstream.name
    missing = [path for path in downstream.pin_paths if path not in view.entries]
    has = f"has no {missing[0]}" if missing else f"has {', '.join(downstream.pin_paths)}"
    try:
        may = facts.can_push is not False and await forge.check_write(facts.name, branch)
    except ForgeError as error:
        return _failed(name, error.failure())
    if may is False and facts.can_push:
        text = (
            f"{facts.name}: {branch} is protected against this token's user"
            '\n  next: let the user push, or use strategy = "pull-request"'
        )
        protected_is_fine = downstream.strategy is Strategy.PULL_REQUEST
        state = CheckState.OK if protected_is_fine else CheckState.FAILED
        return Check(name, state, text.split("\n", maxsplit=1)[0] if protected_is_fine else text)
    if may is False:
        text = (
            f"{facts.name}: this token may read, not write"
            "\n  next: give the token's user write permission there"
        )
        return Check(name, CheckState.FAILED, text)
    if may is None:
        text = f"{facts.name} {branch}: readable, {has}; a rule may forbid pushes"
        return Check(name, CheckState.OK, text)
    text = f"{facts.name} {branch}: readable, writable, {has}"
    return Check(name, CheckState.OK, text)


def _failed(name: str, failure: Failure) -> Check:
    return Check(name, CheckState.FAILED, failure.message, failure)
