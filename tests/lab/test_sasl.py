"""Every SASL mechanism, over SMTP and IMAP, with right and wrong credentials."""

from __future__ import annotations

import base64
import hmac
import json
from typing import TYPE_CHECKING

import pytest

from mailprobe.lab import Withhold
from tests.lab.clients import Wire, imap, smtp

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.lab import Account, ThreadedLab

MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER")


def _answers(mechanism: str, account: Account) -> Callable[[bytes], bytes]:
    """Answer challenges as a client would."""
    name, secret = account.address.encode(), account.password.encode()
    bearer = b"auth=Bearer " + account.token.encode() + b"\x01\x01"
    texts = {
        "PLAIN": b"\0" + name + b"\0" + secret,
        "XOAUTH2": b"user=" + name + b"\x01" + bearer,
        "OAUTHBEARER": b"n,a=" + name + b",\x01host=imap\x01port=993\x01" + bearer,
    }

    def answer(challenge: bytes) -> bytes:
        if mechanism == "LOGIN":
            return name if challenge.startswith(b"User") else secret
        if mechanism == "CRAM-MD5":
            digest = hmac.new(secret, challenge, "md5").hexdigest()
            return name + b" " + digest.encode()
        if challenge:
            return b"\x01"  # RFC 7628: the answer to an error challenge
        return texts[mechanism]

    return answer


def _wrong(account: Account) -> Account:
    return type(account)(account.address, {}, password="wrong", token="wrong")


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_submission(lab: ThreadedLab, mechanism: str, right: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """The right credentials get 235, wrong ones 535 5.7.8."""
    account = lab.store.account("ada@libero.test")
    answer = _answers(mechanism, account if right else _wrong(account))
    with Wire(lab, lab.endpoint("libero.test", "submission")) as wire:
        wire.smtp()
        wire.smtp(b"EHLO client.test")
        reply = wire.smtp(b"AUTH " + mechanism.encode())
        while reply.startswith(b"334 "):
            challenge = base64.b64decode(reply[4:])
            if challenge.startswith(b"{"):
                assert json.loads(challenge)["status"] == "401"
            reply = wire.smtp(base64.b64encode(answer(challenge)))
    assert reply.startswith(b"235 2.7.0 " if right else b"535 5.7.8 ")
    assert lab.store.counters["submission"].auth_attempts == 1
    assert lab.surprises == []


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_imap(lab: ThreadedLab, mechanism: str, right: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """AUTHENTICATE by imaplib gets OK, or NO [AUTHENTICATIONFAILED]."""
    account = lab.store.account("ada@libero.test")
    answer = _answers(mechanism, account if right else _wrong(account))
    with imap(lab, lab.endpoint("libero.test", "imap")) as client:
        if right:
            assert client.authenticate(mechanism, answer)[0] == "OK"
        else:
            with pytest.raises(client.error, match="AUTHENTICATIONFAILED"):
                client.authenticate(mechanism, answer)
    assert lab.surprises == []


@pytest.mark.parametrize("mechanism", ["PLAIN", "XOAUTH2", "OAUTHBEARER"])
def test_initial_response(lab: ThreadedLab, mechanism: str) -> None:
    """The first response may come with the command, on both protocols."""
    account = lab.store.account("ada@libero.test")
    first = base64.b64encode(_answers(mechanism, account)(b""))
    line = mechanism.encode() + b" " + first
    with Wire(lab, lab.endpoint("libero.test", "submission")) as wire:
        wire.smtp()
        wire.smtp(b"EHLO client.test")
        assert wire.smtp(b"AUTH " + line).startswith(b"235 ")
    with Wire(lab, lab.endpoint("libero.test", "imap")) as wire:
        wire.line()
        assert wire.imap(b"AUTHENTICATE " + line).startswith(b"a OK [CAPABILITY ")


def test_giving_up(lab: ThreadedLab) -> None:
    """``*`` ends an exchange without a login."""
    with Wire(lab, lab.endpoint("libero.test", "submission")) as wire:
        wire.smtp()
        wire.smtp(b"EHLO client.test")
        wire.smtp(b"AUTH LOGIN")
        assert wire.smtp(b"*").startswith(b"501 5.7.0 ")
    with Wire(lab, lab.endpoint("libero.test", "imap")) as wire:
        wire.line()
        assert wire.imap(b"AUTHENTICATE LOGIN").startswith(b"+ ")
        wire.send(b"*\r\n")
        assert wire.line().startswith(b"a BAD ")


def test_unreadable_responses_are_noted(lab: ThreadedLab) -> None:
    """What is not base64 is a mistake, not a refusal."""
    with Wire(lab, lab.endpoint("libero.test", "submission")) as wire:
        wire.smtp()
        wire.smtp(b"EHLO client.test")
        assert wire.smtp(b"AUTH PLAIN ???").startswith(b"501 5.5.2 ")
    assert lab.surprises == ["submission smtp.libero.test: AUTH PLAIN: not base64"]


def test_sasl_ir_can_be_withheld(lab: ThreadedLab) -> None:
    """Without SASL-IR an initial response is a mistake of the client."""
    with (
        lab.fault(Withhold("SASL-IR")),
        Wire(lab, lab.endpoint("libero.test", "imap")) as wire,
    ):
        assert b"SASL-IR" not in wire.line()
        assert wire.imap(b"AUTHENTICATE PLAIN AAAA").startswith(b"a BAD ")


def test_local_part_and_other_brand(lab: ThreadedLab) -> None:
    """The local part is enough for a name, and a platform's users are one set."""
    ada = lab.store.account("ada@libero.test")
    endpoint = lab.endpoint("libero.test", "submission")
    with smtp(lab, endpoint) as client:
        assert client.login("ada", ada.password)[0] == 235
    other = lab.store.account("ada@virgilio.test")
    with smtp(lab, endpoint) as client:
        assert client.login(other.address, other.password)[0] == 235
    foreign = lab.store.account("ada@posta.test")
    with Wire(lab, lab.endpoint("libero.test", "imap")) as wire:
        wire.line()
        command = f"LOGIN {foreign.address} {foreign.password}"
        assert b"AUTHENTICATIONFAILED" in wire.imap(command.encode())
