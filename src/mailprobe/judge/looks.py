"""What one sample says: which parts it used, how much it weighs, what it proves."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mailprobe.judge.strain import NETWORK
from mailprobe.model.failure import Kind
from mailprobe.model.sample import Function, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailprobe.model.sample import Sample


class Part(StrEnum):
    """The part of a mail service that a look needs to work."""

    SUBMISSION = "submission"  # takes mail from its users
    RELAY = "relay"  # passes their mail on to others
    MX = "mx"  # takes mail from the world
    STORE = "store"  # puts it into mailboxes
    ACCESS = "access"  # opens them to their users


FUNCTIONS: Final[Mapping[Part, Function]] = {
    Part.SUBMISSION: Function.SUBMIT,
    Part.RELAY: Function.SUBMIT,
    Part.MX: Function.ACCEPT,
    Part.STORE: Function.DELIVER,
    Part.ACCESS: Function.READ,
}
"""The function that fails with each part."""

_OWN: Final[Mapping[Function, Part]] = {
    Function.SUBMIT: Part.SUBMISSION,
    Function.ACCEPT: Part.MX,
    Function.DELIVER: Part.STORE,
    Function.READ: Part.ACCESS,
}
_FIRM: Final = frozenset(
    {
        Kind.SMTP_PERMANENT,
        Kind.AUTH_REFUSED,
        Kind.AUTH_UNAVAILABLE,
        Kind.IMAP_NO,
    }
)
RESOLVING: Final = frozenset({Kind.DNS_TIMEOUT, Kind.DNS_SERVFAIL, Kind.DNS_REFUSED})
"""Failures that our own resolver can cause."""
# Nothing was heard of the other side, or nothing that came from it for sure.
_WORDLESS: Final = NETWORK | {
    Kind.DNS_NXDOMAIN,
    Kind.DNS_NO_DATA,
    Kind.DNS_BOGUS,
    Kind.DNS_MALFORMED,
    Kind.MX_NULL,
    Kind.MX_UNUSABLE,
    Kind.CANARY_MISSING,
    Kind.SUBMISSION_UNCONFIRMED,
    Kind.BUG,
    Kind.UNKNOWN,
}

Place = tuple[str, Part]
"""A part of a platform."""


def parts(sample: Sample) -> tuple[Place, ...]:
    """Return the parts a look used; the first is that of the party looked at."""
    own = (sample.party.platform, _OWN[sample.function])
    sender = sample.sender
    if sender is None or sender.platform == sample.party.platform:
        return (own,)
    return (own, (sender.platform, Part.RELAY))


def cell(sample: Sample) -> str:
    """Name what a later look must repeat to say something of this one."""
    who = sample.account or sample.route or f"@{sample.party.name}"
    return f"{who} from {sample.sender.name}" if sample.sender else who


def failed(sample: Sample) -> bool:
    """Whether it failed."""
    return sample.outcome is Outcome.FAIL


def passed(sample: Sample) -> bool:
    """Whether it passed."""
    return sample.outcome is Outcome.PASS


def weight(sample: Sample) -> int:
    """How many failed looks it counts for; 0 if it did not fail."""
    if sample.outcome is not Outcome.FAIL:
        return 0
    return 2 if sample.kind in _FIRM else 1


def silent(sample: Sample) -> bool:
    """Whether it failed in a way that our own network could cause."""
    if sample.outcome is not Outcome.FAIL or sample.function is Function.DELIVER:
        return False
    return sample.kind in NETWORK


def heard(sample: Sample) -> bool:
    """Whether it proves that our network worked: an answer came, good or bad."""
    if sample.function is Function.DELIVER:
        return False  # what it tells of may be long past
    if sample.outcome is Outcome.PASS:
        return True
    answered = sample.kind is not None and sample.kind not in _WORDLESS
    return sample.outcome is Outcome.FAIL and answered


def said(sample: Sample) -> str:
    """Give the look as one line of evidence."""
    who = f" for {sample.account}" if sample.account else ""
    by = f" of mail from {sample.sender.name}" if sample.sender else ""
    kind = f" ({sample.kind})" if sample.kind and failed(sample) else ""
    when = f"{sample.at:%d %b %H:%M}"
    outcome = {Outcome.PASS: "works", Outcome.FAIL: "fails"}.get(
        sample.outcome, "cannot be judged"
    )
    where = f"{sample.party.name} {sample.function}"
    return f"{when} {where}{who}{by} {outcome}{kind}"
