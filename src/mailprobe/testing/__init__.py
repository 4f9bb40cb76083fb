"""
What tests that touch mail ask for: a mail world, and the health of real providers.

The fixtures give objects of these classes; the functions read what arrived:

    from mailprobe.testing import code, link

Every name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mailprobe.testing.health import MailHealth, MailRoundTrip
    from mailprobe.testing.inbox import Inbox
    from mailprobe.testing.reading import code, codes, html, link, links, text
    from mailprobe.testing.server import MailServer
    from mailprobe.testing.services import Service, Services
    from mailprobe.testing.world import MailLab

_HOMES: Final = {
    "health": "MailHealth MailRoundTrip",
    "inbox": "Inbox",
    "reading": "code codes html link links text",
    "server": "MailServer",
    "services": "Service Services",
    "world": "MailLab",
}
_HOME_OF: Final = {
    name: home for home, names in _HOMES.items() for name in names.split()
}

__all__ = [
    "Inbox",
    "MailHealth",
    "MailLab",
    "MailRoundTrip",
    "MailServer",
    "Service",
    "Services",
    "code",
    "codes",
    "html",
    "link",
    "links",
    "text",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as many types as names
    home = _HOME_OF.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
