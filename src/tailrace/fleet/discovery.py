"""Which of an owner's repositories have a consumer: to begin a fleet, or to complete one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tailrace.atonce import each_at_once
from tailrace.forges.base import Forge, ForgeError, Repository
from tailrace.model import Downstream, Failure, RepositoryName
from tailrace.settings import Discovery


@dataclass(frozen=True, slots=True)
class Discovered:
    """A repository that has a consumer, or that could not be read."""

    repository: RepositoryName
    #: Where the consumer is, or why that is not known.
    found: str | Failure


async def discover(
    forge: Forge,
    wanted: Discovery,
    like: Sequence[Downstream],
    at_once: int,
    leave_out: Callable[[RepositoryName], bool] = lambda name: False,
) -> list[Discovered]:
    """Every repository that ``wanted`` matches and that has a consumer as one of ``like`` has it.

    Archived and empty ones have none. Raises `ForgeError` where the owner cannot be listed; a
    repository that cannot be read is in the result, never taken for one without consumer.
    """
    candidates = [
        repository
        async for repository in _candidates(forge, wanted)
        if not leave_out(repository.name)
    ]
    # One probe for each way of looking, however many downstreams share it.
    ways = list({(d.consumer, d.folders): d for d in like}.values())

    async def one(repository: Repository) -> Discovered | None:
        return await _probe(forge, repository, ways)

    return [found for found in await each_at_once(candidates, one, at_once) if found is not None]


async def _candidates(forge: Forge, wanted: Discovery) -> AsyncIterator[Repository]:
    async for repository in forge.repositories(wanted.owner, wanted.topic):
        name = repository.name.name
        ignored = any(fnmatchcase(name, glob) for glob in wanted.ignore)
        if not repository.archived and not ignored and fnmatchcase(name, wanted.name):
            yield repository


async def _probe(
    forge: Forge, repository: Repository, ways: Sequence[Downstream]
) -> Discovered | None:
    name = repository.name
    try:
        for way in ways:
            view = await forge.tree(name, repository.default_branch, way.consumer_paths)
            consumers = view.consumers(way)
            if consumers:
                return Discovered(name, consumers[0])
    except ForgeError as error:
        return Discovered(name, error.failure())
    return None
