"""From a bounce to what the ledger takes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Final

import pytest

from mailprobe.judge.fates import SAID_MAX, begin, fold
from mailprobe.judge.returns import Meaning, Return, returns
from mailprobe.mail.bounce import Bounce, read_bounce
from mailprobe.mail.canary import KEY_BYTES, NONCE_BYTES, Canary, mint
from mailprobe.model.entry import Accepted, Bounced, Held, Intended
from mailprobe.model.failure import Reply
from mailprobe.model.passage import Fate, Passage
from tests.mail.samples import BOUNCES, CANARY, KEY, mail, read, report

SENT: Final = datetime(2023, 1, 23, 16, 0, 5, tzinfo=UTC)
READ: Final = datetime(2023, 1, 24, 9, 0, tzinfo=UTC)
ADA: Final = "ada@libero.test"
OTHERS: Final = bytes(KEY_BYTES)


def sent(canary: Canary = CANARY) -> Passage:
    """Return a canary that its server took."""
    intent = Intended(
        at=SENT,
        token=canary.token,
        route="a-b",
        sender=canary.sender,
        recipient=canary.recipient,
        late_after=300,
    )
    taken = Accepted(at=SENT, token=canary.token, submitted_at=SENT)
    return fold(begin(intent), taken)


def meant(
    bounce: Bounce | None, *known: Passage, mailbox: str = ADA
) -> tuple[Return, ...]:
    """Return what a bounce means, where these mails are known."""
    assert bounce is not None
    mails = {mail.token: mail for mail in known or (sent(),)}
    return returns(bounce, mailbox=mailbox, key=KEY, passage_of=mails.get, at=READ)


def meanings(
    bounce: Bounce | None, *known: Passage, mailbox: str = ADA
) -> list[Meaning]:
    """Return the meanings, where no token makes an entry."""
    found = meant(bounce, *known, mailbox=mailbox)
    assert all(one.entry is None for one in found)
    return [one.meaning for one in found]


# What each sample means for the canary that Ada sent to Bob: the status and the
# beginning of what was said.
MEANINGS: Final[dict[str, tuple[Meaning, str, str] | None]] = {
    "postfix-failed": (Meaning.RETURNED, "5.1.1", "550 5.1.1 <bob@posta.test>"),
    "postfix-delayed": (Meaning.HELD, "", "451 4.3.0 <bob@posta.test>"),
    "postfix-expired": (Meaning.RETURNED, "4.4.1", "connect to mx.posta.test"),
    "postfix-relayed": (Meaning.PASSED_ON, "", ""),
    "postfix-words": (Meaning.RETURNED, "5.2.2", "552 5.2.2 Over quota"),
    "sendmail-report": (Meaning.RETURNED, "5.1.1", "550 5.1.1"),
    "sendmail-old": (Meaning.RETURNED, "", "550 <bob@posta.test>"),
    "sendmail-late": (Meaning.HELD, "", "<bob@posta.test>... Deferred"),
    "qmail": (Meaning.RETURNED, "5.1.1", "550 5.1.1 no such user"),
    "exim": (Meaning.RETURNED, "5.2.1", "550 5.2.1 The mailbox is disabled."),
    "exim-late": (Meaning.HELD, "", "452 4.3.1 Out of memory"),
    "gmail-words": (Meaning.RETURNED, "5.7.1", "550 5.7.1 Message refused"),
    "gmail-late": (Meaning.HELD, "", "Message will be retried"),
    "gmail-report": (Meaning.RETURNED, "5.1.1", "550 5.1.1 The email account"),
    "exchange-old": (Meaning.RETURNED, "", "The recipient name is not"),
    "exchange-report": (Meaning.RETURNED, "5.1.10", "550 5.1.10 RESOLVER"),
    "exchange-words": (Meaning.RETURNED, "5.1.10", "550 5.1.10 RESOLVER"),
    "exchange-late": (Meaning.HELD, "", "400 4.4.7 Message delayed"),
    "yahoo": (Meaning.RETURNED, "5.7.9", "554 5.7.9 Message not accepted"),
    "aol": None,  # it neither returns nor names the mail
    "opensmtpd": (Meaning.RETURNED, "5.2.0", "550 5.2.0 Mailbox is not there"),
    "courier": (Meaning.RETURNED, "5.0.0", "550 User unknown."),
    "international": (Meaning.OTHER_RECIPIENT, "", ""),  # "bòb", not "bob"
    "gateway": (Meaning.RETURNED, "5.4.7", "554 5.4.7 message timeout"),
    "italian": (Meaning.RETURNED, "5.2.1", "550 5.2.1 La casella"),
    "two-fates": (Meaning.RETURNED, "5.1.1", "user unknown"),
    "forged": (Meaning.UNKNOWN, "", ""),
}
ENTRIES: Final = {Meaning.RETURNED: Bounced, Meaning.HELD: Held}


def test_every_sample_has_a_meaning() -> None:
    """The table has a row for each sample, and there are enough of them."""
    assert set(MEANINGS) == set(BOUNCES)
    assert len(MEANINGS) >= 15


@pytest.mark.parametrize("name", MEANINGS)
def test_what_a_sample_means(name: str) -> None:
    """Which canary came back or is held, with which status, and why."""
    found, expected = meant(read(name)), MEANINGS[name]
    if expected is None:
        assert found == ()
        return
    (one,) = found
    meaning, status, said = expected
    assert one.meaning is meaning
    assert (type(one.entry) if one.entry else None) is ENTRIES.get(meaning)
    if one.entry is not None:
        assert (one.token, one.entry.token) == (CANARY.token, CANARY.token)
        assert one.entry.at == READ
        assert one.entry.said.startswith(said)
    assert (one.entry.status if isinstance(one.entry, Bounced) else "") == status


# --- forgeries --------------------------------------------------------------------

FAILED: Final = BOUNCES["postfix-failed"]


def with_token(token: str, raw: bytes = FAILED) -> Bounce | None:
    """Return a bounce that bears another token."""
    return read_bounce(raw.replace(CANARY.token.encode(), token.encode()))


def made(
    key: bytes = KEY,
    sender: str = ADA,
    recipient: str = "bob@posta.test",
    nonce: int = 9,
) -> Canary:
    """Return another canary."""
    return mint(key, sender, recipient, at=SENT, nonce=bytes([nonce]) * NONCE_BYTES)


def test_a_made_up_token_moves_nothing() -> None:
    """Whoever knows the name of our key and not the key can forge no return."""
    forged = CANARY.token[:-32] + "f" * 32
    assert meanings(with_token(forged)) == [Meaning.UNKNOWN]
    # Not even if such a mail were in the ledger.
    assert meanings(with_token(forged), replace(sent(), token=forged)) == [
        Meaning.FORGED
    ]


def test_a_token_holds_for_its_two_addresses_alone() -> None:
    """A mail whose addresses are others than those of its token is not moved."""
    other = replace(sent(), recipient="carol@posta.test")
    assert meanings(read("postfix-failed"), other) == [Meaning.FORGED]


def test_another_installations_bounce_is_a_strangers() -> None:
    """A token of another key is not looked up."""
    stranger = made(OTHERS)
    assert meanings(with_token(stranger.token), sent(stranger)) == [Meaning.STRANGER]


def test_a_bounce_belongs_in_the_senders_mailbox() -> None:
    """A bounce that somebody sent elsewhere is evidence, and returns nothing."""
    bounce = read("postfix-failed")
    assert meanings(bounce, mailbox="bob@posta.test") == [Meaning.MISPLACED]
    assert meant(bounce, mailbox="ADA@Libero.test")[0].meaning is Meaning.RETURNED


def test_another_mails_token_does_not_return_ours() -> None:
    """Each token moves the mail that it was made for, and no other."""
    other = made(nonce=8)
    found = meant(with_token(other.token), sent(), sent(other))
    assert [one.token for one in found] == [other.token]


def test_each_token_of_a_bounce_is_judged_alone() -> None:
    """A genuine token does not vouch for the others beside it."""
    forged = CANARY.token[:-32] + "0" * 32
    bounce = replace(
        read("postfix-failed"), canary_tokens=(forged, CANARY.token, made(OTHERS).token)
    )
    found = [one.meaning for one in meant(bounce)]
    assert found == [Meaning.UNKNOWN, Meaning.RETURNED, Meaning.STRANGER]


# --- whose ------------------------------------------------------------------------


def about(*groups: str) -> Bounce | None:
    """Return a report with these groups of fields, about our canary."""
    headers = CANARY.message(SENT).decode().partition("\r\n\r\n")[0]
    return read_bounce(
        report("Reporting-MTA: dns; x", *groups, returned_headers=headers)
    )


def group(recipient: str, action: str, *more: str) -> str:
    """Return the fields for one recipient."""
    return "\r\n".join(
        [f"Final-Recipient: rfc822; {recipient}", f"Action: {action}", *more]
    )


BOB: Final = "bob@posta.test"


@pytest.mark.parametrize(
    ("groups", "meaning"),
    [
        ([group("carol@posta.test", "failed")], Meaning.OTHER_RECIPIENT),
        ([group("carol@posta.test", "failed"), group(BOB, "delayed")], Meaning.HELD),
        ([group("bob@elsewhere.test", "failed")], Meaning.OTHER_RECIPIENT),
        ([group("BOB@Posta.test", "failed")], Meaning.RETURNED),
        (
            [group("b.1@store.test", "failed", f"Original-Recipient: rfc822; {BOB}")],
            Meaning.RETURNED,
        ),
        (
            [group("bob", "failed", "Original-Recipient: rfc822; carol@posta.test")],
            Meaning.OTHER_RECIPIENT,
        ),
        ([group("bob", "failed")], Meaning.RETURNED),
        ([group("bo", "failed")], Meaning.OTHER_RECIPIENT),
        ([group(BOB, "delayed"), group(BOB, "failed")], Meaning.RETURNED),
        ([group(BOB, "delivered")], Meaning.PASSED_ON),
        ([group(BOB, "relayed")], Meaning.PASSED_ON),
        ([group(BOB, "expanded")], Meaning.PASSED_ON),
        ([], Meaning.UNREADABLE),
    ],
)
def test_whose_bounce_it_is(groups: list[str], meaning: Meaning) -> None:
    """What is said of others than our recipient is not said of our mail."""
    assert [one.meaning for one in meant(about(*groups))] == [meaning]


def test_a_bounce_that_names_nobody_is_about_the_only_recipient() -> None:
    """A canary has one recipient, so that its return needs no name."""
    bounce = read("postfix-failed")
    (said,) = bounce.recipients
    nameless = replace(bounce, recipients=(replace(said, recipient="", original=None),))
    assert meant(nameless)[0].meaning is Meaning.RETURNED


def test_what_a_server_says_is_bounded() -> None:
    """However long a diagnostic is, an entry takes a part of it."""
    bounce = read("postfix-failed")
    (said,) = bounce.recipients
    endless = replace(said, diagnostic=Reply(550, None, "x" * 4000))
    (one,) = meant(replace(bounce, recipients=(endless,)))
    assert isinstance(one.entry, Bounced)
    assert len(one.entry.said) == SAID_MAX


# --- what is no bounce ------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        mail(
            "Return-Path: <>",
            f"From: <{BOB}>",
            f"To: <{ADA}>",
            f"Subject: Fuori sede Re: mailprobe canary {CANARY.token}",
            f"In-Reply-To: {CANARY.message_id}",
            "Auto-Submitted: auto-replied (vacation)",
            body="Sono assente fino al 30 gennaio.\r\n",
        ),
        mail(
            "Return-Path: <>",
            f"From: <{BOB}>",
            "Subject: Read: mailprobe canary",
            "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=disposition-notification;"
            " boundary=m",
            body="--m\r\nContent-Type: text/plain\r\n\r\nYour mail was displayed.\r\n"
            "--m\r\nContent-Type: message/disposition-notification\r\n\r\n"
            "Reporting-UA: posta.test; webmail\r\n"
            f"Final-Recipient: rfc822; {BOB}\r\n"
            f"Original-Message-ID: {CANARY.message_id}\r\n"
            "Disposition: manual-action/MDN-sent-manually; displayed\r\n--m--\r\n",
        ),
    ],
    ids=["away", "receipt"],
)
def test_answers_and_receipts_return_nothing(raw: bytes) -> None:
    """An answer in somebody's absence and a read receipt are not bounces."""
    assert read_bounce(raw) is None


