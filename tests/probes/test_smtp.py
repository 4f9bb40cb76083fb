"""SMTP conversations, in the lab and with Postfix."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mailprobe import Prober, Secret
from mailprobe.lab import BadCertificate, Raw, Reply, Stall, Withhold
from mailprobe.model.limits import Limits
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from mailprobe import Mailbox
    from mailprobe.lab import Fault, ThreadedLab
    from mailprobe.model.target import SecurityName
    from tests.worlds import World


@pytest.mark.asyncio
@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_submission_with_login(
    world: World, prober_options: dict[str, Any], security: SecurityName
) -> None:
    """Submission is taken from banner to login, over both kinds of TLS."""
    ada = world.mailbox("ada@libero.test", security=security)
    assert ada.smtp is not None
    async with Prober(**prober_options) as prober:
        check = await prober.smtp(
            ada.smtp.host, ada.smtp.port, security=security, mailbox=ada
        )
    report = check.report
    assert check.status == "ok", check.why
    assert report.authenticated is True
    assert report.banner is not None
    assert report.banner.code == 220
    assert report.tls is not None
    assert report.tls.version == "TLSv1.3"
    assert report.tls.verified
    assert report.tls.certificate is not None
    assert "smtp.libero.test" in report.tls.certificate.names
    assert report.tls.days_left is not None
    assert report.tls.days_left >= 0
    assert {"PLAIN", "LOGIN", "CRAM-MD5"} <= set(report.auth_mechanisms)
    assert report.size_limit
    phases = [step.phase for step in report.steps]
    assert phases[:2] == ["dns", "tcp"]
    assert phases[-2:] == ["auth", "quit"]
    assert not any(step.failure for step in report.steps)


@pytest.mark.asyncio
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
async def test_every_password_mechanism(
    world: World, prober_options: dict[str, Any], mechanism: str
) -> None:
    """Each mechanism logs in when it is insisted on."""
    ada = replace(world.mailbox("ada@libero.test"), auth=mechanism)
    async with Prober(**prober_options) as prober:
        check = await prober.smtp(
            "smtp.libero.test", _port(ada), mailbox=ada, security="tls"
        )
    assert check.status == "ok", check.why
    assert check.report.auth_mechanism == mechanism


@pytest.mark.asyncio
async def test_wrong_password_over_smtp_proves_nothing(
    world: World, prober_options: dict[str, Any]
) -> None:
    """A refused login is neither an outage nor proof of a wrong password."""
    ada = replace(world.mailbox("ada@libero.test"), password=Secret("not it"))
    async with Prober(**prober_options) as prober:
        check = await prober.smtp(
            "smtp.libero.test", _port(ada), mailbox=ada, security="tls"
        )
    assert (check.status, check.blame) == ("unknown", "unclear")
    assert check.report.authenticated is False
    assert check.verdict.failure is not None
    assert check.verdict.failure.kind == "auth_refused"
    assert check.verdict.failure.reply is not None
    assert check.verdict.failure.reply.code == 535


@pytest.mark.asyncio
async def test_no_password_ever_shows(
    world: World, prober_options: dict[str, Any]
) -> None:
    """Neither the transcript nor the report holds the password, in any form."""
    ada = world.mailbox("ada@libero.test")
    assert ada.password is not None
    secret = ada.password.reveal()
    async with Prober(**prober_options, transcript=True) as prober:
        check = await prober.smtp(
            "smtp.libero.test", _port(ada), mailbox=ada, security="tls"
        )
    shown = repr(check) + "\n".join(check.report.transcript)
    plain = base64.b64encode(f"\0{ada.address}\0{secret}".encode()).decode()
    assert "AUTH PLAIN" in shown
    assert secret not in shown
    assert plain not in shown


@pytest.mark.asyncio
async def test_a_server_that_echoes_the_password(lab_world: ThreadedLab) -> None:
    """A password that the server itself says back is masked wherever it shows."""
    ada = lab_world.mailbox("ada@libero.test")
    assert ada.password is not None
    secret = ada.password.reveal()
    coded = base64.b64encode(f"\0{ada.address}\0{secret}".encode()).decode()
    echo = Reply("AUTH", 535, f"5.7.8 no: {secret} {coded}", service="submission")
    with lab_world.fault(echo):
        async with Prober(**prober_options_for(lab_world), transcript=True) as prober:
            check = await prober.smtp(
                "smtp.libero.test", _port(ada), mailbox=ada, security="tls"
            )
    shown = repr(check) + check.why + "\n".join(check.report.transcript)
    assert "5.7.8" in shown
    assert secret not in shown
    assert coded not in shown


@pytest.mark.asyncio
async def test_one_attempt_for_one_refusal(lab_world: ThreadedLab) -> None:
    """A refused password is not tried by the next mechanism as well."""
    ada = replace(lab_world.mailbox("ada@posta.test"), password=Secret("not it"))
    before = lab_world.store.counters["submission"].auth_attempts
    async with Prober(**prober_options_for(lab_world)) as prober:
        await prober.smtp("smtp.posta.test", _port(ada), mailbox=ada, security="tls")
    assert lab_world.store.counters["submission"].auth_attempts == before + 1


@pytest.mark.asyncio
@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_tokens_log_in_and_are_refused(
    lab_world: ThreadedLab, mechanism: str
) -> None:
    """A token source is asked for each login; a stale token is refused cleanly."""
    lab_world.store.account("ada@libero.test").token = "fresh-token"
    ada = lab_world.mailbox("ada@libero.test")

    async def fresh() -> str:
        return "fresh-token"

    async with Prober(**prober_options_for(lab_world)) as prober:
        for source, status in (
            (fresh, "ok"),
            (lambda: Secret("stale-token"), "unknown"),
        ):
            box = replace(ada, password=None, token=source, auth=mechanism)
            check = await prober.smtp(
                "smtp.libero.test", _port(ada), mailbox=box, security="tls"
            )
            assert check.status == status, check.why
            assert "-token" not in repr(check)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("expired", "tls_expired"),
        ("not_yet_valid", "tls_not_yet_valid"),
        ("wrong_host", "tls_wrong_host"),
        ("self_signed", "tls_self_signed"),
        ("untrusted", "tls_untrusted"),
        ("missing_intermediate", "tls_incomplete"),
    ],
)
@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_bad_certificates_are_told_apart(
    lab_world: ThreadedLab, kind: str, failure: str, security: SecurityName
) -> None:
    """Each fault of a certificate has its name, and no password is sent."""
    ada = lab_world.mailbox("ada@libero.test", security=security)
    with lab_world.fault(BadCertificate(kind, service="submission")):
        async with Prober(**prober_options_for(lab_world)) as prober:
            check = await prober.smtp(
                "smtp.libero.test", _port(ada), mailbox=ada, security=security
            )
    assert (check.status, check.blame) == ("down", "provider")
    assert check.verdict.failure is not None
    assert check.verdict.failure.kind == failure
    assert check.report.authenticated is None
    # It is read once more on a connection that carries nothing.
    assert check.report.tls is not None
    assert not check.report.tls.verified
    assert check.report.tls.certificate is not None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "phase", "kind", "status", "blame"),
    [
        (
            Reply("GREETING", 554, "5.7.1 blocked using zen.spamhaus.org"),
            "greeting", "smtp_permanent", "unknown", "vantage",
        ),
        (
            Reply("GREETING", 421, "4.7.0 too many connections"),
            "greeting", "smtp_temporary", "unknown", "vantage",
        ),
        (
            Reply("EHLO", 421, "4.3.2 shutting down"),
            "ehlo", "smtp_temporary", "down", "provider",
        ),
        (
            Raw("GREETING", b"220 hi\r\n250 fake\r\n"),
            "ehlo", "smtp_protocol", "down", "provider",
        ),
        (
            Raw("GREETING", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            "greeting", "smtp_protocol", "down", "provider",
        ),
        (Withhold("STARTTLS"), "starttls", "starttls_not_offered", "down", "provider"),
        (
            Raw("STARTTLS", b"220 go\r\n250 injected\r\n"),
            "starttls", "starttls_injection", "down", "provider",
        ),
        (
            Reply("AUTH", 454, "4.7.0 Temporary authentication failure"),
            "auth", "auth_unavailable", "down", "provider",
        ),
        (
            Reply("AUTH", 535, "5.7.8 Servizio in manutenzione"),
            "auth", "auth_refused", "down", "provider",
        ),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
async def test_refusals_are_understood(
    lab_world: ThreadedLab, fault: Fault, phase: str, kind: str, status: str, blame: str
) -> None:
    """What a server says leads to the right phase, kind, status and culprit."""
    ada = lab_world.mailbox("ada@libero.test", security="starttls")
    fault = replace(fault, service="submission")
    with lab_world.fault(fault):
        async with Prober(**prober_options_for(lab_world)) as prober:
            check = await prober.smtp("smtp.libero.test", _port(ada), mailbox=ada)
    failure = check.verdict.failure
    assert failure is not None
    assert (failure.phase, failure.kind) == (phase, kind)
    assert (check.status, check.blame) == (status, blame)


@pytest.mark.asyncio
async def test_silence_behind_an_open_port_is_theirs(lab_world: ThreadedLab) -> None:
    """A server that accepts and never greets is down, within its budget."""
    limits = Limits(greeting=0.2)
    ada = lab_world.mailbox("ada@libero.test")
    with lab_world.fault(Stall("GREETING", service="submission")):
        async with Prober(**prober_options_for(lab_world), limits=limits) as prober:
            check = await prober.smtp("smtp.libero.test", _port(ada), security="tls")
    assert (check.status, check.blame) == ("down", "provider")
    assert check.verdict.failure is not None
    assert check.verdict.failure.kind == "greeting_timeout"


@pytest.mark.asyncio
async def test_a_short_deadline_is_no_outage(lab_world: ThreadedLab) -> None:
    """When our own time is up first, the verdict is unknown, not down."""
    ada = lab_world.mailbox("ada@libero.test")
    with lab_world.fault(Stall("EHLO", service="submission")):
        async with Prober(**prober_options_for(lab_world)) as prober:
            check = await prober.smtp(
                "smtp.libero.test", _port(ada), security="tls", timeout=0.5
            )
    assert (check.status, check.blame) == ("unknown", "unclear")
    assert check.verdict.failure is not None
    assert (check.verdict.failure.phase, check.verdict.failure.kind) == (
        "ehlo",
        "timed_out",
    )


@pytest.mark.asyncio
async def test_tls_on_a_port_that_does_not_speak_it(lab_world: ThreadedLab) -> None:
    """A swapped security mode is our own set-up, and is said so."""
    port = lab_world.endpoint("libero.test", "submission", "starttls").port
    async with Prober(**prober_options_for(lab_world)) as prober:
        check = await prober.smtp("smtp.libero.test", port, security="tls")
    assert (check.status, check.blame) == ("unknown", "setup")
    assert check.verdict.failure is not None
    assert check.verdict.failure.kind == "security_mismatch"


def _port(box: Mailbox) -> int:
    assert box.smtp is not None
    return box.smtp.port
