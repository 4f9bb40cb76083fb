"""From a bounce to what the ledger takes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Final

import pytest

from mailprobe.judge.fates import SAID_MAX, begin, fold
from mailprobe.judge.returns import entry_of
from mailprobe.mail.arrival import Ours
from mailprobe.mail.bounce import Bounce, read_bounce
from mailprobe.mail.canary import KEY_BYTES, NONCE_BYTES, Canary, mint
from mailprobe.model.entry import Accepted, Bounced, Held, Intended
from mailprobe.model.failure import Reply
from mailprobe.model.passage import Fate, Passage
from mailprobe.model.visit import Return
from mailprobe.probes.reading import by_recipient
from tests.mail.samples import BOUNCES, CANARY, KEY, mail, read, report

SENT: Final = datetime(2023, 1, 23, 16, 0, 5, tzinfo=UTC)
READ: Final = datetime(2023, 1, 24, 9, 0, tzinfo=UTC)
ADA: Final = "ada@libero.test"
OTHERS: Final = bytes(KEY_BYTES)
BASE: Final = Return(
    token="",
    folder="INBOX",
    uid=1,
    uidvalidity=1,
    internal_date=None,
    seen_at=READ,
    action="failed",
)


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
) -> list[Bounced | Held]:
    """Return what the ledger takes of a bounce, where these mails are known."""
    assert bounce is not None
    mails = {mail.token: mail for mail in known or (sent(),)}
    ends = {t: (one.sender, one.recipient) for t, one in mails.items()}
    ours = Ours(key=KEY, address=mailbox, lookup=ends.get)
    token = ours.returned(bounce, b"")
    if token not in mails:
        return []
    base = replace(BASE, token=token)
    found = (entry_of(b, mails[token], mailbox) for b in by_recipient(bounce, base))
    return [one for one in found if one is not None]


# What each sample means for the canary that Ada sent to Bob: the status and the
# beginning of what was said.
MEANINGS: Final[dict[str, tuple[type, str, str] | None]] = {
    "postfix-failed": (Bounced, "5.1.1", "550 5.1.1 <bob@posta.test>"),
    "postfix-delayed": (Held, "", "451 4.3.0 <bob@posta.test>"),
    "postfix-expired": (Bounced, "4.4.1", "connect to mx.posta.test"),
    "postfix-relayed": None,  # no sight of it
    "postfix-words": (Bounced, "5.2.2", "552 5.2.2 Over quota"),
    "sendmail-report": (Bounced, "5.1.1", "550 5.1.1"),
    "sendmail-old": (Bounced, "", "550 <bob@posta.test>"),
    "sendmail-late": (Held, "", "<bob@posta.test>... Deferred"),
    "qmail": (Bounced, "5.1.1", "550 5.1.1 no such user"),
    "exim": (Bounced, "5.2.1", "550 5.2.1 The mailbox is disabled."),
    "exim-late": (Held, "", "452 4.3.1 Out of memory"),
    "gmail-words": (Bounced, "5.7.1", "550 5.7.1 Message refused"),
    "gmail-late": (Held, "", "Message will be retried"),
    "gmail-report": (Bounced, "5.1.1", "550 5.1.1 The email account"),
    "exchange-old": (Bounced, "", "The recipient name is not"),
    "exchange-report": (Bounced, "5.1.10", "550 5.1.10 RESOLVER"),
    "exchange-words": (Bounced, "5.1.10", "550 5.1.10 RESOLVER"),
    "exchange-late": (Held, "", "400 4.4.7 Message delayed"),
    "yahoo": (Bounced, "5.7.9", "554 5.7.9 Message not accepted"),
    "aol": None,  # it neither returns nor names the mail
    "opensmtpd": (Bounced, "5.2.0", "550 5.2.0 Mailbox is not there"),
    "courier": (Bounced, "5.0.0", "550 User unknown."),
    "international": None,  # "bòb", not "bob"
    "gateway": (Bounced, "5.4.7", "554 5.4.7 message timeout"),
    "italian": (Bounced, "5.2.1", "550 5.2.1 La casella"),
    "two-fates": (Bounced, "5.1.1", "user unknown"),
    "forged": None,
}


def test_every_sample_has_a_meaning() -> None:
    """The table has a row for each sample, and there are enough of them."""
    assert set(MEANINGS) == set(BOUNCES)
    assert len(MEANINGS) >= 15


@pytest.mark.parametrize("name", MEANINGS)
def test_what_a_sample_means(name: str) -> None:
    """Which canary came back or is held, with which status, and why."""
    found, expected = meant(read(name)), MEANINGS[name]
    if expected is None:
        assert found == []
        return
    (one,) = found
    kind, status, said = expected
    assert type(one) is kind
    assert (one.token, one.at) == (CANARY.token, READ)
    assert one.said.startswith(said)
    assert (one.status if isinstance(one, Bounced) else "") == status


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
    assert meant(with_token(forged)) == []
    # Not even if such a mail were in the ledger.
    assert meant(with_token(forged), replace(sent(), token=forged)) == []


def test_a_token_holds_for_its_two_addresses_alone() -> None:
    """A mail whose addresses are others than those of its token is not moved."""
    other = replace(sent(), recipient="carol@posta.test")
    assert meant(read("postfix-failed"), other) == []


def test_another_installations_bounce_is_a_strangers() -> None:
    """A token of another key moves nothing, even if such a mail is known."""
    stranger = made(OTHERS)
    assert meant(with_token(stranger.token), sent(stranger)) == []


def test_a_bounce_belongs_in_the_senders_mailbox() -> None:
    """A bounce that somebody sent elsewhere is evidence, and returns nothing."""
    bounce = read("postfix-failed")
    assert meant(bounce, mailbox="bob@posta.test") == []
    assert len(meant(bounce, mailbox="ADA@Libero.test")) == 1


def test_another_mails_token_does_not_return_ours() -> None:
    """Each token moves the mail that it was made for, and no other."""
    other = made(nonce=8)
    found = meant(with_token(other.token), sent(), sent(other))
    assert [one.token for one in found] == [other.token]
    back = replace(BASE, token=other.token, recipient=BOB)
    assert entry_of(back, sent(), ADA) is None


def test_a_genuine_token_is_found_among_others() -> None:
    """A forged token beside it does not hide the one that is ours, nor is it moved."""
    forged = CANARY.token[:-32] + "0" * 32
    bounce = replace(
        read("postfix-failed"), canary_tokens=(forged, CANARY.token, made(OTHERS).token)
    )
    assert [one.token for one in meant(bounce)] == [CANARY.token]


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
    ("groups", "taken"),
    [
        ([group("carol@posta.test", "failed")], []),
        ([group("carol@posta.test", "failed"), group(BOB, "delayed")], [Held]),
        ([group("bob@elsewhere.test", "failed")], []),
        ([group("BOB@Posta.test", "failed")], [Bounced]),
        (
            [group("b.1@store.test", "failed", f"Original-Recipient: rfc822; {BOB}")],
            [Bounced],
        ),
        (
            [group("bob", "failed", "Original-Recipient: rfc822; carol@posta.test")],
            [],
        ),
        ([group("bob", "failed")], [Bounced]),
        ([group("bo", "failed")], []),
        ([group(BOB, "delayed"), group(BOB, "failed")], [Held, Bounced]),
        ([group(BOB, "delivered")], []),
        ([group(BOB, "relayed")], []),
        ([group(BOB, "expanded")], []),
        ([], []),
    ],
)
def test_whose_bounce_it_is(groups: list[str], taken: list[type]) -> None:
    """What is said of others than our recipient is not said of our mail."""
    assert [type(one) for one in meant(about(*groups))] == taken


def test_a_bounce_that_names_nobody_is_about_the_only_recipient() -> None:
    """A canary has one recipient, so that its return needs no name."""
    bounce = read("postfix-failed")
    (said,) = bounce.recipients
    nameless = replace(bounce, recipients=(replace(said, recipient="", original=None),))
    assert [type(one) for one in meant(nameless)] == [Bounced]


def test_what_a_server_says_is_bounded() -> None:
    """However long a diagnostic is, an entry takes a part of it."""
    bounce = read("postfix-failed")
    (said,) = bounce.recipients
    endless = replace(said, diagnostic=Reply(550, None, "x" * 4000))
    (one,) = meant(replace(bounce, recipients=(endless,)))
    assert len(one.said) == SAID_MAX


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
        at = READ + timedelta(hours=number)
        found = [replace(one, at=at) for one in meant(read(name), mail)]
        mail = reduce(fold, found, mail)
        seen.append(mail.fate)
    assert tuple(seen) == fates
    if mail.fate is Fate.BOUNCED:
        first = fates.index(Fate.BOUNCED)
        assert mail.bounced_at == READ + timedelta(hours=first)
