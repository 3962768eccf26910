"""Options of the whole suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """A real server for tests/conformance, instead of the ones that the tests start."""
    group = parser.getgroup("conformance against a real forge")
    group.addoption("--forge-url", help="its URL; throw-away repositories are made there")
    group.addoption("--forge-kind", default="gitea", choices=["gitea", "forgejo", "github"])
    group.addoption("--forge-owner", help="the organisation or user that gets the repositories")
    group.addoption("--forge-token-env", default="TAILRACE_TOKEN", help="the token's variable")


def pytest_configure(config: pytest.Config) -> None:
    """The marks of tests/conformance."""
    config.addinivalue_line("markers", "needs(*abilities): runs on worlds that have all of them")
    config.addinivalue_line("markers", "lacks(*abilities): runs on worlds that have none of them")
