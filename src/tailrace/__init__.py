"""Tailrace: carries a release to every repository that pins it, and proves it."""

__version__ = "0.1.0"
