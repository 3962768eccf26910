"""From a fleet's settings to the adapter that speaks to its forge."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tailrace.errors import ConfigurationError
from tailrace.forges.base import Forge
from tailrace.model import ForgeKind
from tailrace.settings import ForgeSettings

if TYPE_CHECKING:
    from tailrace.forges.http import Patience, Transport

#: No forge's token comes near this; more is never read of a token file.
TOKEN_LIMIT = 4 * 1024

#: What may stand in a header without quoting (RFC 9110 5.5), white space left out.
_TOKEN = re.compile(r"[\x21-\x7e]+")

_GITHUB_HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}


def open_forge(
    settings: ForgeSettings,
    token: str | None,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    patience: Patience | None = None,
) -> Forge:
    """The adapter for ``settings.kind``, to be used as an async context manager.

    Raises `ConfigurationError` where the kind needs a part that is not installed.
    """
    if settings.kind is ForgeKind.GIT:
        return _git(settings, sleep)
    if settings.kind is ForgeKind.GITHUB:
        from tailrace.forges.github import GitHubForge

        url = _github_api(settings.url)
        authorization = None if token is None else f"Bearer {token}"
        return GitHubForge(
            _transport(settings, url, authorization, sleep, patience, _GITHUB_HEADERS)
        )
    from tailrace.forges.gitea import GiteaForge

    url = f"{settings.url.rstrip('/')}/api/v1"
    authorization = None if token is None else f"token {token}"
    transport = _transport(settings, url, authorization, sleep, patience, {})
    return GiteaForge(transport, kind=str(settings.kind))


def read_token(settings: ForgeSettings, environ: Mapping[str, str]) -> str | None:
    """The token from ``token_env``, else from ``token_file``; None where neither is there.

    An empty variable is no token: CI systems set one for a secret that does not exist. Raises
    `ConfigurationError`, never with the value in it.
    """
    value = environ.get(settings.token_env, "")
    if value:
        return _checked(value, settings.token_env)
    if settings.token_file is None:
        return None
    path = Path(settings.token_file)
    try:
        with path.expanduser().open("rb") as file:
            content = file.read(TOKEN_LIMIT + 1)
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise ConfigurationError(
            f"{path}: the token cannot be read ({why})"
            f"\n  next: correct `token-file`, or set {settings.token_env}"
        ) from error
    if len(content) > TOKEN_LIMIT:
        raise ConfigurationError(
            f"{path}: more than {TOKEN_LIMIT} bytes, which is no token"
            "\n  next: correct `token-file` in the fleet file"
        )
    # Latin-1 takes any byte, so that the check below is the only judge.
    return _checked(content.decode("latin-1"), str(path))


def _checked(value: str, where: str) -> str:
    ending = "\r\n" if value.endswith("\r\n") else "\n"
    token = value.removesuffix(ending)
    if _TOKEN.fullmatch(token) is None or len(token) > TOKEN_LIMIT:
        fault = "is empty" if not token else "has characters that no token has, or is too long"
        raise ConfigurationError(
            f"{where}: the token {fault} (it is not shown)"
            "\n  next: write the bare token there: no quotes, spaces or second line"
        )
    return token


def _git(settings: ForgeSettings, sleep: Callable[[float], Awaitable[None]]) -> Forge:
    try:
        from tailrace.forges.git import GitForge
    except ModuleNotFoundError as error:
        if error.name != "pygit2":
            raise
        raise ConfigurationError(
            'kind = "git" needs pygit2, which is not installed'
            "\n  next: pip install 'tailrace[git]'"
        ) from error
    return GitForge(
        Path(settings.url),
        concurrency=settings.concurrency,
        timeout=settings.timeout,
        sleep=sleep,
    )


def _transport(
    settings: ForgeSettings,
    url: str,
    authorization: str | None,
    sleep: Callable[[float], Awaitable[None]],
    patience: Patience | None,
    headers: Mapping[str, str],
) -> Transport:
    from tailrace.forges.http import Patience, Transport

    return Transport(
        url,
        authorization=authorization,
        concurrency=settings.concurrency,
        timeout=settings.timeout,
        patience=patience or Patience(),
        sleep=sleep,
        headers=headers,
    )


def _github_api(url: str) -> str:
    """Where the API is (docs.github.com/rest/using-the-rest-api, "About the API's URLs").

    A GitHub Enterprise Server has it below ``/api/v3``.
    """
    parts = urlsplit(url.rstrip("/"))
    if parts.hostname in ("github.com", "www.github.com", "api.github.com"):
        return f"{parts.scheme}://api.github.com"
    return parts.geturl() if parts.path.endswith("/api/v3") else f"{parts.geturl()}/api/v3"
