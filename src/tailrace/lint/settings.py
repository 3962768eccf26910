"""What a fleet file says of linting, under the names that rules use."""

from __future__ import annotations

from tailrace.model import LintSettings, Severity

__all__ = ["LintSettings", "Severity"]
