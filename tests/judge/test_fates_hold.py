"""The conservation law, for whatever happens in whatever order."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailprobe.judge.arrival import landing
from mailprobe.judge.fates import account, balance, begin, fold
from mailprobe.judge.transitions import transition
from mailprobe.model.entry import (
    Accepted,
    Bounced,
    Expired,
    Held,
    Intended,
    MailEntry,
    Rejected,
    Seen,
    Unconfirmed,
)
from mailprobe.model.passage import Balance, Copy, Fate, Passage, Submission
from tests.judge.passages import DAY, at, intended

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

# No clock decides, and no luck: the examples are the same each time.
STEADY: Final = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow],
)
TOKENS: Final = ("mp1-a", "mp1-b", "mp1-c")
# Around the borders: the tolerance, what is late, the horizon, and a clock set back.
SECONDS: Final = (-3600, -61, -1, 0, 0.5, 1, 59, 61, 300, 301, 302, 400, DAY, 6 * DAY)

times = st.sampled_from(SECONDS).map(at)
words = st.sampled_from(["", "550 no", "452 later"])
tokens = st.sampled_from(TOKENS)
copies = st.builds(
    Copy,
    mailbox=st.sampled_from(["bob@posta.test", "carol@posta.test"]),
    folder=st.sampled_from(["INBOX", "Spam"]),
    landed=st.sampled_from(["inbox", "junk"]),
    uid=st.integers(1, 3),
    uidvalidity=st.integers(1, 2),
    seen_at=times,
    unseen_at=st.none() | times,
    stored_at=st.none() | times,
)


def entries(tokens: SearchStrategy[str] = tokens) -> SearchStrategy[MailEntry]:
    """Return any entry about one of these mails."""
    of = {"at": times, "token": tokens}
    return st.one_of(
        tokens.map(lambda token: intended(7, token)),
        st.builds(Accepted, **of, submitted_at=times, said=words),
        st.builds(Rejected, **of, failure=st.just("smtp_permanent"), said=words),
        st.builds(Unconfirmed, **of, submitted_at=st.none() | times, said=words),
        st.builds(Seen, **of, copy=copies),
        st.builds(Held, **of, said=words),
        st.builds(Bounced, **of, said=words),
        st.builds(Expired, **of),
    )


histories = st.lists(entries(), max_size=30)
lives = st.lists(entries(st.just("mp1-a")), max_size=12)


def lived(life: list[MailEntry]) -> Passage:
    """Return one mail after all that."""
    return reduce(fold, life, begin(intended(0, "mp1-a")))


@STEADY
@given(histories)
def test_nothing_is_lost_at_any_step(history: list[MailEntry]) -> None:
    """After each entry the books balance, and agree with a count from scratch."""
    known: dict[str, Passage] = {}
    books = Balance()
    for entry in history:
        before = known.get(entry.token)
        if before is not None:
            after = fold(before, entry)
        elif isinstance(entry, Intended):
            after = begin(entry)
        else:
            continue
        known[entry.token] = after
        books = account(books, before, after)
        assert books == balance(known.values())
        assert books.imbalance == 0
        assert books.submitted == len(known)
        assert min(getattr(books, name) for name in Balance.__slots__) >= 0


@STEADY
@given(lives)
def test_a_mail_cannot_contradict_itself(life: list[MailEntry]) -> None:
    """Its fate, how it was handed over, its copies and its times agree."""
    mail = lived(life)
    arrived = mail.fate in {Fate.DELIVERED, Fate.LATE, Fate.JUNK, Fate.RECOVERED}
    assert arrived is bool(mail.copies)
    assert arrived is (mail.arrived_at is not None)
    assert arrived is (mail.delay is not None)
    assert mail.delay is None or mail.delay >= 0
    assert (mail.fate is Fate.REJECTED) is (mail.submission is Submission.REJECTED)
    assert mail.pending is (mail.settled_at is None)
    if mail.fate is Fate.IN_FLIGHT:
        assert mail.submission is Submission.ACCEPTED
    if mail.fate is Fate.UNCONFIRMED:
        assert mail.submission is Submission.UNCONFIRMED
    if arrived and mail.fate is not Fate.RECOVERED:
        assert mail.fate is landing(mail)


@STEADY
@given(lives)
def test_each_step_is_in_the_table(life: list[MailEntry]) -> None:
    """A mail never comes to a fate that its row does not name."""
    mail = lived([])
    for entry in life:
        row = transition(mail.fate, entry.kind)
        after = fold(mail, entry)
        assert after.fate in (row.after or (mail.fate,))
        mail = after


@STEADY
@given(lives, st.data())
def test_what_was_folded_in_changes_nothing_again(
    life: list[MailEntry], data: st.DataObject
) -> None:
    """An entry may be read again, at once or after whatever came later."""
    mail, known = lived([]), []
    for entry in life:
        if isinstance(entry, Expired) and not mail.pending:
            continue  # only what is pending is ever given up
        mail = fold(mail, entry)
        assert fold(mail, entry) == mail
        known.append(entry)
        assert fold(mail, data.draw(st.sampled_from(known))) == mail


@STEADY
@given(lives, copies)
def test_a_duplicate_moves_nothing_but_its_own_count(
    life: list[MailEntry], copy: Copy
) -> None:
    """Copies of a mail that arrived in time leave the balance as it is."""
    mail = lived(life)
    if mail.fate not in {Fate.DELIVERED, Fate.RECOVERED}:
        return
    more = fold(mail, Seen(at=copy.seen_at, token=mail.token, copy=copy))
    before, after = balance([mail]), balance([more])
    assert after.duplicates - before.duplicates == more.duplicates - mail.duplicates
    assert (after.delivered, after.recovered) == (before.delivered, before.recovered)
    assert after.arrived == before.arrived == 1
