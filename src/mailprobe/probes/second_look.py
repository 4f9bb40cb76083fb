"""What a second handshake tells, after one that failed: made without any trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.model.failure import Kind, Phase
from mailprobe.wire.trouble import TELLING

if TYPE_CHECKING:
    from mailprobe.model.report import TlsFacts
    from mailprobe.wire.recorder import Recorder

# How OpenSSL complains of keys, hashes and versions that it no longer accepts.
_WEAKNESS: Final = (
    "key too small",
    "key too weak",
    "md too weak",
    "unsupported protocol",
    "protocol version",
    "no protocols available",
    "no shared cipher",
    "handshake failure",
    "legacy sigalg",
)


def wanted(recorder: Recorder) -> bool:
    """Whether TLS failed in a way of which a second handshake tells more."""
    return any(s.failure and s.failure.kind in TELLING for s in recorder.steps)


def settle(recorder: Recorder, tls: TlsFacts | None) -> None:
    """
    Name the failure of the handshake exactly, by what the second one showed.

    A chain that is not trusted may just be incomplete. And where only old
    versions, or keys too weak for today, would do, TLS is weak and not broken.
    """
    ended = next((s.failure for s in recorder.steps if s.failure), None)
    if tls is None or tls.version is None or ended is None:
        return
    if ended.kind is Kind.TLS_UNTRUSTED and Kind.TLS_INCOMPLETE in tls.complaints:
        recorder.refine(Phase.TLS, Kind.TLS_INCOMPLETE)
    complaint = ended.detail.lower()
    weak = tls.old or any(word in complaint for word in _WEAKNESS)
    if ended.kind is Kind.TLS_HANDSHAKE and weak:
        recorder.refine(Phase.TLS, Kind.TLS_WEAK)
