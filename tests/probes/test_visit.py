"""Visiting a mailbox: what is new, what is ours, and nothing else touched."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mailprobe import Bookmark, LedgerError, Limits, Prober, Secret, Sentinel
from mailprobe.lab import Bounce, Drop, Reply, Withhold
from mailprobe.probes import reading
from tests.probes.canaries import ADA, BOB, canary, mail, options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from mailprobe import Check, Return, Sighting, Step, VisitReport
    from mailprobe.lab import Fault, ThreadedLab
    from tests.real.world import RealWorld
    from tests.worlds import World


@pytest.fixture
def lab(lab_world: ThreadedLab) -> Iterator[ThreadedLab]:
    """The lab, with empty mailboxes before and after."""
    lab_world.store.clear()
    yield lab_world
    lab_world.reset()
    lab_world.store.clear()


async def visit(
    world: World,
    bookmark: Bookmark | None = None,
    who: str = BOB,
    **more: Any,  # noqa: ANN401
) -> Check[VisitReport]:
    """Visit a mailbox."""
    async with Prober(**options(world)) as prober:
        return await prober.visit(
            world.mailbox(who), bookmark=bookmark, timeout=30, **more
        )


async def begun(world: World, who: str = BOB) -> Bookmark:
    """Return the bookmark of a first visit."""
    found = (await visit(world, who=who)).report.bookmark
    assert found is not None
    return found


def contents(lab: ThreadedLab, who: str = BOB) -> list[tuple[int, bytes, object]]:
    """Return every mail of an inbox, with its flags."""
    return [(m.uid, m.raw, m.flags) for m in lab.store.messages(who)]


@pytest.mark.asyncio
async def test_a_mail_is_seen_and_taken_away(world: World) -> None:
    """What was dispatched is seen by a later visit, once, and removed."""
    bookmark, sent = await begun(world), canary()
    async with Prober(**options(world)) as prober:
        done = await prober.dispatch(sent, world.mailbox(ADA), timeout=30)
        assert done.report.outcome == "accepted", done.why
    check = await visit(world, bookmark, expected=[sent.token], patience=20.0)
    report = check.report
    assert check.status == "ok", check.why
    assert report.access == "complete"
    assert report.missing == ()
    (seen,) = report.sightings
    assert (seen.token, seen.folder, seen.landed) == (sent.token, "INBOX", "inbox")
    assert seen.removed is True
    assert seen.internal_date is not None
    assert seen.unseen_at is not None
    assert seen.unseen_at <= seen.seen_at
    after = await visit(world, report.bookmark)
    assert after.report.sightings == ()


@pytest.mark.asyncio
@pytest.mark.real
async def test_real_junk_and_what_is_touched(real_world: RealWorld) -> None:
    """A real junk folder is read; the mails of strangers keep bytes and flags."""
    real_world.empty_mailbox(BOB)
    real_world.fill_mailbox(BOB, 120)
    bookmark, sent = await begun(real_world), canary()
    before = real_world.snapshot(BOB)
    with real_world.junk():
        async with Prober(**options(real_world)) as prober:
            await prober.dispatch(sent, timeout=30)
        check = await visit(real_world, bookmark, expected=[sent.token], patience=20.0)
    assert [seen.landed for seen in check.report.sightings] == ["junk"]
    assert check.report.sightings[0].removed is True
    assert real_world.snapshot(BOB) == before
    real_world.empty_mailbox(BOB)


@pytest.mark.asyncio
@pytest.mark.real
async def test_a_real_bounce_comes_back(real_world: RealWorld) -> None:
    """What Postfix returns of a canary is read, told by its token, and removed."""
    real_world.empty_mailbox(ADA)
    bookmark, sent = await begun(real_world, ADA), canary()
    with real_world.reject_rcpt(550, "posta.test"):
        async with Prober(**options(real_world)) as prober:
            await prober.dispatch(sent, real_world.mailbox(ADA), timeout=30)
        await asyncio.to_thread(real_world.await_empty_queue)
    check = await visit(real_world, bookmark, ADA)
    (back,) = check.report.returns
    assert (back.token, back.action, back.recipient) == (sent.token, "failed", BOB)
    assert back.said is not None
    assert back.said.code == 550
    assert back.removed is True
    assert (await visit(real_world, check.report.bookmark, ADA)).report.returns == ()


@pytest.mark.asyncio
@pytest.mark.real
async def test_a_real_sentinel(real_world: RealWorld) -> None:
    """An old mail on a real server is read, found again, and missed when gone."""
    real_world.empty_mailbox(BOB)
    real_world.fill_mailbox(BOB, 3, hostile=False)
    planted = await visit(real_world, sentinels=[Sentinel()])
    (first,) = planted.report.sentinels
    assert first.now is not None
    again = await visit(real_world, planted.report.bookmark, sentinels=[first.now])
    assert [(s.found, s.changed) for s in again.report.sentinels] == [(True, ())]
    real_world.empty_mailbox(BOB)
    gone = await visit(real_world, again.report.bookmark, sentinels=[first.now])
    assert [one.found for one in gone.report.sentinels] == [False]
    assert gone.verdict.rule == "visit_sentinel_lost"


@pytest.mark.asyncio
@pytest.mark.real
async def test_a_mail_on_a_damaged_disk(real_world: RealWorld) -> None:
    """Dovecot does not give out one mail: the others are told, it is owed."""
    real_world.empty_mailbox(BOB)
    bookmark = await begun(real_world)
    sent = [canary(), canary()]
    async with Prober(**options(real_world)) as prober:
        for one in sent:
            await prober.dispatch(one, timeout=30)
            await asyncio.to_thread(real_world.await_empty_queue)
    box = real_world.dovecot.maildir(BOB)
    files = [f for part in ("new", "cur") for f in (box / part).iterdir()]
    (bad,) = [f for f in files if sent[0].token.encode() in f.read_bytes()]
    bad.chmod(0)
    for cache in box.glob("dovecot.index.cache*"):
        cache.unlink()  # headers that were asked for before are kept there
    # It ends the conversation over such a mail: each visit comes further.
    seen: list[str] = []
    for access in ("partial", "partial", "partial"):
        check = await visit(real_world, bookmark)
        assert check.report.access == access
        assert check.report.bookmark is not None
        bookmark = check.report.bookmark
        seen += [one.token for one in check.report.sightings]
        assert check.verdict.rule != "visit_works"
    assert seen == [sent[1].token]
    for file in box.glob(f"*/{bad.name.partition(':')[0]}*"):
        file.chmod(0o600)
    later = await visit(real_world, bookmark)
    assert [one.token for one in later.report.sightings] == [sent[0].token]
    assert later.report.access == "complete"
    real_world.empty_mailbox(BOB)


@pytest.mark.asyncio
async def test_a_mail_is_remembered_before_it_is_removed(lab: ThreadedLab) -> None:
    """Nothing is taken from a mailbox that its caller could not write down."""
    bookmark, sent = await begun(lab), canary()
    lab.store.deliver(BOB, mail(sent))
    there: list[list[str]] = []

    async def remember(found: tuple[Sighting | Return, ...]) -> None:
        there.append([one.token for one in found] * len(contents(lab)))
        if len(there) == 1:
            message = "the disk is full"
            raise LedgerError(message)

    with pytest.raises(LedgerError):
        await visit(lab, bookmark, remember=remember)
    assert len(contents(lab)) == 1
    check = await visit(lab, bookmark, remember=remember)
    assert [one.token for one in check.report.sightings] == [sent.token]
    assert there == [[sent.token], [sent.token]]
    assert contents(lab) == []


@pytest.mark.asyncio
async def test_nothing_old_is_told_at_a_first_visit(lab: ThreadedLab) -> None:
    """The first bookmark is now; of older mails only what is expected is told."""
    old, wanted = canary(), canary()
    for one in (old, wanted):
        lab.store.deliver(BOB, mail(one))
    check = await visit(lab, expected=[wanted.token])
    assert [seen.token for seen in check.report.sightings] == [wanted.token]
    assert len(contents(lab)) == 1
    assert (await visit(lab, check.report.bookmark)).report.sightings == ()


@pytest.mark.asyncio
async def test_others_are_evidence_and_stay(lab: ThreadedLab) -> None:
    """Forged, foreign and misdirected tokens are counted, never seen or removed."""
    bookmark = await begun(lab)
    ours, other = canary(), canary(key=b"k" * 32)
    forged = ours.token[:-1] + ("0" if ours.token[-1] != "0" else "1")
    answer = (
        f"From: {BOB}\r\nTo: {ADA}\r\nSubject: Re: {ours.token}\r\n"
        f"In-Reply-To: {ours.message_id}\r\n\r\nnot here\r\n"
    )
    for raw in (
        mail(replace(ours, token=forged)),
        mail(other),
        mail(canary(recipient="bob@libero.test")),
        answer.encode(),
        b"Subject: \xff\x00 hello\r\n\r\nx\r\n",
        b"",
    ):
        lab.store.deliver(BOB, raw)
    before = contents(lab)
    check = await visit(lab, bookmark)
    assert check.report.sightings == ()
    assert (check.report.forged, check.report.foreign) == (1, 3)
    assert contents(lab) == before
    codes = {found.code for found in check.findings}
    assert {"forged_canaries", "foreign_canaries"} <= codes


@pytest.mark.asyncio
async def test_a_lookup_counts_before_the_headers(lab: ThreadedLab) -> None:
    """Where the provider rewrites From, the caller's knowledge proves the token."""
    bookmark, sent = await begun(lab), canary()
    raw = mail(sent).replace(b"From: <ada@libero.test>", b"From: <relay@x.test>")
    lab.store.deliver(BOB, raw)
    unknown = await visit(lab, bookmark, remove=False)
    assert (unknown.report.sightings, unknown.report.forged) == ((), 1)
    known = await visit(lab, bookmark, lookup=lambda _: (ADA, BOB))
    assert [seen.token for seen in known.report.sightings] == [sent.token]


