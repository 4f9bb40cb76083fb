"""
Long-running work: the ledger, what is kept in it, and what it can be asked.

Names are loaded when they are first used; they need ``mailprobe[monitor]`` only where
a ledger is opened.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mailprobe.model.account import IncidentReport
    from mailprobe.model.answer import History, StatusReport
    from mailprobe.model.incident import Incident
    from mailprobe.monitor.answers import history, incidents, mails, note, status
    from mailprobe.monitor.exporting import export
    from mailprobe.monitor.reporting import report

_HOMES: Final = {
    "model.account": "IncidentReport",
    "model.answer": "History StatusReport",
    "model.incident": "Incident",
    "monitor.reporting": "report",
    "monitor.answers": "history incidents mails note status",
    "monitor.exporting": "export",
}
_HOME_OF: Final = {
    name: home for home, names in _HOMES.items() for name in names.split()
}

__all__ = [
    "History",
    "Incident",
    "IncidentReport",
    "StatusReport",
    "export",
    "history",
    "incidents",
    "mails",
    "note",
    "report",
    "status",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as many types as names
    home = _HOME_OF.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"mailprobe.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
