"""
What a bounce means for a mail of ours: it came back, or it is held, or neither.

Anybody can write a bounce. Whether it bears a token of ours, made with our key, is
found out where it is read (`mail.arrival.Ours.returned`). It moves the mail only if it
came to the mailbox of its sender and speaks of its recipient. The rest is evidence of
something, and never a fate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.judge.fates import SAID_MAX
from mailprobe.mail.text import readable
from mailprobe.model.entry import Bounced, Held

if TYPE_CHECKING:
    from mailprobe.model.passage import Passage
    from mailprobe.model.visit import Return


def entry_of(back: Return, passage: Passage, mailbox: str) -> Bounced | Held | None:
    """
    Return what the ledger takes of a bounce.

    Args:
        back: What it says of one recipient.
        passage: The mail whose token it bears.
        mailbox: The address in whose mailbox it was found.

    Returns:
        None if it says nothing of that mail, or that it was passed on: that is no
        sight of it.
    """
    if back.token != passage.token or mailbox.lower() != passage.sender.lower():
        return None
    if not _names(back, passage.recipient):
        return None
    said = readable(str(back.said), SAID_MAX) if back.said else ""
    if back.action == "failed":
        status = back.status or (back.said and back.said.enhanced) or ""
        return Bounced(at=back.seen_at, token=back.token, status=status, said=said)
    if back.action == "delayed":
        return Held(at=back.seen_at, token=back.token, said=said)
    return None


def _names(back: Return, recipient: str) -> bool:
    """
    Whether this is said of the recipient of our mail.

    A canary has one recipient: a bounce that returns it and names nobody, or the
    local part alone as old servers do, speaks of that one.
    """
    ours = recipient.lower()
    named = {back.recipient.lower(), (back.original or "").lower()}
    return (
        ours in named
        or not any(named)
        or (back.original is None and back.recipient.lower() == ours.rpartition("@")[0])
    )
