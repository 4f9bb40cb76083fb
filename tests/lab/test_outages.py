"""Outages by name and by date: complete, and none of it invented."""

from __future__ import annotations

import re

import pytest

from mailprobe.lab import (
    OUTAGES,
    REPLAYS,
    Delay,
    Fault,
    ThreadedLab,
    outage,
    replay,
)
from mailprobe.model.errors import UsageError
from tests.lab.clients import Wire

PHASES = [(name, phase) for name, one in REPLAYS.items() for phase in one.phases]
REPLAYED = [one for one in PHASES if one != ("libero-2023-06", "unknown")]


@pytest.mark.parametrize("name", OUTAGES)
def test_outage(lab: ThreadedLab, name: str) -> None:
    """Every named outage says what is seen of it, and can be put on one domain."""
    assert OUTAGES[name].seen
    everywhere, at_libero = outage(name), outage(name, domain="LIBERO.test")
    assert everywhere
    assert all(fault.domain is None for fault in everywhere)
    assert all((f.domain, f.platform) == ("libero.test", True) for f in at_libero)
    with lab.fault(*everywhere):
        pass


def test_names() -> None:
    """A name that is not known is refused with those that are."""
    with pytest.raises(UsageError, match="no outage 'imap'; write one of all_down, "):
        outage("imap")
    with pytest.raises(UsageError, match="no replay 'x'; write one of libero-2023-01,"):
        replay("x", phase="slow")
    with pytest.raises(UsageError, match="has no phase 'x'; write one of accepts-not-"):
        replay("libero-2023-01", phase="x")


@pytest.mark.parametrize(("name", "phase"), REPLAYED)
def test_phase(name: str, phase: str) -> None:
    """Every phase has its window and what users saw, and strikes the platform."""
    described = REPLAYS[name].phases[phase]
    assert re.search(r"Jan|Feb|June", described.window)
    assert described.seen.endswith(".")
    for fault in replay(name, phase=phase):
        assert isinstance(fault, Fault)
        assert (fault.domain, fault.platform) == ("libero.test", True)


def test_nothing_is_invented() -> None:
    """A phase that nobody described cannot be replayed."""
    assert REPLAYS["libero-2023-06"].phases["unknown"].faults is None
    with pytest.raises(UsageError, match=r"15 June 15:00 to 16 June 15:00.*nobody"):
        replay("libero-2023-06", phase="unknown")


def test_declared_finished() -> None:
    """On the declared end nothing is wrong, and the relapse is as bad as before."""
    assert replay("libero-2023-06", phase="declared-finished") == ()
    assert replay("libero-2023-06", phase="relapse") == replay(
        "libero-2023-06", phase="maintenance"
    )
    assert Delay(domain="libero.test", platform=True) in replay(
        "libero-2023-06", phase="queued"
    )


def test_store_down(lab: ThreadedLab) -> None:
    """With the store down a login works, and the mailbox does not open."""
    box = lab.mailbox("ada@libero.test")
    assert box.imap is not None
    assert box.password is not None
    login = f"LOGIN {box.address} {box.password.reveal()}".encode()
    with lab.fault(*outage("store_down")), Wire(lab, box.imap) as wire:
        wire.line()
        assert b"a OK" in wire.imap(login)
        assert b"a NO [UNAVAILABLE]" in wire.imap(b"SELECT INBOX")
