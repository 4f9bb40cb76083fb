"""A test in the style of unittest, as Django's are."""

from __future__ import annotations

# --8<-- [start:example]
import smtplib
import unittest

import pytest

from mailprobe.testing import MailLab


class GreetingTest(unittest.TestCase):
    """Tests of greetings."""

    mail_lab: MailLab

    @pytest.fixture(autouse=True)
    def _take_mail_lab(self, mail_lab: MailLab) -> None:
        self.mail_lab = mail_lab

    def test_greeting(self) -> None:
        """A greeting arrives."""
        ada = self.mail_lab.mailbox("ada@example.test")
        smtp = self.mail_lab.plain.smtp
        with smtplib.SMTP(smtp.host, smtp.port) as client:
            client.sendmail(smtp.user, ada.address, "Subject: Hello\n\nHello, Ada.")
        assert ada.wait_for()["Subject"] == "Hello"


# --8<-- [end:example]
