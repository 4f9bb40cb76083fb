"""IMAP conversations, in the lab and with Dovecot."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mailprobe import Prober, Secret
from mailprobe.lab import Drop, Raw, Reply, Withhold
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from mailprobe.lab import Fault, ThreadedLab
    from mailprobe.model.target import SecurityName
    from tests.worlds import World


@pytest.mark.asyncio
@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_mailbox_is_opened_and_described(
    world: World, prober_options: dict[str, Any], security: SecurityName
) -> None:
    """A mailbox is taken from greeting to logout, over both kinds of TLS."""
    bob = world.mailbox("bob@posta.test", security=security)
    async with Prober(**prober_options) as prober:
        check = await prober.imap(bob)
    report = check.report
    assert check.status == "ok", check.why
    assert report.authenticated is True
    assert report.greeting is not None
    assert report.greeting.code == "OK"
    assert report.inbox is not None
    assert report.inbox.messages is not None
    assert report.inbox.uidvalidity
    assert report.inbox.uidnext
    assert report.quota is not None
    assert report.quota.limit > report.quota.used
    assert ("junk", "Junk") in {(f.role, f.name) for f in report.folders}
    assert report.server_id
    assert "IDLE" in report.capabilities
    assert report.tls is not None
    assert report.tls.verified
    if security == "starttls":
        assert "STARTTLS" in report.capabilities_in_clear
    assert [step.phase for step in report.steps][-1] == "logout"


@pytest.mark.asyncio
async def test_without_a_mailbox_it_stops_before_the_login(
    world: World, prober_options: dict[str, Any]
) -> None:
    """A host without a mailbox still gets a verdict."""
    at = world.endpoint("libero.test", "imap")
    async with Prober(**prober_options) as prober:
        check = await prober.imap(at.host, at.port, security=at.security)
    assert check.status == "ok"
    assert check.report.authenticated is None
    assert check.report.step("login") is None


@pytest.mark.asyncio
async def test_wrong_password_is_the_accounts(
    world: World, prober_options: dict[str, Any]
) -> None:
    """IMAP says when a password is wrong: the account is to blame, not the provider."""
    bob = replace(world.mailbox("bob@posta.test"), password=Secret("not it"))
    async with Prober(**prober_options) as prober:
        check = await prober.imap(bob)
    assert (check.status, check.blame) == ("unknown", "account")
    assert check.verdict.failure is not None
    assert check.verdict.failure.reply is not None
    assert check.verdict.failure.reply.enhanced == "AUTHENTICATIONFAILED"


@pytest.mark.asyncio
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
async def test_every_password_mechanism(
    world: World, prober_options: dict[str, Any], mechanism: str
) -> None:
    """Each mechanism logs in when it is insisted on."""
    bob = replace(world.mailbox("bob@posta.test"), auth=mechanism)
    async with Prober(**prober_options) as prober:
        check = await prober.imap(bob)
    assert check.status == "ok", check.why
    assert check.report.auth_mechanism == mechanism


@pytest.mark.asyncio
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_odd_passwords_are_sent_right(
    lab_world: ThreadedLab, mechanism: str
) -> None:
    """Quotes, backslashes and letters outside ASCII reach the server unharmed."""
    password = 'pa"ss\\wörd €'
    lab_world.store.account("bob@virgilio.test").password = password
    bob = lab_world.mailbox("bob@virgilio.test")
    box = replace(bob, password=Secret(password), auth=mechanism)
    async with Prober(**prober_options_for(lab_world), transcript=True) as prober:
        check = await prober.imap(box)
    assert check.status == "ok", check.why
    assert "wörd" not in repr(check)


@pytest.mark.asyncio
@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_tokens(lab_world: ThreadedLab, mechanism: str) -> None:
    """A fresh token logs in; a stale one is refused without a hang."""
    lab_world.store.account("bob@libero.test").token = "fresh-token"
    bob = replace(lab_world.mailbox("bob@libero.test"), password=None, auth=mechanism)
    async with Prober(**prober_options_for(lab_world)) as prober:
        good = await prober.imap(replace(bob, token=lambda: "fresh-token"))
        bad = await prober.imap(replace(bob, token=lambda: "stale-token"))
    assert good.status == "ok", good.why
    assert (bad.status, bad.blame) == ("unknown", "account")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "phase", "kind", "status", "blame"),
    [
        (
            Reply("GREETING", "BYE", "Servizio in manutenzione"),
            "greeting", "imap_bye", "down", "provider",
        ),
        (
            Raw("GREETING", b"220 not imap\r\n"),
            "greeting", "imap_protocol", "down", "provider",
        ),
        (
            Reply("AUTHENTICATE", "NO", "[UNAVAILABLE] auth is down"),
            "login", "auth_unavailable", "down", "provider",
        ),
        (Drop("AUTHENTICATE"), "login", "peer_closed", "down", "provider"),
        (
            Reply("EXAMINE", "NO", "[SERVERBUG] storage is not there"),
            "select", "imap_no", "down", "provider",
        ),
        (
            Reply("EXAMINE", "BYE", "bailing out"),
            "select", "imap_bye", "down", "provider",
        ),
        (
            Raw("EXAMINE", b"* 1 FETCH (UID {999999999}\r\n"),
            "select", "imap_protocol", "down", "provider",
        ),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
async def test_refusals_are_understood(
    lab_world: ThreadedLab, fault: Fault, phase: str, kind: str, status: str, blame: str
) -> None:
    """What a server says leads to the right phase, kind, status and culprit."""
    with lab_world.fault(replace(fault, service="imap")):
        async with Prober(**prober_options_for(lab_world)) as prober:
            check = await prober.imap(lab_world.mailbox("bob@libero.test"))
    failure = check.verdict.failure
    assert failure is not None
    assert (failure.phase, failure.kind) == (phase, kind)
    assert (check.status, check.blame) == (status, blame)


@pytest.mark.asyncio
async def test_what_is_not_offered_is_not_asked_for(lab_world: ThreadedLab) -> None:
    """A plain server without extensions is probed without a complaint."""
    names = ("QUOTA", "ID", "SPECIAL-USE", "UIDPLUS", "IDLE", "SASL-IR")
    with lab_world.fault(*(Withhold(name, service="imap") for name in names)):
        async with Prober(**prober_options_for(lab_world)) as prober:
            check = await prober.imap(lab_world.mailbox("bob@libero.test"))
    assert check.status == "ok", check.why
    assert check.report.quota is None
    assert check.report.server_id == ()
