"""Every bound of a probe, with the reason beside the number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    Budgets in seconds and bytes. One deadline per call rules over all of them.

    A phase that uses up its budget ends with a failure that names it; the
    deadline of the call (``timeout=``) cuts the phase that is running then.
    """

    dns: float = 6.0
    """A lookup over all name servers: three tries of two seconds."""

    dns_try: float = 2.0
    """One question to one name server; one lost datagram must not decide."""

    tcp: float = 10.0
    """Three SYNs (0, 1 and 3 s) and room for their answers."""

    tls: float = 15.0
    """A handshake is two or three flights; slow appliances need some seconds."""

    greeting: float = 45.0
    """Tarpits and postscreen hold the banner back by 6 to 30 s (healthy)."""

    greeting_usual: float = 2.0
    """Later than this, a port for users may be waiting for TLS: it is tried."""

    command: float = 30.0
    """Any reply but the two named here; RFC 5321 allows minutes, users do not."""

    data_end: float = 120.0
    """Content filters run before the reply to the final dot (RFC 5321: 600 s)."""

    again_after: float = 2.0
    """Pause before a second attempt; a lost packet or a restart is over by then."""

    farewell: float = 2.0
    """QUIT and LOGOUT are courtesy: nobody's verdict waits for them."""

    reply_bytes: int = 64 * 1024
    """One whole SMTP reply; real EHLO answers stay below 4 KiB."""

    line_bytes: int = 16 * 1024
    """One IMAP line; capability lines reach 2 KiB, RFC 7162 asks for 8 KiB."""

    literal_bytes: int = 256 * 1024
    """One IMAP literal; we ask for at most 64 KiB of headers at a time."""

    response_bytes: int = 4 * 1024 * 1024
    """All that one IMAP command may bring; a thousand folders list in 100 KiB."""

    transcript_lines: int = 400
    """A round trip with many polls; later lines are counted, not kept."""

    seen_chars: int = 500
    """Server text kept in a step; enough for a two-line refusal with its link."""

    addresses: int = 32
    """Addresses tried per MX check; the largest fleets publish some twenty."""

    poll_first: float = 0.02
    """First poll for the canary; local delivery takes a few milliseconds."""

    poll_share: float = 0.04
    """Later polls: this share of the time waited, so sight errs by under 5 %."""

    visit_share: float = 0.25
    """The same for visits, which have the store's own date; without it, a quarter."""

    poll_longest: float = 15.0
    """No provider minds four polls a minute; five minutes stay within 5 %."""

    notify_grace: float = 1.0
    """How long IDLE may lag behind sight (Dovecot pushes 0.5 s late by design)."""

    greeting_slow: float = 10.0
    """A banner later than this is a finding, never a failure (RFC 5321 4.5.3.2)."""

    certificate_days: int = 14
    """Days left below which a certificate is a finding; renewals run at 30."""
