"""A TLS handshake and nothing else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import ssl


class Handshake(asyncio.Protocol):
    """Shakes hands; what the service says afterwards is not listened to."""

    def __init__(self) -> None:
        """Begin; give it to `dial.attach`."""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = cast("asyncio.Transport", transport)

    @property
    def ssl_object(self) -> ssl.SSLObject | None:
        """The TLS connection; None before the handshake is done."""
        transport = self._transport
        return transport.get_extra_info("ssl_object") if transport else None

    def close(self) -> None:
        """Close at once; may be called at any time."""
        if self._transport is not None:
            self._transport.abort()
