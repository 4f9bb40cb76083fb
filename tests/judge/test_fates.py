"""What becomes of a mail: every case that an outage brings about."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, get_args

import pytest

from mailprobe.judge.fates import (
    COPIES_MAX,
    SAID_MAX,
    TRANSITIONS,
    balance,
    begin,
    delays,
    fold,
    overdue,
)
from mailprobe.model.entry import MailEntry
from mailprobe.model.passage import Fate, Passage, Submission
from tests.judge.passages import (
    DAY,
    accepted,
    at,
    bounced,
    expired,
    held,
    intended,
    junked,
    passage,
    rejected,
    seen,
    unconfirmed,
)


def test_the_table_is_whole() -> None:
    """Each fate has exactly one row for each kind of entry."""
    cells = [(fate, row.entry) for row in TRANSITIONS for fate in row.before]
    kinds = [entry.kind for entry in get_args(MailEntry)]
    assert sorted(cells) == sorted((fate, kind) for fate in Fate for kind in kinds)
    assert all(row.reason.endswith(".") for row in TRANSITIONS)


BECOMES: Final[list[tuple[str, tuple[MailEntry, ...], Fate]]] = [
    ("intended only", (), Fate.UNCONFIRMED),
    ("taken", (accepted(),), Fate.IN_FLIGHT),
    ("refused", (rejected(),), Fate.REJECTED),
    ("answer lost", (unconfirmed(),), Fate.UNCONFIRMED),
    ("answer heard after all", (unconfirmed(), accepted(5)), Fate.IN_FLIGHT),
    ("answer lost, noted last", (accepted(), unconfirmed(5)), Fate.IN_FLIGHT),
    ("refused after all", (unconfirmed(), rejected(5)), Fate.REJECTED),
    ("refused, noted first", (rejected(), unconfirmed(5)), Fate.REJECTED),
    ("refused, then taken", (rejected(), accepted(5)), Fate.IN_FLIGHT),
    ("taken, then refused", (accepted(), rejected(5)), Fate.IN_FLIGHT),
    ("arrived", (accepted(), seen(10)), Fate.DELIVERED),
    ("arrived before the answer", (seen(1), accepted(2)), Fate.DELIVERED),
    ("arrived, answer lost", (unconfirmed(), seen(10)), Fate.DELIVERED),
    ("late", (accepted(), seen(900, unseen=600)), Fate.LATE),
    ("late by the store", (accepted(), seen(900, stored=600)), Fate.LATE),
    ("in junk", (accepted(), junked()), Fate.JUNK),
    ("in junk, four days late", (accepted(), junked(4 * DAY)), Fate.JUNK),
    ("in junk, then in the inbox", (junked(), seen(20)), Fate.DELIVERED),
    ("in junk, late in the inbox", (junked(), seen(900, stored=800)), Fate.LATE),
    ("in the inbox, then in junk", (seen(10), junked(20)), Fate.DELIVERED),
    ("refused and delivered", (rejected(), seen(10)), Fate.DELIVERED),
    ("refused, delivered late", (rejected(), seen(900, unseen=800)), Fate.LATE),
    ("delivered, then refused", (seen(10), rejected(12)), Fate.DELIVERED),
    ("returned", (accepted(), bounced()), Fate.BOUNCED),
    ("returned, never confirmed", (unconfirmed(), bounced()), Fate.BOUNCED),
    ("returned though refused", (rejected(), bounced()), Fate.BOUNCED),
    ("returned twice", (accepted(), bounced(), bounced(9000)), Fate.BOUNCED),
    ("held", (accepted(), held()), Fate.IN_FLIGHT),
    ("held, never confirmed", (unconfirmed(), held()), Fate.IN_FLIGHT),
    ("held, then returned", (accepted(), held(), bounced()), Fate.BOUNCED),
    ("returned, warned of after", (accepted(), bounced(), held(9000)), Fate.BOUNCED),
    ("held, then arrived", (accepted(), held(), seen(9000, stored=8000)), Fate.LATE),
    ("given up", (accepted(), expired()), Fate.PRESUMED_LOST),
    ("given up, never confirmed", (unconfirmed(), expired()), Fate.PRESUMED_LOST),
    ("given up, then held", (accepted(), expired(), held(6 * DAY)), Fate.PRESUMED_LOST),
    ("given up, then returned", (accepted(), expired(), bounced()), Fate.BOUNCED),
    ("given up, then seen", (accepted(), expired(), seen(6 * DAY)), Fate.RECOVERED),
    ("given up, then in junk", (expired(), junked(6 * DAY)), Fate.RECOVERED),
    ("returned, then seen", (accepted(), bounced(), seen(9000)), Fate.RECOVERED),
    (
        "recovered, then returned",
        (expired(), seen(6 * DAY), bounced(7 * DAY)),
        Fate.RECOVERED,
    ),
    ("seen, then returned", (accepted(), seen(10), bounced()), Fate.DELIVERED),
    ("seen, then given up", (accepted(), seen(10), expired()), Fate.DELIVERED),
    ("returned, then given up", (accepted(), bounced(), expired()), Fate.BOUNCED),
    ("refused, then given up", (rejected(), expired()), Fate.REJECTED),
    ("given up, then taken", (expired(), accepted(1)), Fate.PRESUMED_LOST),
    ("given up, then refused", (expired(), rejected(1)), Fate.PRESUMED_LOST),
]


@pytest.mark.parametrize(
    ("entries", "fate"), [case[1:] for case in BECOMES], ids=[c[0] for c in BECOMES]
)
def test_what_becomes_of_a_mail(entries: tuple[MailEntry, ...], fate: Fate) -> None:
    """Its entries alone decide its fate, and the books balance with it."""
    mail = passage(*entries)
    assert mail.fate is fate
    assert balance([mail]).imbalance == 0
    assert (mail.settled_at is None) is mail.pending


@pytest.mark.parametrize("proof", [accepted(), seen(), held(), bounced()])
@pytest.mark.parametrize("before", [rejected(), unconfirmed()])
def test_what_proves_that_a_mail_was_taken(before: MailEntry, proof: MailEntry) -> None:
    """A mail that is somewhere was taken, whatever its submission looked like."""
    for mail in (passage(before, proof), passage(proof, before)):
        assert mail.submission is Submission.ACCEPTED


def test_a_refusal_is_kept_though_the_mail_arrived() -> None:
    """What was said remains beside the fate, and the mail counts as accepted."""
    mail = passage(rejected(said="550 no"), seen(10))
    assert mail.said == "550 no"
    assert balance([mail]).accepted == 1
    assert balance([mail]).rejected == 0


def test_a_bounce_is_noted_whatever_became_of_the_mail() -> None:
    """A mail that arrived and was returned too says when, and why."""
    mail = passage(accepted(), seen(10), bounced(7200, "554 too old"))
    assert (mail.bounced_at, mail.said) == (at(7200), "554 too old")
    assert mail.settled_at == at(10)


def test_the_first_of_two_bounces_counts() -> None:
    """A second return of one mail changes nothing."""
    once = passage(accepted(), bounced(7200, "first"))
    assert fold(once, bounced(9000, "second")) == once


# --- when it arrived --------------------------------------------------------------


@pytest.mark.parametrize(
    ("copy", "delay", "fate"),
    [
        (seen(10), 9, Fate.DELIVERED),
        (seen(10, stored=3), 2, Fate.DELIVERED),
        # INTERNALDATE has whole seconds: it may lie before the handing over.
        (seen(1.9, stored=0), 0, Fate.DELIVERED),
        (seen(10, stored=-50), 0, Fate.DELIVERED),  # its clock is a little slow
        (seen(10, stored=60), 9, Fate.DELIVERED),  # or fast
        (seen(10, stored=-3600), 9, Fate.DELIVERED),  # or wrong
        (seen(10, stored=3600), 9, Fate.DELIVERED),
        # Nobody could look for two days; the store had it at once.
        (seen(2 * DAY, stored=5), 4, Fate.DELIVERED),
        (seen(2 * DAY, stored=5, unseen=3), 4, Fate.DELIVERED),
        # Nobody could look, and the store says nothing: it is not claimed to be late.
        (seen(2 * DAY), 2 * DAY - 1, Fate.DELIVERED),
        (seen(2 * DAY, unseen=200), 2 * DAY - 1, Fate.DELIVERED),
        # It was looked for in vain: it was late, whatever the store says.
        (seen(2 * DAY, unseen=DAY), 2 * DAY - 1, Fate.LATE),
        (seen(2 * DAY, unseen=DAY, stored=5), 2 * DAY - 1, Fate.LATE),
        (seen(2 * DAY, stored=DAY + 1), DAY, Fate.LATE),
        # Exactly as long as the route allows.
        (seen(400, stored=301), 300, Fate.DELIVERED),
        (seen(400, stored=302), 301, Fate.LATE),
        (seen(302, unseen=301), 301, Fate.DELIVERED),
        # Our own clock was set back by an hour.
        (seen(-3590), 0, Fate.DELIVERED),
    ],
)
def test_when_it_arrived(copy: MailEntry, delay: float, fate: Fate) -> None:
    """The store's date counts where it can be true; late is only what surely was."""
    mail = passage(accepted(1), copy)
    assert mail.delay == delay
    assert mail.fate is fate


