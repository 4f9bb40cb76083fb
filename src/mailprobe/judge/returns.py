"""
What a bounce means for our mails: which of them came back, and which are held.

Anybody can write a bounce. One moves a mail only if it bears the token of that mail,
made with our key for its sender and recipient, came to its sender's mailbox, and
speaks of its recipient. The rest is evidence of something, and never a fate.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mailprobe.judge.fates import SAID_MAX
from mailprobe.mail.canary import authentic, key_id
from mailprobe.mail.returned import Action
from mailprobe.mail.text import readable
from mailprobe.model.entry import Bounced, Held

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mailprobe.mail.bounce import Bounce
    from mailprobe.mail.returned import Returned
    from mailprobe.model.passage import Passage


class Meaning(StrEnum):
    """What a bounce says about one token that stands in it."""

    RETURNED = "returned"  # a server gave our mail up
    HELD = "held"  # a server still tries
    PASSED_ON = "passed_on"  # delivered, relayed or expanded: not a sight of it
    OTHER_RECIPIENT = "other_recipient"  # it speaks of others alone
    UNREADABLE = "unreadable"  # a report that does not tell what was done
    MISPLACED = "misplaced"  # it came to another mailbox than the sender's
    FORGED = "forged"  # the token names our key, and was not made for this mail
    UNKNOWN = "unknown"  # the token names our key, and no such mail is known
    STRANGER = "stranger"  # the token was made with another key


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """
    What a bounce means for one token that stands in it.

    Attributes:
        token: The token.
        meaning: What it means.
        entry: What the ledger takes of it; None if it is evidence alone.
    """

    token: str
    meaning: Meaning
    entry: Bounced | Held | None = None


# What weighs more, where a bounce says several things about one mail.
_WEIGHTS: Final = (Action.FAILED, Action.DELAYED)


def returns(
    bounce: Bounce,
    *,
    mailbox: str,
    key: bytes,
    passage_of: Callable[[str], Passage | None],
    at: datetime,
) -> tuple[Return, ...]:
    """
    Return what a bounce means, for each token that stands in it.

    Args:
        bounce: As `mail.bounce.read_bounce` read it.
        mailbox: The address in whose mailbox it was found.
        key: The canary key.
        passage_of: Gives the mail with a token, or None if there is none.
        at: When it was read; the time of the entries.
    """
    found = []
    for token in bounce.canary_tokens:
        ours = token.split("-")[1] == key_id(key)
        passage = passage_of(token) if ours else None
        if passage is None:
            meaning = Meaning.UNKNOWN if ours else Meaning.STRANGER
        elif not authentic(token, passage.sender, passage.recipient, key):
            meaning = Meaning.FORGED
        elif mailbox.lower() != passage.sender.lower():
            meaning = Meaning.MISPLACED
        else:
            found.append(_told(bounce, passage, at))
            continue
        found.append(Return(token=token, meaning=meaning))
    return tuple(found)


def _told(bounce: Bounce, passage: Passage, at: datetime) -> Return:
    """Return what a bounce that is truly about a mail says of it."""
    token = passage.token
    ours = [said for said in bounce.recipients if _names(said, passage.recipient)]
    for action in _WEIGHTS:
        for said in ours:
            if said.action is not action:
                continue
            if action is Action.DELAYED:
                held = Held(at=at, token=token, said=_words(said))
                return Return(token=token, meaning=Meaning.HELD, entry=held)
            status = said.status or (said.diagnostic and said.diagnostic.enhanced)
            entry = Bounced(at=at, token=token, status=status or "", said=_words(said))
            return Return(token=token, meaning=Meaning.RETURNED, entry=entry)
    meaning = Meaning.PASSED_ON if ours else Meaning.OTHER_RECIPIENT
    if not bounce.recipients:
        meaning = Meaning.UNREADABLE
    return Return(token=token, meaning=meaning)


def _names(said: Returned, recipient: str) -> bool:
    """
    Whether this is said of the recipient of our mail.

    A canary has one recipient: a bounce that returns it and names nobody, or the
    local part alone as old servers do, speaks of that one.
    """
    ours = recipient.lower()
    named = {said.recipient.lower(), (said.original or "").lower()}
    return (
        ours in named
        or not any(named)
        or (said.original is None and said.recipient.lower() == ours.rpartition("@")[0])
    )


def _words(said: Returned) -> str:
    return readable(str(said.diagnostic), SAID_MAX) if said.diagnostic else ""
