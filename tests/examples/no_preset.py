"""A mailbox whose hosts are given by hand."""

from __future__ import annotations

# --8<-- [start:example]
import mailprobe


def mailbox(address: str, password: str, host: str) -> mailprobe.Mailbox:
    """Describe a mailbox on a server that no preset knows."""
    return mailprobe.Mailbox(
        address,
        password=mailprobe.Secret(password),
        imap=mailprobe.Endpoint(host, 993, "tls"),
        smtp=mailprobe.Endpoint(host, 587, "starttls"),
    )


# --8<-- [end:example]
