"""From an index's settings to the index, and which index that is."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tailrace.errors import ConfigurationError
from tailrace.settings import IndexSettings

if TYPE_CHECKING:
    from tailrace.index.simple import SimpleIndex

_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


def open_index(
    settings: IndexSettings,
    environ: Mapping[str, str],
    *,
    attempts: int = 4,
    timeout: float = 30.0,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> SimpleIndex:
    """The index that ``settings`` name, to be used as an async context manager."""
    from tailrace.index.simple import SimpleIndex

    token = index_token(settings, environ) if settings.private else None
    if settings.private and token is None:
        raise ConfigurationError(
            f"no token for the index: {settings.token_env} is not set, and it is `private`"
            f"\n  next: export {settings.token_env}=..."
        )
    return SimpleIndex(
        settings.url or pip_index(),
        username=settings.username,
        token=token,
        timeout=timeout,
        attempts=attempts,
        sleep=sleep,
    )


def index_token(settings: IndexSettings, environ: Mapping[str, str]) -> str | None:
    """The token from the environment; None where it is not set. Never shown in an error."""
    value = environ.get(settings.token_env, "").rstrip("\r\n")
    if not value:
        return None
    if _TOKEN.fullmatch(value) is None:
        raise ConfigurationError(
            f"{settings.token_env}: the token has characters that no token has (not shown)"
            "\n  next: write the bare token there: no quotes, spaces or second line"
        )
    return value


def pip_index() -> str:
    """The index that this machine's pip installs from: its configuration, else its default.

    Raises `ConfigurationError` where there is no pip to ask.
    """
    # `pip install --help` says it with everything applied: file, environment, default.
    command = [sys.executable, "-m", "pip", "install", "--help"]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter
            command,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            # Wide, so that no address is broken over two lines.
            env={**os.environ, "COLUMNS": "2000"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _no_pip() from error
    found = re.search(r"--index-url <url>.*?\(default\s+(\S+?)\)", done.stdout, re.DOTALL)
    if found is None:
        raise _no_pip()
    url = found.group(1)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        raise ConfigurationError(
            "which index? pip's own has a password in its address, or is no http address"
            "\n  next: set `url` in [index], and `private = true` where it needs a token"
        )
    return url


def _no_pip() -> ConfigurationError:
    return ConfigurationError(
        "which index? `url` is not set in [index], and there is no pip here to ask"
        "\n  next: set `url` in [index], such as https://git.example.com/simple/"
    )
