"""What reports of several probes share: who looked, the steps, TLS, storage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mailprobe.model.failure import Failure, Kind, Phase
from mailprobe.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One timed operation and how it ended.

    It succeeded exactly when *failure* is None.

    Attributes:
        phase: Which operation this was.
        peer: Whom we asked: ``host:port``, for DNS the name server.
        began: Seconds since the probe began.
        took: Seconds until the operation ended, well or badly.
        failure: Why it failed; None on success.
        seen: What the peer said or showed, bounded and free of secrets.
        optional: The conversation goes on without it: one address of several,
            or a courtesy such as QUIT.
    """

    phase: Phase
    peer: str
    began: float
    took: float
    failure: Failure | None = None
    seen: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProberFacts:
    """
    Who asked.

    Attributes:
        version: The version of mailprobe.
        ehlo_name: The name it greeted with.
        mx_port: Where it dials MX hosts: 25 everywhere but in a lab. What is
            usual there is not usual at a service for users, and the other way
            round.
        lag: Seconds by which our own program was late at worst while the check
            was made; measured in sweeps only.
        control: Whether a server known to work could be reached from here at
            the time; asked in sweeps only, after a failure that may be ours.
    """

    version: str
    ehlo_name: str
    mx_port: int = 25
    lag: float | None = None
    control: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    What every probe reports. A report has no status.

    Attributes:
        started_at: When the probe began, UTC.
        duration: Seconds from beginning to end.
        prober: Who asked.
        steps: The conversation in order. It ends at its first failed step; the
            later phases are absent, not unknown.
        earlier: How earlier attempts at it ended: what one attempt cannot prove
            is tried again. Their steps are not kept.
        transcript: The lines exchanged, bounded and free of secrets; empty
            unless it was asked for.
    """

    started_at: datetime
    duration: float
    prober: ProberFacts
    steps: tuple[Step, ...]
    earlier: tuple[Failure, ...] = ()
    transcript: tuple[str, ...] = ()

    if TYPE_CHECKING:
        # Every probe's report has it as a field of its own type.
        @property
        def target(self) -> Target:
            """What was asked."""

    @property
    def failure(self) -> Failure | None:
        """Why the conversation ended early; None if it did not."""
        step = self.failed_step
        return step.failure if step else None

    @property
    def failed_step(self) -> Step | None:
        """The step that ended the conversation early, if one did."""
        ended = (s for s in self.steps if s.failure and not s.optional)
        return next(ended, None)

    def step(self, phase: Phase | str) -> Step | None:
        """Return the first step of *phase*, if the conversation came to it."""
        return next((step for step in self.steps if step.phase == phase), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """
    What one certificate says.

    Attributes:
        subject: The subject's common name, else its whole name.
        names: DNS names and addresses it is valid for.
        issuer: The issuer's common name, else its whole name.
        not_before: Start of its validity, UTC.
        not_after: End of its validity, UTC.
        key: Algorithm and size, such as ``RSA 2048`` or ``EC P-256``.
        signature: Hash of its signature, such as ``sha256``; empty if none.
        self_signed: Whether it names itself as its issuer.
        sha256: Fingerprint of the whole certificate, hexadecimal.
    """

    subject: str
    names: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime
    key: str
    signature: str
    self_signed: bool
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """
    What a TLS handshake showed.

    Attributes:
        version: Such as ``TLSv1.3``; None if the handshake failed.
        cipher: The suite that was agreed on.
        verified: Whether name, dates and chain were checked and hold.
        certificate: The server's own certificate.
        chain: What the server sent, its own certificate first; empty where
            Python cannot tell (before 3.13 only through private interfaces).
        days_left: Whole days until the server's certificate ends, negative if
            it has ended.
        complaints: All that is wrong with a certificate that was refused; the
            handshake itself stops at the first of them.
    """

    version: str | None
    cipher: str | None
    verified: bool
    certificate: Certificate | None = None
    chain: tuple[Certificate, ...] = ()
    days_left: int | None = None
    complaints: tuple[Kind, ...] = ()

    @property
    def old(self) -> bool:
        """Whether a version was agreed on that RFC 8996 forbids."""
        return self.version in {"SSLv3", "TLSv1", "TLSv1.1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Storage used and allowed, bytes (RFC 9208 counts in KiB)."""

    used: int
    limit: int
