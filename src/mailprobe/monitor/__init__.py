"""
Long-running work: the ledger, what is kept in it, and what it can be asked.

Names are loaded when they are first used; they need ``mailprobe[monitor]`` only where
a ledger is opened.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mailprobe.monitor.accounts import report
    from mailprobe.monitor.answers import history, incidents, mails, note, status

_HOMES: Final = {
    "history": "answers",
    "incidents": "answers",
    "mails": "answers",
    "note": "answers",
    "report": "accounts",
    "status": "answers",
}

__all__ = ["history", "incidents", "mails", "note", "report", "status"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as many types as names
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{home}"), name)
