"""An address that answers no connection attempt, on loopback."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# The lab's MX hosts lie just above 127.0.0.1; this one is out of their way.
ADDRESS: Final = "127.0.0.99"
# Linux takes one connection more than the backlog says, then drops SYNs.
CROWD: Final = 3


@contextmanager
def silent_address(port: int = 0) -> Iterator[str]:
    """Listen with a full queue: the kernel drops what else comes, as firewalls do."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, port))
        listener.listen(0)
        for _ in range(CROWD):
            caller = stack.enter_context(socket.socket())
            caller.settimeout(0)
            caller.connect_ex(listener.getsockname())
        yield ADDRESS
