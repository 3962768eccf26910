"""A console for what is said beside the results: it never stops a run."""

from __future__ import annotations

from typing import Any

from rich.console import Console


class Aside(Console):
    """Goes quiet where nobody listens; rich's own would end the process, and close stdout too."""

    def print(self, *objects: Any, **options: Any) -> None:
        """As rich does it, unless standard error cannot be written to."""
        try:
            super().print(*objects, **options)
        except OSError:
            self.quiet = True

    def on_broken_pipe(self) -> None:
        """The reader went away; the run goes on."""
        self.quiet = True
