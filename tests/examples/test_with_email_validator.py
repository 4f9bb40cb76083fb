"""A test of code that checks addresses with email-validator, and so with DNS."""

from __future__ import annotations

# --8<-- [start:example]
import pytest
from email_validator import EmailUndeliverableError, validate_email

from mailprobe.lab import Records
from mailprobe.testing import MailLab


def test_addresses(mail_lab: MailLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A domain that takes no mail is told from one that does."""
    mail_lab.dns.patch(monkeypatch)

    found = validate_email("ada@example.com")
    assert found.normalized == "ada@example.com"

    with (
        mail_lab.fault(Records("example.com", "MX", ("0 .",))),
        pytest.raises(EmailUndeliverableError, match="does not accept email"),
    ):
        validate_email("ada@example.com")


# --8<-- [end:example]
