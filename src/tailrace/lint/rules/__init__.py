"""One rule a module; adding a rule is adding a file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from tailrace.lint.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by id."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = [importlib.import_module(f"{__name__}.{name}").RULE for name in names]
    return tuple(rule for rule in found if isinstance(rule, Rule))
