"""Tests against a real mailbox, which know whose fault it is that they fail."""

from __future__ import annotations

# --8<-- [start:example]
import pytest

from mailprobe.testing import MailHealth, MailRoundTrip


@pytest.mark.needs_mail("office", "submit", "read")
def test_storage(mail_health: MailHealth) -> None:
    """The mailbox is not even half full."""
    for check in mail_health["office"].report.imap:
        quota = check.report.quota
        assert quota is None or quota.used < quota.limit / 2


@pytest.mark.needs_mail("office")
def test_delivery(mail_round_trip: MailRoundTrip) -> None:
    """A mail to ourselves is in the inbox within a minute."""
    trip = mail_round_trip(timeout=60)
    assert trip.status == "ok", trip.why
    assert trip.report.landed == "inbox"


# --8<-- [end:example]