def test_a_mail_is_timed_anew_when_its_handing_over_becomes_known() -> None:
    """A mail that is seen before the server's answer is noted is not late for it."""
    early = passage(seen(400, stored=350))
    assert (early.fate, early.delay) == (Fate.LATE, 350)
    mail = fold(early, accepted(100))
    assert (mail.fate, mail.delay) == (Fate.DELIVERED, 250)
    assert mail == fold(passage(seen(400, stored=350), accepted(100)), accepted(100))


def test_who_took_a_mail_knows_when() -> None:
    """The time of an acceptance outweighs that of a refusal or a lost answer."""
    for before in (rejected(1), unconfirmed(1, submitted=1)):
        assert passage(before, accepted(3)).submitted_at == at(3)
        assert passage(accepted(3), before).submitted_at == at(3)


# --- copies -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "duplicates"),
    [
        (seen(99), 0),
        (seen(99, stored=5, landed="inbox"), 0),
        (seen(99, uid=8), 1),
        (seen(99, folder="INBOX/old"), 1),
        (seen(99, mailbox="carol@posta.test"), 1),
        (junked(99), 1),
        (seen(99, uidvalidity=2), 1),
        # A folder that was rebuilt shows its mails again under new numbers.
        (seen(99, uid=1, uidvalidity=2, stored=4), 0),
    ],
)
def test_duplicates(second: MailEntry, duplicates: int) -> None:
    """A copy is one place in one folder; the same again is nothing new."""
    mail = passage(accepted(1), seen(10, stored=4), second)
    assert mail.duplicates == duplicates
    assert balance([mail]).duplicates == duplicates
    assert mail.delay == 3