# --- one after the other ----------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "fates"),
    [
        (("postfix-delayed", "postfix-expired"), (Fate.IN_FLIGHT, Fate.BOUNCED)),
        (("exim-late", "exim-late", "exim"), (Fate.IN_FLIGHT,) * 2 + (Fate.BOUNCED,)),
        (("exim", "exim-late"), (Fate.BOUNCED, Fate.BOUNCED)),
        (("postfix-failed", "italian"), (Fate.BOUNCED, Fate.BOUNCED)),
        (("forged", "postfix-relayed"), (Fate.IN_FLIGHT, Fate.IN_FLIGHT)),
    ],
)
def test_bounces_one_after_the_other(
    names: tuple[str, ...], fates: tuple[Fate, ...]
) -> None:
    """Warnings hold a mail, the first failure returns it, and no other moves it."""
    mail, seen = sent(), []
    for number, name in enumerate(names):
        found = returns(
            read(name),
            mailbox=ADA,
            key=KEY,
            passage_of={mail.token: mail}.get,
            at=READ + timedelta(hours=number),
        )
        mail = reduce(fold, [one.entry for one in found if one.entry], mail)
        seen.append(mail.fate)
    assert tuple(seen) == fates
    if mail.fate is Fate.BOUNCED:
        first = fates.index(Fate.BOUNCED)
        assert mail.bounced_at == READ + timedelta(hours=first)
