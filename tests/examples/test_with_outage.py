"""A test of what a program does on a bad day of its customers' mail provider."""

from __future__ import annotations

# --8<-- [start:example]
import smtplib
from email.message import EmailMessage

from mailprobe.lab import Reply
from mailprobe.testing import MailLab, Service


def notify(smtp: Service, address: str) -> bool:
    """Send a notice; say whether it was taken (this is the program under test)."""
    message = EmailMessage()
    message["From"] = smtp.user
    message["To"] = address
    message["Subject"] = "Your order is on its way"
    try:
        with smtplib.SMTP(smtp.host, smtp.port, timeout=10) as client:
            client.send_message(message)
    except (OSError, smtplib.SMTPException):
        return False
    return True


def test_refused_for_now(mail_lab: MailLab) -> None:
    """A notice that is put off counts as not sent."""
    ada = mail_lab.mailbox("ada@libero.test")
    with mail_lab.fault(Reply("RCPT", 451, "4.3.0 Try again later")):
        assert not notify(mail_lab.plain.smtp, ada.address)
    with mail_lab.outage("submission_down"):
        assert not notify(mail_lab.plain.smtp, ada.address)


def test_january_2023(mail_lab: MailLab) -> None:
    """In the night of 22 January 2023 mail was taken, and not delivered."""
    ada = mail_lab.mailbox("ada@libero.test")
    with mail_lab.replay("libero-2023-01", phase="accepts-not-delivers"):
        assert notify(mail_lab.plain.smtp, ada.address)
        ada.assert_no_mail()
    ada.wait_for(subject="on its way")


def test_bounced(mail_lab: MailLab) -> None:
    """In June 2023 senders were told days later; the bounce comes to the program."""
    mail_lab.mailbox("ada@libero.test")
    with mail_lab.replay("libero-2023-06", phase="bounced"):
        assert notify(mail_lab.plain.smtp, "ada@libero.test")
    mail_lab.inbox.wait_for(subject="undelivered")


# --8<-- [end:example]
