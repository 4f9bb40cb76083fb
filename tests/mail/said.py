"""What the samples say: recipients, what was done, and why."""

from __future__ import annotations

from typing import Final

from mailprobe.mail.bounce import Action, Returned
from mailprobe.model.failure import Reply

BOB: Final = "bob@posta.test"
ROTTEN: Final = "Recipient address rejected"


def failed(status: str | None = None, **facts: object) -> Returned:
    """Return what a bounce says of Bob, whose mail failed."""
    return returned(Action.FAILED, status, **facts)


def returned(action: Action, status: str | None = None, **facts: object) -> Returned:
    """Return what a bounce says of Bob."""
    said = {"recipient": BOB, **facts}
    return Returned(action=action, status=status, **said)  # type: ignore[arg-type]


def reply(code: int | str, enhanced: str | None, text: str) -> Reply:
    """Return a reply."""
    return Reply(code, enhanced, text)


SAID: Final[dict[str, tuple[Returned, ...]]] = {
    "postfix-failed": (
        failed(
            "5.1.1",
            original=BOB,
            diagnostic=reply(550, "5.1.1", f"<{BOB}>: {ROTTEN}: No such user here"),
            remote_mta="127.64.0.30",
        ),
    ),
    "postfix-delayed": (
        returned(
            Action.DELAYED,
            "4.3.0",
            original=BOB,
            diagnostic=reply(
                451, "4.3.0", f"<{BOB}>: {ROTTEN}: Mailbox temporarily unavailable"
            ),
            remote_mta="127.64.0.30",
        ),
    ),
    "postfix-relayed": (
        returned(
            Action.RELAYED,
            "2.0.0",
            original=BOB,
            diagnostic=reply(250, "2.0.0", f"<{BOB}> sHtDJwtqBWtyPAAAg+zDdQ Saved"),
            remote_mta="127.64.0.4",
        ),
    ),
    "postfix-words": (
        failed(
            "5.2.2",
            diagnostic=reply(552, "5.2.2", "Over quota (in\nreply to RCPT TO command)"),
            remote_mta="store.posta.test",
        ),
    ),
    # It was tried for days: a failure whose code still says that it may pass.
    "postfix-expired": (
        failed(
            "4.4.1",
            original=BOB,
            diagnostic=reply(
                "",
                None,
                "connect to mx.posta.test[192.0.2.20]:25: Connection timed out",
            ),
        ),
    ),
    "sendmail-report": (
        failed(
            "5.1.1",
            diagnostic=reply(550, "5.1.1", f"<{BOB}>... User unknown"),
            remote_mta="store.posta.test",
        ),
    ),
    "sendmail-old": (failed(diagnostic=reply(550, None, f"<{BOB}>... User unknown")),),
    "sendmail-late": (
        returned(
            Action.DELAYED,
            diagnostic=reply(
                "",
                None,
                f"<{BOB}>... Deferred: Connection timed out with store.posta.test.\n"
                "Warning: message still undelivered after 4 hours\n"
                "Will keep trying until message is 5 days old",
            ),
        ),
    ),
    "qmail": (
        failed(
            "5.1.1",
            diagnostic=reply(550, "5.1.1", "no such user\nGiving up on 192.0.2.20."),
        ),
        failed(
            "5.1.1",
            recipient="carol@posta.test",
            diagnostic=reply(
                "", "5.1.1", "Sorry, no mailbox here by that name. (#5.1.1)"
            ),
        ),
    ),
    "exim": (
        failed(
            "5.2.1",
            diagnostic=reply(550, "5.2.1", "The mailbox is disabled.\nAsk its owner."),
            remote_mta="store.posta.test",
        ),
    ),
    "exim-late": (
        returned(
            Action.DELAYED,
            "4.3.1",
            diagnostic=reply(452, "4.3.1", "Out of memory"),
            remote_mta="store.posta.test",
        ),
    ),
    "gmail-words": (
        failed("5.7.1", diagnostic=reply(550, "5.7.1", "Message refused")),
    ),
    "gmail-late": (
        returned(
            Action.DELAYED,
            diagnostic=reply("", None, "Message will be retried for 2 more day(s)"),
        ),
    ),
    "gmail-report": (
        failed(
            "5.1.1",
            diagnostic=reply(
                550,
                "5.1.1",
                "The email account that you tried to reach does not exist. Please try\n"
                "double-checking the recipient's email address for typos or\n"
                "unnecessary spaces.",
            ),
            remote_mta="mx.posta.test",
        ),
    ),
    "exchange-old": (
        failed(
            diagnostic=reply(
                "",
                None,
                "The recipient name is not recognized\n"
                "The MTS-ID of the original message is: "
                "c=it;a= ;p=posta;l=STORE0301231600\n"
                "MSEXCH:IMS:POSTA:STORE:MX 0 (000C05A6) Unknown Recipient",
            ),
        ),
    ),
    "exchange-report": (
        failed(
            "5.1.10",
            original="robert@posta.test",
            diagnostic=reply(
                550,
                "5.1.10",
                "RESOLVER.ADR.RecipientNotFound; "
                "Recipient not found by SMTP address lookup",
            ),
        ),
    ),
    "exchange-words": (
        failed(
            "5.1.10",
            diagnostic=reply(
                550,
                "5.1.10",
                "RESOLVER.ADR.RecipientNotFound; "
                "Recipient not found by SMTP address lookup",
            ),
        ),
    ),
    "exchange-late": (
        returned(
            Action.DELAYED,
            "4.4.7",
            diagnostic=reply(400, "4.4.7", "Message delayed"),
        ),
    ),
    "yahoo": (
        failed(
            "5.7.9",
            diagnostic=reply(554, "5.7.9", "Message not accepted for policy reasons"),
        ),
    ),
    "aol": (failed(recipient="bob"),),
    "opensmtpd": (
        failed("5.2.0", diagnostic=reply(550, "5.2.0", "Mailbox is not there")),
    ),
    # Its report says less than its words.
    "courier": (
        failed(
            "5.0.0",
            diagnostic=reply(550, None, "User unknown."),
            remote_mta="store.posta.test",
        ),
    ),
    "international": (
        failed(
            "5.6.7",
            recipient="bòb@pòsta.test",
            original="bòb@pòsta.test",
            diagnostic=reply(553, "5.6.7", "Indirizzo non accettabile: bòb@pòsta.test"),
        ),
    ),
    "gateway": (failed("5.4.7", diagnostic=reply(554, "5.4.7", "message timeout")),),
    "italian": (
        failed("5.2.1", diagnostic=reply(550, "5.2.1", "La casella è disabilitata")),
    ),
    "two-fates": (
        failed("5.1.1", diagnostic=reply("", None, "user unknown")),
        returned(
            Action.DELAYED,
            "4.4.1",
            recipient="carol@store.posta.test",
            original="carol@posta.test",
        ),
        returned(Action.EXPANDED, "2.1.9", recipient="list@posta.test"),
    ),
    # Nobody's server wrote it.
    "forged": (failed("5.1.1", diagnostic=reply(550, "5.1.1", "mailbox closed")),),
}
