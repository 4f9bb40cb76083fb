"""An HTTP server on loopback that takes what is posted to it, or does not."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Hook:
    """
    What came, and how it is answered.

    Attributes:
        url: Where it listens.
        got: Path and body of each request, in order.
        answers: Status codes for the next requests; 204 when there are none.
        open: Requests are answered; cleared, they hang.
    """

    def __init__(self) -> None:
        self.url = ""
        self.got: SimpleQueue[tuple[str, bytes]] = SimpleQueue()
        self.answers: list[int] = []
        self.open = threading.Event()
        self.open.set()

    def next(self) -> tuple[str, bytes]:
        """Wait for a request."""
        return self.got.get(timeout=30)


@contextmanager
def hook() -> Iterator[Hook]:
    """Run a server until the block ends."""
    made = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            made.got.put((self.path, self.rfile.read(length)))
            made.open.wait(30)
            self.send_response(made.answers.pop(0) if made.answers else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - the name that the server asks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who hung up
    serve = partial(server.serve_forever, poll_interval=0.01)
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield made
    finally:
        made.open.set()
        server.shutdown()
        server.server_close()
        thread.join()
