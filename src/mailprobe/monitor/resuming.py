"""What a new run takes over from the last: who is left alone, and what was sent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.mail.canary import key_id, named_key
from mailprobe.model.entry import Alarmed, Sampled, Tripped
from mailprobe.model.sample import Function, Outcome
from mailprobe.monitor.plan import OUTSIDE
from mailprobe.monitor.schedule import DAY

if TYPE_CHECKING:
    from mailprobe.monitor.desk import Desk

SENT_MAX: Final = 100_000  # mails of one day, from which budgets are counted anew
_WITH_LOGIN: Final = (Function.SUBMIT, Function.READ)


async def resume(desk: Desk) -> None:
    """Hold accounts that were held, and count what was sent in the last day."""
    await _same_key(desk)
    await _refusals(desk)
    now, names = desk.now(), _names(desk)
    # Who writes from outside may bear the address of a mailbox; the route knows.
    senders = {route.name: route.sender for route in desk.plan.routes}
    sent = await desk.books.ledger.passages(since=now - DAY, limit=SENT_MAX)
    for passage in sent:
        account = senders.get(passage.route) or names.get(passage.sender, OUTSIDE)
        desk.budget(account).sent.append(passage.intended_at)


async def _same_key(desk: Desk) -> None:
    """Say so if mail is waited for that cannot be known as ours any more."""
    ours = key_id(desk.key)
    others = sum(named_key(token) != ours for token in desk.books.pending)
    if others:
        what = (
            f"The canary key was changed: {others} mails that were signed with "
            "another one are waited for and will not be recognised."
        )
        await desk.books.record(Alarmed(at=desk.now(), what=what))


async def _refusals(desk: Desk) -> None:
    """Let refusals and logins happen once more: a login frees what was held."""
    now, names = desk.now(), _names(desk)
    since = now - timedelta(seconds=desk.plan.hold)
    kinds = (Tripped.kind, Sampled.kind)
    async for _, entry in desk.books.ledger.entries(kinds=kinds, since=since):
        if isinstance(entry, Tripped) and entry.account in desk.plan.mailboxes:
            desk.breaker.until[entry.account] = entry.until
        elif isinstance(entry, Sampled):
            sample = entry.sample
            name = names.get(sample.account)
            passed = sample.outcome is Outcome.PASS
            if name and passed and sample.function in _WITH_LOGIN:
                desk.breaker.passed(name, desk.siblings(name))


def _names(desk: Desk) -> dict[str, str]:
    return {box.address: name for name, box in desk.plan.mailboxes.items()}