@pytest.mark.asyncio
async def test_copies_are_each_told(lab: ThreadedLab) -> None:
    """Every copy is a sighting of its own, in INBOX and in the junk folder."""
    bookmark, sent = await begun(lab), canary()
    for folder in ("INBOX", "INBOX", "Junk"):
        lab.store.deliver(BOB, mail(sent), folder)
    check = await visit(lab, bookmark)
    told = [(seen.token, seen.landed) for seen in check.report.sightings]
    places = ["inbox", "inbox", "junk"]
    assert told == [(sent.token, place) for place in places]
    assert contents(lab) == []


@pytest.mark.asyncio
async def test_a_bounce_of_ours_and_one_of_others(lab: ThreadedLab) -> None:
    """A bounce is told if it bears a token of ours; another stays where it is."""
    bookmark, sent = await begun(lab, ADA), canary()
    async with Prober(**options(lab)) as prober:
        with lab.fault(Bounce("552 5.2.2 mailbox full")):
            await prober.dispatch(sent, lab.mailbox(ADA), timeout=20)
            other = canary(key=b"k" * 32)
            await prober.dispatch(other, lab.mailbox(ADA), timeout=20)
    check = await visit(lab, bookmark, ADA)
    (back,) = check.report.returns
    assert (back.token, back.status, back.removed) == (sent.token, "5.2.2", True)
    assert check.report.sightings == ()
    assert len(lab.store.messages(ADA)) == 1


