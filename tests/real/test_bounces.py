"""Bounces of a real Postfix, and those of the lab: both are read alike."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from mailprobe.lab import Bounce as Bounced
from mailprobe.mail.bounce import Action, Bounce, Returned, read_bounce
from mailprobe.mail.canary import KEY_BYTES, NONCE_BYTES, Canary, Origin, mint, origin
from mailprobe.model.failure import Reply
from tests.lab.clients import submit
from tests.real import clients, faults, maildir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.lab import ThreadedLab
    from tests.real.world import RealWorld

ADA: Final = "ada@libero.test"
KEY: Final = bytes(range(KEY_BYTES))
_numbers: Final = itertools.count(1)


def canary() -> Canary:
    """Return a canary from Ada to Bob, of whom no other test knows."""
    nonce = next(_numbers).to_bytes(NONCE_BYTES, "big")
    return mint(KEY, ADA, faults.OWNER, at=datetime.now(UTC), nonce=nonce)


@pytest.fixture
def real(real_world: RealWorld) -> Iterator[RealWorld]:
    """Postfix and Dovecot, with nothing in Ada's mailbox before and after."""
    real_world.empty_mailbox(ADA)
    yield real_world
    real_world.empty_mailbox(ADA)


def send(world: RealWorld, sent: Canary, *options: str) -> None:
    """Submit a canary, as its sender."""
    with clients.submission(world, world.mailbox(sent.sender)) as client:
        client.sendmail(
            sent.sender,
            sent.recipient,
            sent.message(datetime.now(UTC)),
            rcpt_options=options,
        )


def only_mail(world: RealWorld) -> bytes:
    """Return what lies in Ada's Maildir, once Postfix has nothing left to do."""
    world.await_empty_queue()
    (raw,) = maildir.mails(world.dovecot.maildir(ADA))
    return raw


def check(bounce: Bounce | None, sent: Canary, began: datetime) -> Returned:
    """Hold what both worlds have in common; return what is said of Bob."""
    assert bounce is not None
    assert bounce.original_id == sent.message_id
    assert bounce.canary_tokens == (sent.token,)
    assert origin(bounce.canary_tokens[0], sent, KEY) is Origin.OURS
    assert bounce.auto_submitted == "auto-replied"
    assert bounce.arrived is not None
    assert began - timedelta(seconds=1) <= bounce.arrived <= datetime.now(UTC)
    (returned,) = bounce.recipients
    assert returned.recipient == faults.OWNER
    return returned


@pytest.mark.real
def test_postfix_returns_what_the_mx_refuses(real: RealWorld) -> None:
    """A canary that was accepted and then refused comes back, with the reason."""
    sent, began = canary(), datetime.now(UTC)
    with faults.refused_by_mx(real, 550):
        send(real, sent)
        bounce = read_bounce(only_mail(real))
    returned = check(bounce, sent, began)
    assert bounce is not None
    assert bounce.reporting_mta == "relay.lab.test"
    assert returned.action is Action.FAILED
    assert returned.status == "5.1.1"
    assert returned.diagnostic is not None
    assert returned.diagnostic.code == 550
    assert returned.diagnostic.enhanced == "5.1.1"
    assert "No such user here" in returned.diagnostic.text
    assert returned.remote_mta == real.address("mx1.posta.test")


@pytest.mark.real
def test_postfix_says_that_mail_is_late(real: RealWorld) -> None:
    """A warning about a canary that is still tried is not taken for its end."""
    sent, began = canary(), datetime.now(UTC)
    with (
        faults.refused_by_mx(real, 451),
        real.postfix.changed(delay_warning_time="1s"),
    ):
        send(real, sent)
        raw = maildir.first_mail(real.dovecot.maildir(ADA))
    returned = check(read_bounce(raw), sent, began)
    assert returned.action is Action.DELAYED
    assert returned.status == "4.3.0"
    assert returned.diagnostic is not None
    assert returned.diagnostic.code == 451


@pytest.mark.real
def test_postfix_confirms_what_it_delivered(real: RealWorld) -> None:
    """A report of success, which the sender asked for (RFC 3461), is no failure."""
    sent, began = canary(), datetime.now(UTC)
    send(real, sent, "NOTIFY=SUCCESS")
    bounce = read_bounce(only_mail(real))
    returned = check(bounce, sent, began)
    real.empty_mailbox(faults.OWNER)
    assert returned.action in {Action.DELIVERED, Action.RELAYED}
    assert returned.status is not None
    assert returned.status.startswith("2.")


def test_the_lab_returns_mail_as_postfix_does(lab_world: ThreadedLab) -> None:
    """What the lab sends in place of a canary is read as that of Postfix is."""
    sent, began = canary(), datetime.now(UTC)
    with lab_world.fault(Bounced("552 5.2.2 mailbox full")):
        box = lab_world.mailbox(ADA)
        submit(lab_world, box, sent.recipient, sent.message(datetime.now(UTC)))
    (message,) = lab_world.store.messages(ADA)
    bounce = read_bounce(message.raw)
    assert check(bounce, sent, began) == Returned(
        recipient=faults.OWNER,
        action=Action.FAILED,
        status="5.2.2",
        diagnostic=Reply(552, "5.2.2", "mailbox full"),
    )
    assert bounce is not None
    assert bounce.reporting_mta == "smtp.libero.test"
    lab_world.reset()
