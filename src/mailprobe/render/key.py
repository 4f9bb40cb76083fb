"""The name by which a target is known from one run to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mailprobe.model.target import (
    DispatchTarget,
    ImapTarget,
    MxTarget,
    ProviderTarget,
    SmtpTarget,
    Target,
    TlsTarget,
    TripTarget,
    VisitTarget,
)
from mailprobe.render.json import target_document

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROBES: Final[Mapping[type[Target], str]] = {
    MxTarget: "mx",
    SmtpTarget: "smtp",
    ImapTarget: "imap",
    TlsTarget: "tls",
    TripTarget: "round_trip",
    DispatchTarget: "dispatch",
    VisitTarget: "visit",
    ProviderTarget: "provider",
}


def key(target: Target) -> str:
    """Return the name of a target."""
    return _key(_PROBES[type(target)], target_document(target))


def key_in(document: Mapping[str, Any]) -> str:
    """
    Return the name of the target that the JSON of a check is about.

    Raises:
        KeyError, TypeError, AttributeError: If it is no check.
    """
    return _key(str(document["probe"]), document["target"])


def _key(probe: str, target: Mapping[str, Any]) -> str:
    boxes = (target.get(name) or {} for name in ("mailbox", "sender", "recipient"))
    parts = (
        probe,
        target.get("domain") or target.get("name"),
        target.get("host"),
        target.get("port"),
        target.get("security"),
        *(box if isinstance(box, str) else box.get("address") for box in boxes),
        target.get("token"),
    )
    return " ".join(str(part) for part in parts if part)
