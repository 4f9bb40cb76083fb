"""
What is fuzzed: each target takes arbitrary bytes and raises nothing.

The refusals that a function documents are caught; whatever else comes out of
it is a finding, and so is a secret in a result.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import dns.exception
import dns.message

from mailprobe.judge import judge
from mailprobe.mail import imap as read
from mailprobe.mail.bounce import read_bounce
from mailprobe.mail.canary import mint, origin, tokens
from mailprobe.mail.certificate import read_certificate
from mailprobe.mail.delivery_status import RECIPIENTS_MAX
from mailprobe.mail.ehlo import ehlo_offer
from mailprobe.mail.imap_stream import Response, ResponseReader, StreamError
from mailprobe.mail.mime import PARTS_MAX, parts
from mailprobe.mail.received import authentication_results, received_hops
from mailprobe.mail.reply import ReplyError, ReplyReader
from mailprobe.mail.returned import ADDRESS_MAX
from mailprobe.model.errors import ConfigError
from mailprobe.model.failure import Phase
from mailprobe.model.report import ImapReport, SmtpReport
from mailprobe.model.target import ImapTarget, SmtpTarget
from mailprobe.probes import imap as imap_probe
from mailprobe.probes import smtp as smtp_probe
from mailprobe.providers import builtin
from mailprobe.providers.document import parse
from mailprobe.providers.presets import catalogue
from mailprobe.render import FORMATS
from mailprobe.wire.imap import ImapSession
from mailprobe.wire.imap_protocol import ImapProtocol
from mailprobe.wire.smtp import SmtpProtocol, SmtpSession
from mailprobe.wire.trouble import Ended
from mailprobe.wire.whole_dns import _read
from tests.answers import agreed
from tests.fuzz.conversation import (
    ADA,
    CUT,
    LIMITS,
    SECRET,
    StillClock,
    converse,
    vantage,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from mailprobe.model.failure import Reply
    from mailprobe.model.report import Report

AT: Final = StillClock().now()
KEY: Final = b"k" * 32
CANARY: Final = mint(
    KEY, "ada@libero.test", "bob@posta.test", at=AT, nonce=b"0123456789abcdef"
)


def smtp_replies(data: bytes) -> None:
    """Replies are the same however they were cut, and never more than allowed."""
    whole, cut = _replies([data.replace(CUT, b"")]), _replies(data.split(CUT))
    assert whole == cut
    for reply in whole[0]:
        ehlo_offer(reply)
        assert len(reply.text) <= LIMITS.reply_bytes


def _replies(parts: list[bytes]) -> tuple[list[Reply], str]:
    reader = ReplyReader(LIMITS.reply_bytes)
    found: list[Reply] = []
    try:
        for part in parts:
            found += reader.feed(part)
            assert len(reader.pending) <= LIMITS.reply_bytes
        reader.feed(b"")
    except ReplyError as error:
        return found, str(error)
    return found, ""


def imap_responses(data: bytes) -> None:
    """Responses are the same however they were cut; each can be read or is refused."""
    whole, cut = _responses([data.replace(CUT, b"")]), _responses(data.split(CUT))
    assert whole == cut
    responses = whole[0]
    read.capabilities(responses)
    imap_probe.inbox_facts(responses)
    for response in responses:
        read.status_reply(response.rest)
        for reader in _READERS:
            with suppress(StreamError):
                reader(response)


_READERS: Final[tuple[Callable[[Response], object], ...]] = (
    read.items,
    read.fetched,
    read.folder,
    read.status_numbers,
    read.storage_quota,
    read.id_pairs,
)


def _responses(parts: list[bytes]) -> tuple[list[Response], str]:
    reader = ResponseReader(
        line_bytes=LIMITS.line_bytes, literal_bytes=LIMITS.literal_bytes
    )
    found: list[Response] = []
    try:
        for part in parts:
            found += reader.feed(part)
    except StreamError as error:
        return found, str(error)
    return found, str(reader.broken or "")


def smtp_session(data: bytes) -> None:
    """A whole SMTP conversation ends in a report, a verdict and words for it."""
    _run(_smtp(data))


async def _smtp(data: bytes) -> None:
    asks = vantage()
    recorder = asks.recorder(60.0)
    protocol = SmtpProtocol(recorder)
    session = SmtpSession(protocol)
    notes = smtp_probe.SmtpNotes(peer="smtp.libero.test:465", session=session)

    async def talk() -> None:
        with suppress(Ended):
            await smtp_probe.banner(asks, recorder, notes)
            await smtp_probe.ehlo(asks, recorder, notes, "probe.test")
            await smtp_probe.log_in(asks, recorder, notes, ADA)
        await smtp_probe.leave(asks, recorder, notes)

    await converse(protocol, recorder, talk(), data)
    _tell(
        SmtpReport(
            **asks.common(recorder),
            target=SmtpTarget("smtp.libero.test", 465, "tls", ADA),
            banner=notes.banner,
            capabilities=notes.offer.keywords if notes.offer else (),
            authenticated=notes.authenticated,
        )
    )


def imap_session(data: bytes) -> None:
    """A whole IMAP conversation ends in a report, a verdict and words for it."""
    _run(_imap(data))


async def _imap(data: bytes) -> None:
    asks = vantage()
    recorder = asks.recorder(60.0)
    protocol = ImapProtocol(recorder)
    session = ImapSession(protocol)
    notes = imap_probe.ImapNotes(peer="imap.libero.test:993", session=session)

    async def talk() -> None:
        with suppress(Ended):
            with recorder.step(Phase.GREETING, notes.peer, 60.0):
                notes.greeting = await session.greeting()
            await imap_probe.capability(asks, recorder, notes)
            await imap_probe.log_in(asks, recorder, notes, ADA)
            await imap_probe.identify(asks, recorder, notes)
            await imap_probe.examine_inbox(asks, recorder, notes)
            await imap_probe.read_quota(asks, recorder, notes)
            await imap_probe.list_folders(asks, recorder, notes)
            with recorder.step(Phase.SEARCH, notes.peer, 60.0):
                await session.idle_start()
                await session.idle_push()
                await session.idle_done()
        await imap_probe.leave(asks, recorder, notes)

    await converse(protocol, recorder, talk(), data)
    _tell(
        ImapReport(
            **asks.common(recorder),
            target=ImapTarget(ADA),
            greeting=notes.greeting,
            capabilities=session.capabilities,
            server_id=notes.server_id,
            authenticated=notes.authenticated,
            inbox=notes.inbox,
            quota=notes.quota,
            folders=tuple(folder for _, folder in notes.folders),
            alerts=session.alerts,
        )
    )


def headers(data: bytes) -> None:
    """Headers of a mail are read or passed over; no token is taken for ours."""
    for token in tokens(data):
        origin(token, CANARY, KEY)
    received_hops(data, sent=AT, seen=AT)
    authentication_results(data)


def bounces(data: bytes) -> None:
    """A bounce is read or is none; what is read is bounded."""
    cut = parts(data)
    assert len(cut) <= PARTS_MAX
    assert sum(len(part.head) + len(part.body) for part in cut) <= len(data)
    bounce = read_bounce(data)
    if bounce is None:
        return
    for token in bounce.canary_tokens:
        origin(token, CANARY, KEY)
    assert len(bounce.recipients) <= RECIPIENTS_MAX
    for returned in bounce.recipients:
        assert len(returned.recipient) <= ADDRESS_MAX
        assert "\n" not in returned.recipient
    repr(bounce).encode()


def certificates(data: bytes) -> None:
    """A certificate is read or refused."""
    read_certificate(data)


def presets(data: bytes) -> None:
    """A preset file is read or refused in one line that names the place."""
    refusal = "own.toml"
    try:
        catalogue(parse(Path("own.toml"), data))
    except ConfigError as error:
        refusal = str(error)
    assert "own.toml" in refusal
    assert "\n" not in refusal


def dns_answers(data: bytes) -> None:
    """What dnspython takes for a message is read as a typed outcome."""
    try:
        message = dns.message.from_wire(data)
    except dns.exception.DNSException:
        return
    _read(message, "192.0.2.1:53")


def plain_dns_answers(data: bytes) -> None:
    """Our own reading says what dnspython's says, or declines."""
    agreed(data, "libero.test", "MX")


def _tell(report: Report) -> None:
    """Judge, and put into words by every format, without a secret in any."""
    check = judge(report, _presets())
    assert check.verdict.rule != "unruled"
    told = [form(check) for form in FORMATS.values()]
    for text in (repr(check), *told):
        assert SECRET not in text, "a secret was shown"


_presets = cache(builtin)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One loop for all inputs: making one costs more than most of them."""
    return asyncio.new_event_loop()


def _run(work: Coroutine[Any, Any, None]) -> None:
    _loop().run_until_complete(work)


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    target.__name__.replace("_", "-"): target
    for target in cast(
        "tuple[Any, ...]",
        (
            smtp_replies,
            smtp_session,
            imap_responses,
            imap_session,
            headers,
            bounces,
            certificates,
            dns_answers,
            plain_dns_answers,
            presets,
        ),
    )
}
