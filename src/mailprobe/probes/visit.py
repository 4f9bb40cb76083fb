"""Visit: log in, look at what is new in INBOX and junk, take away what is ours."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mailprobe.mail.arrival import Ours
from mailprobe.model.bookmark import Bookmark
from mailprobe.model.failure import Kind, Phase
from mailprobe.model.visit import SentinelRead, VisitReport
from mailprobe.probes import imap, keepsake
from mailprobe.probes.idling import idle
from mailprobe.probes.imap import REFUSALS
from mailprobe.probes.newmail import INBOX, remove
from mailprobe.probes.reading import Reader
from mailprobe.probes.shelf import Shelf
from mailprobe.probes.watch import TRUSTING
from mailprobe.wire.trouble import Ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.model.report import Step
    from mailprobe.model.target import VisitTarget
    from mailprobe.model.visit import Return, Sighting
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder

JUNK_MAX: Final = 3  # junk folders; one by its role, and what older programs made
TIDYING: Final = 5.0  # seconds kept of the deadline for sentinels and the removal


@dataclass
class Visit:
    """What a visit has shown so far."""

    target: VisitTarget
    notes: imap.ImapNotes = field(default_factory=imap.ImapNotes)
    shelves: list[Shelf] = field(default_factory=list)
    reader: Reader | None = None
    sentinels: list[SentinelRead] = field(default_factory=list)
    waited: float | None = None


async def probe_visit(
    vantage: Vantage,
    target: VisitTarget,
    timeout: float,
    on_step: Callable[[Step], None] | None = None,
) -> VisitReport:
    """Visit a mailbox; what cannot be read of it does not hide the rest."""
    recorder = vantage.recorder(timeout, on_step)
    visit = Visit(target)
    try:
        with suppress(Ended):
            await enter(vantage, recorder, visit)
            await read_all(vantage, recorder, visit)
            await wait(vantage, recorder, visit)
            await look_for_sentinels(vantage, recorder, visit)
            await take_away(vantage, recorder, visit)
            await settle_debts(vantage, recorder, visit)
        await imap.leave(vantage, recorder, visit.notes)
    finally:
        imap.close(visit.notes)
    return report(vantage, recorder, visit)


async def enter(vantage: Vantage, recorder: Recorder, visit: Visit) -> None:
    """Log in, and find the folders to look into."""
    notes, target = visit.notes, visit.target
    assert target.mailbox.imap  # noqa: S101 - the prober completes mailboxes
    await imap.open_imap(vantage, recorder, target.mailbox.imap, notes)
    await imap.log_in(vantage, recorder, notes, target.mailbox)
    assert notes.session  # noqa: S101 - for the type checker
    ours = Ours(
        key=vantage.canary_key,
        address=target.mailbox.address,
        expected=frozenset(token.lower() for token in target.expected),
        lookup=target.lookup,
    )
    visit.reader = Reader(notes.session, recorder, ours, removes=target.remove)
    with imap.tolerated():  # without a list, INBOX is still there
        await imap.list_folders(vantage, recorder, notes, optional=REFUSALS)
    mark, fresh = target.bookmark or Bookmark(), target.bookmark is None
    junk = [(raw, f.name) for raw, f in notes.folders if f.role == "junk"][:JUNK_MAX]
    page = mark.page("INBOX")
    visit.shelves = [Shelf(INBOX, "INBOX", "inbox", page, fresh)]
    visit.shelves += [Shelf(r, s, "junk", mark.page(s), fresh) for r, s in junk]


async def read_all(vantage: Vantage, recorder: Recorder, visit: Visit) -> None:
    """Look through each folder; only INBOX must open."""
    for shelf in visit.shelves:
        must = shelf.landed == "inbox"
        try:
            await read_one(vantage, recorder, visit, shelf)
        except Ended as ended:
            shelf.failure = ended.failure
            if ended.failure.kind not in REFUSALS or (must and not shelf.opened):
                raise


async def read_one(
    vantage: Vantage, recorder: Recorder, visit: Visit, shelf: Shelf
) -> None:
    """Look at what is new in one folder; INBOX is opened even if nothing is."""
    reader, at, limits = _reader(visit), visit.notes.peer, vantage.limits
    optional: bool | frozenset[Kind] = False if shelf.landed == "inbox" else REFUSALS
    with recorder.step(Phase.SELECT, at, limits.command, optional=optional) as step:
        if shelf.landed != "inbox" and await reader.unchanged(shelf):
            step.saw(f"{shelf.shown}: {shelf.messages}, nothing new")
            return
        await reader.open(shelf)
        step.saw(f"{shelf.shown}: {shelf.messages}, from {shelf.uidnext}")
    if not shelf.more:
        await reader.read(shelf)
        return
    with recorder.step(Phase.FETCH, at, limits.data_end, optional=optional) as step:
        await reader.read(shelf)
        step.saw(f"{shelf.shown}: {shelf.looked} mails")


async def wait(vantage: Vantage, recorder: Recorder, visit: Visit) -> None:
    """Go on looking while something expected is missing, as long as was asked for."""
    expected = _reader(visit).ours.expected
    if not expected:
        return
    began, left = recorder.elapsed(), recorder.remaining() - TIDYING
    until = began + min(visit.target.patience, left)
    visit.waited = 0.0
    if _missing(visit) and recorder.elapsed() < until:
        # The step's own budget never ends it: `until` does.
        budget = recorder.remaining() + 1
        with recorder.step(Phase.TRANSIT, visit.notes.peer, budget) as step:
            looks, thorough = 0, True  # INBOX is not the folder that is open
            while True:
                async with asyncio.timeout(vantage.limits.command):
                    await look_again(visit, thorough=thorough)
                looks += 1
                if not _missing(visit) or recorder.elapsed() >= until:
                    break
                thorough = await rest(vantage, recorder, visit, began, until)
            step.saw(f"polls: {looks}")
        visit.waited = recorder.elapsed() - began


async def rest(
    vantage: Vantage, recorder: Recorder, visit: Visit, began: float, until: float
) -> bool:
    """
    Pause until the next look, in IDLE where a pause is long enough for it.

    Returns:
        Whether the next look has to ask for everything: what IDLE told is told
        once, and a server's silence is not relied upon for long.
    """
    limits, session = vantage.limits, _reader(visit).session
    now = recorder.elapsed()
    share = limits.visit_share * (now - began)
    pause = min(max(limits.poll_first, share), limits.poll_longest, until - now)
    if pause < TRUSTING or not session.offers("IDLE"):
        await asyncio.sleep(max(pause, 0.0))
        return pause >= TRUSTING or recorder.elapsed() >= until
    if await idle(session, asyncio.Event(), pause, limits.command) is None:
        await asyncio.sleep(pause)  # offered and refused: then without it
    return True


async def look_again(visit: Visit, *, thorough: bool) -> None:
    """Look once into every folder, for what has come since."""
    reader = _reader(visit)
    inbox, *others = visit.shelves
    await reader.session.command("NOOP")
    began, moved = reader.recorder.elapsed(), False
    for shelf in others:
        if not shelf.failure and await reader.news(shelf):
            moved = True
            await reader.open(shelf)
            await reader.read(shelf)
    if moved or thorough or reader.session.take_change():
        await reader.open(inbox)
        await reader.read(inbox)
    elif not inbox.more:
        inbox.looked_at = reader.now(began)


async def look_for_sentinels(
    vantage: Vantage, recorder: Recorder, visit: Visit
) -> None:
    """Read the old mails that are asked about; none of them hides another."""
    session = _reader(visit).session
    names = {folder.name: raw for raw, folder in visit.notes.folders}
    names["INBOX"] = INBOX
    for was in visit.target.sentinels[: keepsake.SENTINELS_MAX]:
        folder = names.get(was.folder)
        if folder is None:
            known = bool(visit.notes.folders)
            trouble = "" if known else "the folders could not be listed"
            gone = False if known else None
            visit.sentinels.append(SentinelRead(was=was, found=gone, trouble=trouble))
            continue
        try:
            with recorder.step(
                Phase.FETCH,
                visit.notes.peer,
                vantage.limits.data_end,
                optional=REFUSALS,
            ):
                visit.sentinels.append(await keepsake.look(session, folder, was))
        except Ended as ended:
            trouble = str(ended.failure)
            visit.sentinels.append(SentinelRead(was=was, found=None, trouble=trouble))
            if ended.failure.kind not in REFUSALS:
                raise


async def settle_debts(vantage: Vantage, recorder: Recorder, visit: Visit) -> None:
    """Look again at mails that could not be read or removed before."""
    reader, at, limits = _reader(visit), visit.notes.peer, vantage.limits
    for shelf in visit.shelves:
        if not shelf.again:
            continue
        with recorder.step(Phase.FETCH, at, limits.data_end, optional=True) as step:
            await reader.open(shelf)
            await reader.settle(shelf)
            step.saw(f"{shelf.shown}: looked again, {len(shelf.bad)} unreadable")
        await take_away(vantage, recorder, visit)


async def take_away(vantage: Vantage, recorder: Recorder, visit: Visit) -> None:
    """Remove what is ours, and nothing else; failing that is no fault of the visit."""
    reader = _reader(visit)
    for shelf in visit.shelves if visit.target.remove else ():
        both: list[Sighting | Return] = [*reader.sightings, *reader.returns]
        mine = [
            one
            for one in both
            if (one.folder, one.uidvalidity) == (shelf.shown, shelf.uidvalidity)
            and one.removed is None
        ]
        uids = sorted({one.uid for one in mine})
        if not uids:
            continue
        if visit.target.remember is not None:
            await visit.target.remember(tuple(mine))
        gone = None
        with (
            imap.tolerated(),
            recorder.step(
                Phase.STORE, visit.notes.peer, vantage.limits.command, optional=True
            ),
        ):
            validity = shelf.uidvalidity or None
            gone = await remove(reader.session, shelf.name, validity, uids)
        if gone is not None:
            _removed(reader, mine, gone=gone)


def owe_the_rest(visit: Visit) -> None:
    """Leave what should have been removed, and was not tried, to the next visit."""
    reader = visit.reader
    if reader is None or not visit.target.remove:
        return
    both: list[Sighting | Return] = [*reader.sightings, *reader.returns]
    for one in both:
        for shelf in visit.shelves:
            same = (one.folder, one.uidvalidity) == (shelf.shown, shelf.uidvalidity)
            if same and one.removed is None:
                shelf.owed.add(one.uid)


def report(vantage: Vantage, recorder: Recorder, visit: Visit) -> VisitReport:
    """Put together what was seen."""
    notes, reader, target = visit.notes, visit.reader, visit.target
    opened = any(shelf.opened for shelf in visit.shelves)
    mark = target.bookmark
    if opened:
        owe_the_rest(visit)
        pages = [shelf.page() for shelf in visit.shelves]
        names = {shelf.shown for shelf in visit.shelves}
        kept = [p for p in (mark.pages if mark else ()) if p.folder not in names]
        mark = Bookmark(pages=(*filter(None, pages), *kept))
    looked = visit.shelves if opened else ()
    return VisitReport(
        **vantage.common(recorder),
        target=target,
        authenticated=notes.authenticated,
        folders=tuple(shelf.facts() for shelf in looked),
        sightings=tuple(reader.sightings) if reader else (),
        returns=tuple(reader.returns) if reader else (),
        foreign=reader.foreign if reader else 0,
        forged=reader.forged if reader else 0,
        bookmark=mark,
        sentinels=tuple(visit.sentinels),
        waited=visit.waited,
        tls=notes.tls,
        alerts=notes.session.alerts if notes.session else (),
    )


def _removed(reader: Reader, mine: list[Sighting | Return], *, gone: bool) -> None:
    known = set(map(id, mine))
    reader.sightings = [
        replace(one, removed=gone) if id(one) in known else one
        for one in reader.sightings
    ]
    reader.returns = [
        replace(one, removed=gone) if id(one) in known else one
        for one in reader.returns
    ]


def _missing(visit: Visit) -> bool:
    reader = _reader(visit)
    return not reader.ours.expected <= {one.token for one in reader.sightings}


def _reader(visit: Visit) -> Reader:
    assert visit.reader is not None  # noqa: S101 - for the type checker
    return visit.reader
