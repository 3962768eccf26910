"""What a commit and a pull request say, with the trailers that say which release it was."""

from __future__ import annotations

from tailrace.model import Create, Release, Write

#: The trailer of every commit that a cascade makes: ``Tailrace-Release: NAME VERSION``.
TRAILER = "Tailrace-Release"


def commit_message(action: Write | Create, release: Release) -> str:
    """Subject, reason and trailer. Nothing that came out of a repository is part of it."""
    verb = "Pin" if isinstance(action, Create) else "Move the pin to"
    return f"{verb} {release}\n\n{action.reason}.\n\n{TRAILER}: {release}\n"


def pull_request_title(release: Release) -> str:
    """The title of the pull request that carries ``release``."""
    return f"Move the pin to {release}"


def pull_request_body(action: Write | Create, release: Release) -> str:
    """Why the pull request is there, and what merging it does."""
    return (
        f"`{release.package}` {release.version} is published. {action.reason}.\n\n"
        "Merging this writes the version; `tailrace verify` then reads it back.\n"
        "A later release closes this pull request and opens its own.\n\n"
        f"{TRAILER}: {release}\n"
    )
