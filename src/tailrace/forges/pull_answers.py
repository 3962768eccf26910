"""A pull request as Gitea and GitHub answer it: the same keys in both."""

from __future__ import annotations

import msgspec

from tailrace.model import PullRequest, RepositoryName


class _HeadRepository(msgspec.Struct):
    full_name: str


class _End(msgspec.Struct):
    ref: str
    #: None where the fork that it came from is gone.
    repo: _HeadRepository | None = None


class Pull(msgspec.Struct):
    """What is decoded of it, and nothing more."""

    number: int
    html_url: str
    head: _End
    base: _End

    def pull_request(self) -> PullRequest:
        """The same in the protocol's words."""
        return PullRequest(self.number, self.html_url, self.head.ref, self.base.ref)

    def within(self, name: RepositoryName, base: str) -> bool:
        """Whether it goes onto ``base`` from a branch of the same repository, not of a fork."""
        repository = self.head.repo
        return (
            self.base.ref == base
            and repository is not None
            and repository.full_name.lower() == str(name).lower()
        )
