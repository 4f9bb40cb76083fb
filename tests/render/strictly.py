"""A schema that must name every key that is written."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator, FormatChecker


def strictly(schema: Any) -> Draft202012Validator:  # noqa: ANN401 - any JSON value
    """Return a validator to which a key without a place in the schema is an error."""
    return Draft202012Validator(_strict(schema), format_checker=FormatChecker())


def _strict(part: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the schema with unknown keys forbidden: it must name every key."""
    if isinstance(part, list):
        return [_strict(item) for item in part]
    if not isinstance(part, dict):
        return part
    made = {key: _strict(value) for key, value in part.items()}
    if "properties" in made:
        made["additionalProperties"] = False
    return made