@pytest.mark.asyncio
async def test_patience_ends_when_all_is_seen(lab: ThreadedLab) -> None:
    """What comes while the visit waits is seen, in whichever folder it lands."""
    bookmark, first, second = await begun(lab), canary(), canary()
    came: list[Step] = []

    def deliver(_: str, step: Step) -> None:
        if step.phase == "select" and not came:
            came.append(step)
            loop = asyncio.get_running_loop()
            loop.call_later(0.1, lab.store.deliver, BOB, mail(first), "Junk")
            loop.call_later(0.2, lab.store.deliver, BOB, mail(second))

    async with Prober(**options(lab), on_step=deliver) as prober:
        check = await prober.visit(
            lab.mailbox(BOB),
            bookmark=bookmark,
            expected=[first.token, second.token],
            patience=20.0,
        )
    assert {seen.token for seen in check.report.sightings} == {
        first.token,
        second.token,
    }
    assert check.report.missing == ()


@pytest.mark.asyncio
@pytest.mark.parametrize("fault", [None, Withhold("IDLE", service="imap")])
async def test_idle_ends_a_long_pause(lab: ThreadedLab, fault: Fault | None) -> None:
    """Where a pause is long, the server's word ends it; without IDLE, its own end."""
    bookmark, sent = await begun(lab), canary()
    pause = 1.0 if fault else 60.0
    limits = Limits(poll_first=pause, poll_longest=pause)

    def deliver(_: str, step: Step) -> None:
        if step.phase == "list":
            loop = asyncio.get_running_loop()
            loop.call_later(0.3, lab.store.deliver, BOB, mail(sent))

    async with Prober(**options(lab), limits=limits, on_step=deliver) as prober:
        with lab.fault(*([fault] if fault else [])):
            async with asyncio.timeout(20):
                check = await prober.visit(
                    lab.mailbox(BOB),
                    bookmark=bookmark,
                    expected=[sent.token],
                    patience=90.0,
                )
    assert check.report.missing == ()


