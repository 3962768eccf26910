"""The JSON Schema of ``tailrace.toml``, for editors."""

from __future__ import annotations

from typing import Any

from tailrace.fleet.shape import FleetFile


def fleet_schema() -> dict[str, Any]:
    """JSON Schema 2020-12, from the very types that validate the file."""
    schema = FleetFile.model_json_schema(by_alias=True)
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **schema, "title": "tailrace.toml"}
