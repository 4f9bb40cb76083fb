"""A test of a Flask application that sends with Flask-Mail."""

from __future__ import annotations

# --8<-- [start:example]
import pytest
from flask import Flask
from flask_mail import Mail, Message

from mailprobe.testing import MailLab, MailServer


@pytest.fixture(scope="session")
def app(mail_lab_server: MailServer) -> Flask:
    """Start the application once: the servers stay the same for the session."""
    app = Flask("shop")
    app.config.update(mail_lab_server.starttls.flask)
    Mail(app)
    return app


def test_receipt(app: Flask, mail_lab: MailLab) -> None:
    """A receipt goes to the customer, and a copy to the office."""
    customer = mail_lab.mailbox("ada@example.com")
    office = mail_lab.mailbox("office@example.org")

    with app.app_context():
        receipt = Message("Your receipt", recipients=[customer.address])
        receipt.body = "Thank you."
        receipt.bcc = [office.address]
        app.extensions["mail"].send(receipt)

    assert customer.wait_for(subject="receipt").get_content().strip() == "Thank you."
    assert office.wait_for(to=customer.address)["Bcc"] is None


# --8<-- [end:example]
