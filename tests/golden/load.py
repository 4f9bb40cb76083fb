"""Reports read back from JSON: the inverse of `tests.golden.write`."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from mailprobe.judge import judge
from mailprobe.judge.provider import judge_provider
from mailprobe.model.report import ProviderReport, Report
from mailprobe.model.verdict import Check
from mailprobe.providers import builtin
from mailprobe.render.subject import PROBES

CLASSES: Final = {name: cls for cls, name in PROBES.items()}


def load(document: dict[str, Any]) -> Report:
    """
    Return the report that *document* describes.

    What is left out has its default. The checks inside a provider's report are
    stored without their verdicts and judged anew.

    Raises:
        ValueError: If the document has a key that no report of its probe has.
    """
    values = dict(document)
    report = _read(CLASSES[values.pop("probe")], values)
    assert isinstance(report, Report)
    return report


def verdict_of(report: Report) -> Check[Report]:
    """Judge *report* as a prober does, with the presets that come with mailprobe."""
    if isinstance(report, ProviderReport):
        return judge_provider(report)
    return judge(report, builtin())


def _read(hint: Any, value: Any) -> Any:  # noqa: ANN401, PLR0911 - one line per kind
    """Return *value* as what the type hint says it is."""
    origin, arms = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return _read(next(arm for arm in arms if _fits(arm, value)), value)
    if origin is tuple:
        if arms[1:] == (...,):
            return tuple(_read(arms[0], item) for item in value)
        return tuple(_read(arm, item) for arm, item in zip(arms, value, strict=True))
    if origin is Check:
        return verdict_of(_read(arms[0], value))
    if hint is datetime:
        return datetime.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if is_dataclass(hint):
        return _dataclass(hint, value)
    return value


def _dataclass(cls: Any, value: dict[str, Any]) -> object:  # noqa: ANN401
    known = {field.name for field in fields(cls)}
    if unknown := set(value) - known:
        message = f"{cls.__name__} has no {', '.join(sorted(unknown))}"
        raise ValueError(message)
    hints = get_type_hints(cls)
    made: object = cls(
        **{name: _read(hints[name], given) for name, given in value.items()}
    )
    return made


def _fits(  # noqa: PLR0911 - one line per kind
    hint: Any,  # noqa: ANN401
    value: object,
) -> bool:
    """Whether JSON's *value* can stand for this arm of a union."""
    if value is None or hint is NoneType:
        return value is None and hint is NoneType
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:
        return isinstance(value, list)
    if hint is datetime:
        return isinstance(value, str)
    if isinstance(value, dict):
        return get_origin(hint) is Check or is_dataclass(hint)
    if hint is float:
        return isinstance(value, (int, float))
    return isinstance(hint, type) and isinstance(
        value, str if issubclass(hint, Enum) else hint
    )
