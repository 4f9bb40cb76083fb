"""
A provider's report on disk and back: facts only, for verdicts are made anew.

The same facts always get the same verdict, so nothing is lost. Secrets are no
facts: what is read back has mailboxes without them.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Literal,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from mailprobe.judge import judge
from mailprobe.judge.provider import judge_provider
from mailprobe.model.report import ProviderReport
from mailprobe.model.verdict import Check

if TYPE_CHECKING:
    from mailprobe.model.provider import Catalogue

SECRETS: Final = frozenset({"password", "token"})


def packed(report: ProviderReport) -> Any:  # noqa: ANN401 - any JSON value
    """Return *report* as plain values, without the secrets of its mailboxes."""
    return _plain(report)


def unpacked(document: object, presets: Catalogue) -> Check[ProviderReport]:
    """
    Return the check whose report was packed.

    Args:
        document: What `packed` returned, perhaps by way of a file.
        presets: Where to look up what providers mean by words of their own.

    Raises:
        ValueError, TypeError, LookupError, AttributeError, StopIteration: If it is
            something else.
    """
    report = _Reader(presets).read(ProviderReport, document)
    assert isinstance(report, ProviderReport)  # noqa: S101 - asked for in the line above
    return judge_provider(report)


def _plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Check):
        return _plain(value.report)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        shown = (f.name for f in fields(value) if f.name not in SECRETS)
        return {name: _plain(getattr(value, name)) for name in shown}
    return value


class _Reader:
    """Reads values by the type that the field they stand in was given."""

    def __init__(self, presets: Catalogue) -> None:
        self._presets = presets

    def read(self, hint: Any, value: Any) -> Any:  # noqa: ANN401, PLR0911 - one line per kind
        """Return *value* as what the type hint says it is."""
        origin, arms = get_origin(hint), get_args(hint)
        if origin in {Union, UnionType}:
            return self.read(next(arm for arm in arms if _fits(arm, value)), value)
        if origin is tuple:
            if arms[1:] == (...,):
                return tuple(self.read(arms[0], item) for item in value)
            pairs = zip(arms, value, strict=True)
            return tuple(self.read(arm, item) for arm, item in pairs)
        if origin is Check:
            return judge(self.read(arms[0], value), self._presets)
        if hint is datetime:
            return datetime.fromisoformat(value)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return hint(value)
        if is_dataclass(hint):
            hints = _hints(cast("type", hint))
            given = {name: self.read(hints[name], v) for name, v in value.items()}
            return hint(**given)  # type: ignore[operator]
        return value


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _fits(hint: Any, value: object) -> bool:  # noqa: ANN401, PLR0911 - as above
    """Whether a plain value can stand for this arm of a union."""
    if value is None or hint is NoneType:
        return value is None and hint is NoneType
    origin = get_origin(hint)
    if origin is Literal:
        return value in get_args(hint)
    if isinstance(value, dict):
        return origin is Check or is_dataclass(hint)
    if origin is tuple:
        return isinstance(value, list)
    if hint is float:
        return isinstance(value, (int, float))
    if hint is datetime or issubclass(hint, Enum):
        return isinstance(value, str)
    return isinstance(value, hint)