@pytest.mark.asyncio
async def test_idle_that_is_offered_and_refused(lab: ThreadedLab) -> None:
    """The visit goes on without it."""
    limits = Limits(poll_first=1.0)
    async with Prober(**options(lab), limits=limits) as prober:
        with lab.fault(Reply("IDLE", "NO", "not now", service="imap")):
            check = await prober.visit(
                lab.mailbox(BOB), expected=[canary().token], patience=1.2
            )
    assert check.status == "ok"
    assert len(check.report.missing) == 1


@pytest.mark.asyncio
async def test_uids_far_apart(
    lab: ThreadedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where UIDs leap, stretches without a mail are passed over."""
    monkeypatch.setattr(reading, "SPAN", 1000)
    bookmark, sent = await begun(lab), [canary(), canary()]
    folder = lab.store.account(BOB).folders["INBOX"]
    lab.store.deliver(BOB, mail(sent[0]))
    lab.call(setattr, folder, "uid_next", folder.uid_next + 5000)
    lab.store.deliver(BOB, mail(sent[1]))
    check = await visit(lab, bookmark)
    told = [seen.token for seen in check.report.sightings]
    assert told == [one.token for one in sent]
    assert check.report.access == "complete"


@pytest.mark.asyncio
async def test_patience_runs_out(lab: ThreadedLab) -> None:
    """What is expected and does not come is named; reading works all the same."""
    sent = canary()
    check = await visit(lab, await begun(lab), expected=[sent.token], patience=0.3)
    assert check.status == "ok"
    assert check.report.missing == (sent.token,)
    assert "expected_missing" in {found.code for found in check.findings}


@pytest.mark.asyncio
async def test_a_folder_that_was_numbered_anew(lab: ThreadedLab) -> None:
    """With another UIDVALIDITY the newest mails are looked at, and that is said."""
    lab.store.deliver(BOB, b"Subject: old\r\n\r\n")
    bookmark, sent = await begun(lab), canary()
    lab.store.deliver(BOB, mail(sent))
    folder = lab.store.account(BOB).folders["INBOX"]
    lab.call(setattr, folder, "uid_validity", folder.uid_validity + 1000)
    check = await visit(lab, bookmark)
    (seen,) = check.report.sightings
    assert seen.renumbered
    assert seen.unseen_at is None
    assert check.report.folders[0].renumbered
    assert "renumbered" in {found.code for found in check.findings}
    assert not (await visit(lab, check.report.bookmark)).report.folders[0].renumbered


@pytest.mark.asyncio
async def test_junk_is_opened_only_if_something_came(world: World) -> None:
    """STATUS tells that nothing did; the folder counts as looked at all the same."""
    bookmark = await begun(world)
    check = await visit(world, bookmark)
    assert (check.status, check.report.access) == ("ok", "complete"), check.why
    inbox, junk = check.report.folders
    assert (junk.landed, junk.messages, junk.looked, junk.more) == ("junk", 0, 0, False)
    told = [step.seen for step in check.report.steps if step.phase == "select"]
    assert told[1:] == [(f"{junk.name}: 0, nothing new",)]
    assert "nothing new" not in str(told[:1])
    after = check.report.bookmark
    assert after
    for folder in (inbox.name, junk.name):
        old, new = bookmark.page(folder), after.page(folder)
        assert old and new and old.looked_at and new.looked_at  # noqa: PT018
        assert new.looked_at > old.looked_at
        assert replace(new, looked_at=old.looked_at) == old


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("folder", "expecting", "opened"),
    [
        ("INBOX", True, {"SELECT": 1, "EXAMINE": 0, "STATUS": 1}),
        ("Junk", True, {"SELECT": 2, "EXAMINE": 0, "STATUS": 1}),
        # Nothing is opened for changes before there is something to remove.
        ("INBOX", False, {"SELECT": 1, "EXAMINE": 1, "STATUS": 1}),
    ],
    ids=["inbox", "junk", "not expected"],
)
async def test_a_folder_is_opened_once(
    lab: ThreadedLab,
    folder: str,
    expecting: bool,  # noqa: FBT001
    opened: dict[str, int],
) -> None:
    """Where mail is expected that will be removed, folders are opened for that."""
    kept = lab.store.deliver(BOB, b"Subject: keep\r\n\r\n")
    bookmark, sent = await begun(lab), canary()
    lab.store.deliver(BOB, mail(sent), folder)
    lab.store.counters["imap"].reset()
    expected = [sent.token] if expecting else []
    check = await visit(lab, bookmark, expected=expected)
    assert [seen.removed for seen in check.report.sightings] == [True]
    count = lab.store.counters["imap"].commands
    assert {verb: count[verb] for verb in opened} == opened
    assert lab.store.messages(BOB) == (kept,)
    assert lab.store.messages(BOB, "Junk") == ()


@pytest.mark.asyncio
async def test_nothing_is_opened_for_changes_that_nobody_wants(
    lab: ThreadedLab,
) -> None:
    """Who removes nothing leaves every folder as it is, whatever is expected."""
    bookmark, sent = await begun(lab), canary()
    lab.store.deliver(BOB, mail(sent))
    lab.store.counters["imap"].reset()
    check = await visit(lab, bookmark, expected=[sent.token], remove=False)
    assert len(check.report.sightings) == 1
    assert not lab.store.counters["imap"].commands["SELECT"]


@pytest.mark.asyncio
async def test_junk_that_was_numbered_anew_is_opened(lab: ThreadedLab) -> None:
    """The same UIDNEXT under another UIDVALIDITY does not mean that nothing came."""
    lab.store.deliver(BOB, mail(canary()), "Junk")
    bookmark, sent = await begun(lab), canary()
    lab.store.clear()
    message = lab.store.deliver(BOB, mail(sent), "Junk")
    folder, page = lab.store.account(BOB).folders["Junk"], bookmark.page("Junk")
    assert page
    for what, name, value in (
        (folder, "uid_validity", folder.uid_validity + 1000),
        (folder, "uid_next", page.uidnext),
        (message, "uid", page.uidnext - 1),
    ):
        lab.call(setattr, what, name, value)
    check = await visit(lab, bookmark)
    (seen,) = check.report.sightings
    assert (seen.token, seen.landed, seen.renumbered) == (sent.token, "junk", True)


@pytest.mark.asyncio
async def test_a_refused_status_opens_the_folder(lab: ThreadedLab) -> None:
    """A server that answers no STATUS is asked as if there were none."""
    bookmark, sent = await begun(lab), canary()
    lab.store.deliver(BOB, mail(sent), "Junk")
    with lab.fault(Reply("STATUS", "NO", "not here", service="imap")):
        check = await visit(lab, bookmark)
    assert check.report.access == "complete"
    assert [seen.landed for seen in check.report.sightings] == ["junk"]


@pytest.mark.asyncio
async def test_one_bad_mail_hides_no_other(lab: ThreadedLab) -> None:
    """A mail that the server cannot read is owed: the others are told, it is later."""
    bookmark, bad, good = await begun(lab), canary(), canary()
    message = lab.store.deliver(BOB, mail(bad))
    lab.store.deliver(BOB, mail(good))
    lab.call(setattr, message, "spoilt", True)  # noqa: FBT003
    check = await visit(lab, bookmark)
    assert [seen.token for seen in check.report.sightings] == [good.token]
    assert check.report.access == "partial"
    assert check.verdict.rule == "visit_partial"
    lab.call(setattr, message, "spoilt", False)  # noqa: FBT003
    later = await visit(lab, check.report.bookmark)
    assert [seen.token for seen in later.report.sightings] == [bad.token]
    assert later.report.access == "complete"
    assert contents(lab) == []


@pytest.mark.asyncio
async def test_what_one_visit_leaves_the_next_one_reads(
    lab: ThreadedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A visit looks at so many mails, and the bookmark stands behind the last."""
    monkeypatch.setattr(reading, "MAILS_MAX", 3)
    monkeypatch.setattr(reading, "PORTION", 2)
    bookmark, sent = await begun(lab), [canary() for _ in range(5)]
    for one in sent:
        lab.store.deliver(BOB, mail(one))
    first = await visit(lab, bookmark, remove=False)
    second = await visit(lab, first.report.bookmark, remove=False)
    told = [[seen.token for seen in c.report.sightings] for c in (first, second)]
    tokens = [one.token for one in sent]
    assert told == [tokens[:3], tokens[3:]]
    assert first.report.folders[0].more
    assert first.report.access == "partial"
    assert second.report.access == "complete"


@pytest.mark.asyncio
async def test_bounces_beyond_the_bound_are_owed(
    lab: ThreadedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No bounce is passed over: what one visit does not fetch the next one does."""
    monkeypatch.setattr(reading, "BOUNCES_MAX", 1)
    bookmark, sent = await begun(lab, ADA), [canary() for _ in range(3)]
    async with Prober(**options(lab)) as prober:
        with lab.fault(Bounce()):
            for one in sent:
                await prober.dispatch(one, lab.mailbox(ADA), timeout=20)
    seen = []
    for _ in sent:
        check = await visit(lab, bookmark, ADA)
        assert check.report.bookmark is not None
        bookmark = check.report.bookmark
        seen += [back.token for back in check.report.returns]
    assert sorted(seen) == sorted(one.token for one in sent)


@pytest.mark.asyncio
async def test_how_far_it_came(lab: ThreadedLab) -> None:
    """Refused, unavailable, not opened, in part: each is told apart."""
    bookmark = await begun(lab)
    wrong = replace(lab.mailbox(BOB), password=Secret("not it"))
    async with Prober(**options(lab)) as prober:
        refused = await prober.visit(wrong, bookmark=bookmark)
    assert refused.report.access == "refused"
    busy = Reply("AUTH", "NO", "[UNAVAILABLE] later", service="imap")
    down = Reply("EXAMINE", "NO", "[UNAVAILABLE] store is down", service="imap")
    unread = Reply("FETCH", "NO", "[SERVERBUG] no", service="imap")
    lab.store.deliver(BOB, mail(canary()))
    for fault, access in (
        (busy, "unavailable"), (down, "unopened"), (unread, "partial"),
        (Drop("GREETING", service="imap"), "unreachable"),
    ):  # fmt: skip
        with lab.fault(fault):
            check = await visit(lab, bookmark)
        assert check.report.access == access, check.why
        assert check.report.bookmark == bookmark or access == "partial"
    assert len((await visit(lab, bookmark)).report.sightings) == 1


@pytest.mark.asyncio
async def test_a_failed_removal_is_made_up_for(lab: ThreadedLab) -> None:
    """What could not be removed is seen again at the next visit, and removed then."""
    bookmark, sent = await begun(lab), canary()
    lab.store.deliver(BOB, mail(sent))
    with lab.fault(Reply("STORE", "NO", "not now", service="imap")):
        check = await visit(lab, bookmark)
    assert check.status == "ok"
    assert len(contents(lab)) == 1
    later = await visit(lab, check.report.bookmark)
    assert [seen.removed for seen in later.report.sightings] == [True]
    assert contents(lab) == []


@pytest.mark.asyncio
async def test_without_uidplus_ours_stays_flagged(lab: ThreadedLab) -> None:
    """Where only a wide EXPUNGE would do, our mail stays, and that is said once."""
    bookmark, sent = await begun(lab), canary()
    kept = lab.store.deliver(BOB, b"Subject: keep\r\n\r\n")
    lab.call(setattr, kept, "flags", frozenset({"\\Deleted"}))
    lab.store.deliver(BOB, mail(sent))
    with lab.fault(Withhold("UIDPLUS", service="imap")):
        check = await visit(lab, bookmark)
        again = await visit(lab, check.report.bookmark)
    assert [seen.removed for seen in check.report.sightings] == [False]
    assert "canary_left" in {found.code for found in check.findings}
    assert again.report.sightings == ()
    assert lab.store.messages(BOB)[0].raw == kept.raw
    assert len(contents(lab)) == 2


@pytest.mark.asyncio
async def test_sentinels(lab: ThreadedLab) -> None:
    """An old mail is found by its UID, by its id when renumbered, and missed."""
    raw = b"Message-ID: <old@x.test>\r\nSubject: old\r\n\r\nhello\r\n" * 2000
    lab.store.deliver(BOB, raw)
    before = contents(lab)
    (first,) = (await visit(lab, sentinels=[Sentinel()])).report.sentinels
    was = first.now
    assert was is not None
    assert (was.size, was.message_id, len(was.digest)) == (
        len(raw),
        "<old@x.test>",
        64,
    )
    folder = lab.store.account(BOB).folders["INBOX"]

    async def again(one: Sentinel = was) -> tuple[bool | None, tuple[str, ...]]:
        (told,) = (await visit(lab, sentinels=[one])).report.sentinels
        return told.found, told.changed

    assert await again() == (True, ())
    lab.call(setattr, folder, "uid_validity", folder.uid_validity + 1000)
    assert await again() == (True, ("uidvalidity",))
    assert await again(replace(was, message_id="")) == (None, ())
    assert contents(lab) == before
    message = lab.store.messages(BOB)[0]
    lab.call(setattr, message, "raw", raw.replace(b"hello", b"HELLO"))
    assert await again() == (True, ("uidvalidity", "digest"))
    lab.store.clear()
    assert await again() == (False, ())
    assert await again(replace(was, folder="Gone")) == (False, ())