def test_each_copy_has_its_delay() -> None:
    """A mail that came twice says how long each copy took."""
    mail = passage(accepted(1), seen(10), seen(4000, uid=8), junked(20))
    assert delays(mail) == (9, 3999, 19)
    assert mail.duplicates == 2


def test_the_copy_that_was_first_counts() -> None:
    """A copy that is seen later, but came in time, makes the mail one in time."""
    mail = passage(accepted(1), seen(900, stored=800), seen(901, uid=8, stored=50))
    assert (mail.fate, mail.delay) == (Fate.DELIVERED, 49)


# --- bounds -----------------------------------------------------------------------


def test_copies_are_bounded() -> None:
    """A mail that goes round in circles does not grow without end."""
    mail = passage(*(seen(10, uid=uid) for uid in range(COPIES_MAX + 5)))
    assert len(mail.copies) == COPIES_MAX


def test_what_was_said_is_bounded() -> None:
    """However much a server says, a part of it is kept with the mail."""
    assert len(passage(rejected(said="x" * 9000)).said) == SAID_MAX
    assert len(passage(bounced(said="x" * 9000)).said) == SAID_MAX


def test_another_mails_entry_changes_nothing() -> None:
    """What is said of one mail is never taken for another's."""
    mail = begin(intended())
    assert fold(mail, accepted(token="mp1-b")) is mail


# --- giving up --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mail", "seconds", "gone"),
    [
        (passage(accepted(1)), 5 * DAY, False),
        (passage(accepted(1)), 5 * DAY + 1, True),
        (passage(), 5 * DAY, True),
        (passage(unconfirmed()), 5 * DAY, True),
        (passage(rejected()), 9 * DAY, False),
        (passage(accepted(), seen()), 9 * DAY, False),
        (passage(accepted(), bounced()), 9 * DAY, False),
        (passage(accepted(), expired()), 9 * DAY, False),
        (passage(accepted(1)), -3600, False),
    ],
)
def test_when_a_mail_is_given_up(mail: Passage, seconds: float, *, gone: bool) -> None:
    """Five days after it was handed over, if nothing is known of it; and once."""
    assert overdue(mail, at(seconds)) is gone


def test_the_horizon_may_be_another() -> None:
    """Who waits for a day only, gives up after it."""
    assert overdue(passage(), at(DAY), timedelta(days=1))
