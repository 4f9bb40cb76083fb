"""What a new run takes over from the last: who is left alone, and what was sent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.model.entry import Sampled, Tripped
from mailprobe.model.sample import Function, Outcome
from mailprobe.monitor.plan import OUTSIDE
from mailprobe.monitor.schedule import DAY

if TYPE_CHECKING:
    from mailprobe.monitor.desk import Desk

KEY: Final = "canary key"
SENT_MAX: Final = 100_000  # mails of one day, from which budgets are counted anew
_WITH_LOGIN: Final = (Function.SUBMIT, Function.READ)


async def resume(desk: Desk) -> None:
    """Hold accounts that were held, and count what was sent in the last day."""
    await _key(desk)
    await _refusals(desk)
    now, names = desk.now(), _names(desk)
    sent = await desk.books.ledger.passages(since=now - DAY, limit=SENT_MAX)
    for passage in sent:
        account = names.get(passage.sender, OUTSIDE)
        desk.budget(account).sent.append(passage.intended_at)


async def _key(desk: Desk) -> None:
    """Sign as the last run did, or its mails would be those of a stranger."""
    if not desk.prober.passing_key:
        return  # it was configured
    ledger = desk.books.ledger
    kept = await ledger.kept(KEY)
    if kept is None:
        await ledger.keep(KEY, desk.key)
    desk.prober.sign_with(kept or desk.key)


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
