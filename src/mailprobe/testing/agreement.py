"""What the other looks of a session say about one of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.judge.attribution import Observation, attribute

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailprobe.model.report import ProviderReport, Report
    from mailprobe.model.verdict import Check
    from mailprobe.testing.excuse import Standing
    from mailprobe.testing.looks import Look


def agreement(look: Look, function: str, others: Iterable[Look]) -> str:
    """
    Say how many other mailboxes of the same provider fare alike; empty without any.

    Returns:
        Such as ``3 other mailboxes agree`` or ``1 other mailbox agrees, 2 work``.
    """
    stands = [
        _stand(other, function)
        for other in others
        if other.subject.provider == look.subject.provider
        and other.subject.mailbox not in {"", look.subject.mailbox}
    ]
    agree = sum(one.excuses for one in stands)
    work = sum(one.well for one in stands)
    if not agree + work:
        return ""
    said = [(agree, "agree"), (work, "work")]
    parts = [f"{n} {verb}{'s' if n == 1 else ''}" for n, verb in said if n]
    count, _, rest = parts[0].partition(" ")
    noun = "mailbox" if count == "1" else "mailboxes"
    return ", ".join([f"{count} other {noun} {rest}", *parts[1:]])


def taken_together(look: Look, function: str, others: Sequence[Look]) -> str:
    """
    Say what all looks together prove that this one alone does not; empty if nothing.

    A login refused while that of a sibling works is the account's own fault; all
    logins refused at once is the provider's; everything failing everywhere is ours.
    """
    seen = [_observe(one, function) for one in (look, *others)]
    stand = _stand(look, function)
    blame = stand.verdict.blame if stand.verdict else None
    mine = {look.subject.provider, look.subject.platform, look.subject.address}
    for one in attribute(each for each in seen if each is not None):
        shared = one.culprit != look.subject.provider
        if one.culprit in {*mine, "this network"} and (shared or one.blame != blame):
            return one.why
    return ""


def part(check: Check[ProviderReport], function: str) -> Check[Report] | None:
    """Return the check that decides *function*: the one with the login, if any."""
    report = check.report
    made: dict[str, tuple[Check[Report], ...]] = {
        "submit": report.submission,
        "accept": (report.mx,) if report.mx else (),
        "deliver": (report.trip,) if report.trip else (),
        "read": report.imap,
    }
    return made[function][0] if made[function] else None


def _stand(look: Look, function: str) -> Standing:
    return look.stands((function,))[0]


def _observe(look: Look, function: str) -> Observation | None:
    check = part(look.check, function)
    if check is None:
        return None
    subject = look.subject
    shared = subject.platform != subject.provider
    return Observation(
        check=check,
        party=subject.provider,
        platform=subject.platform if shared else "",
        account=subject.address,
    )
