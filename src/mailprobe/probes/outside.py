"""From outside: to the MX hosts of a domain, best first, as a mail server goes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mailprobe.mail.domain import ascii_domain
from mailprobe.mail.mx import confined
from mailprobe.model.failure import Failure, Kind, Phase
from mailprobe.model.report import Step
from mailprobe.probes import mx, smtp
from mailprobe.probes.reach import dial, peer
from mailprobe.probes.sending import hand_over
from mailprobe.wire.dial import attach
from mailprobe.wire.smtp import SmtpProtocol, SmtpSession
from mailprobe.wire.tls import tls_facts
from mailprobe.wire.trouble import Ended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.probes.sending import Letter
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder

# Of these a domain's owner said no, for whichever of its hosts we had asked.
_FINAL: Final = frozenset({Phase.MAIL, Phase.RCPT, Phase.DATA})
# After these in a handshake, mail servers go on in clear (RFC 7435).
_TLS: Final = frozenset({Phase.STARTTLS, Phase.TLS})


async def walk(
    vantage: Vantage, recorder: Recorder, letter: Letter, passed: list[Failure]
) -> None:
    """
    Hand a mail over to the first MX host that takes it as far as its final dot.

    A host that cannot be reached, ends the conversation or refuses for now is
    passed over (RFC 5321 5.1); a permanent refusal is the domain's answer. Once
    the final dot is written no other host is tried, whatever comes.

    Args:
        vantage: What the probes share.
        recorder: Where the steps go.
        letter: The mail.
        passed: Takes in why hosts were passed over.

    Raises:
        Ended: If no host took it so far.
    """
    domain = ascii_domain(letter.canary.recipient.rpartition("@")[2])
    route = await mx.look_up(vantage, recorder, domain, mx.MxNotes())
    room = vantage.limits.addresses
    for preference, name in _shuffled(route.hosts, letter.canary.token):
        host = await mx.resolve(vantage, recorder, name, preference, None)
        if host.failure:
            passed.append(_noted(recorder, host.failure, name))
        for entry in host.addresses[:room]:
            failure = await _tried(vantage, recorder, letter, name, entry.address)
            if failure is None:
                return
            passed.append(failure)
            if recorder.remaining() <= 0:
                raise Ended(failure)
            if failure.kind is Kind.SMTP_PERMANENT and failure.phase in _FINAL:
                raise Ended(failure)
        room -= len(host.addresses[:room])
    # What a server said of this very mail tells more than a silent neighbour.
    refused = (one for one in passed if one.reply and one.phase in _FINAL)
    raise Ended(next(refused, passed[-1]))


def deciding(steps: tuple[Step, ...], failure: Failure | None) -> tuple[Step, ...]:
    """Return the steps of a walk, with the one marked that decided how it ended."""
    return tuple(
        replace(step, optional=False) if failure and step.failure is failure else step
        for step in steps
    )


async def _tried(
    vantage: Vantage, recorder: Recorder, letter: Letter, name: str, address: str
) -> Failure | None:
    """Try one address: with TLS if it is offered, in clear if that fails."""
    if not vantage.loopback and confined(address) == "self":
        detail = f"{address} sends every sender to its own machine"
        failure = Failure(kind=Kind.MX_UNUSABLE, phase=Phase.DNS, detail=detail)
        return _noted(recorder, failure, address)
    for encrypted in (True, False):
        try:
            await _talk(vantage, recorder, letter, name, address, encrypted=encrypted)
        except Ended as ended:
            if letter.submitted is not None:
                return None  # written, though its last step failed: never again
            await smtp.leave(vantage, recorder, letter.sending)
            smtp.close(letter.sending)
            if not encrypted or ended.failure.phase not in _TLS:
                return ended.failure
            recorder.remark("once more in clear, as mail servers do")
        else:
            return None
    raise AssertionError  # pragma: no cover - the second attempt returns


async def _talk(  # noqa: PLR0913 - the conversation's cast
    vantage: Vantage,
    recorder: Recorder,
    letter: Letter,
    name: str,
    address: str,
    *,
    encrypted: bool,
) -> None:
    port, limits = vantage.mx_port, vantage.limits
    at = peer(address, port)
    letter.sending = notes = smtp.SmtpNotes(peer=at, address=address)
    sock = await dial(vantage, recorder, address, port, optional=True)
    protocol = SmtpProtocol(recorder)
    notes.session = session = SmtpSession(protocol)
    await attach(sock, protocol)
    await smtp.banner(vantage, recorder, notes, optional=True)
    hello = vantage.ehlo_name or smtp.literal(sock)
    await smtp.ehlo(vantage, recorder, notes, hello, optional=True)
    if encrypted and notes.offer and notes.offer.has("STARTTLS"):
        with recorder.step(Phase.STARTTLS, at, limits.command, optional=True) as step:
            step.saw(await session.starttls())
        # Nobody's certificate at an MX host can be held to anything (RFC 7672 1.3),
        # and nothing secret is sent.
        with recorder.step(Phase.TLS, at, limits.tls, optional=True) as step:
            tls = await session.upgrade(vantage.trust.reading, name)
            step.saw(tls.version())
        now = vantage.clock.now()
        notes.tls = tls_facts(tls, vantage.trust, name, now)
        await smtp.ehlo(vantage, recorder, notes, hello, optional=True)
    await hand_over(vantage, recorder, letter, optional=True)


def _noted(recorder: Recorder, failure: Failure, at: str) -> Failure:
    """Keep a failure that no operation met as a step, so that it can decide."""
    if all(step.failure is not failure for step in recorder.steps):
        recorder.add(
            Step(
                phase=failure.phase,
                peer=at,
                began=recorder.elapsed(),
                took=0.0,
                failure=failure,
                optional=True,
            )
        )
    return failure


def _shuffled(
    hosts: tuple[tuple[int, str], ...], token: str
) -> Iterator[tuple[int, str]]:
    """Order equal preferences by chance (RFC 5321 5.1), the same for each mail."""

    def place(host: tuple[int, str]) -> tuple[int, bytes]:
        return host[0], hashlib.sha256(f"{token} {host[1]}".encode()).digest()

    yield from sorted(hosts, key=place)
