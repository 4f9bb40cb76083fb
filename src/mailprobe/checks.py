"""Shortcuts: one check by a prober of its own, with everything at its default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.prober import (
    TIMEOUT,
    TIMEOUT_PROVIDER,
    TIMEOUT_TLS,
    TIMEOUT_TRIP,
    Prober,
)

if TYPE_CHECKING:
    from mailprobe.model.report import (
        ImapReport,
        MxReport,
        ProviderReport,
        SmtpReport,
        TlsReport,
        TripReport,
    )
    from mailprobe.model.target import Mailbox, Security, SecurityName
    from mailprobe.model.verdict import Check


async def check_mx(
    domain: str, *, connect: bool = False, timeout: float = TIMEOUT
) -> Check[MxReport]:
    """Ask who takes mail for a domain; see `Prober.mx`."""
    async with Prober() as prober:
        return await prober.mx(domain, connect=connect, timeout=timeout)


async def check_smtp(
    host: str,
    port: int = 25,
    *,
    security: SecurityName | Security | None = None,
    mailbox: Mailbox | None = None,
    timeout: float = TIMEOUT,
) -> Check[SmtpReport]:
    """Hold one SMTP conversation; see `Prober.smtp`."""
    async with Prober() as prober:
        return await prober.smtp(
            host, port, security=security, mailbox=mailbox, timeout=timeout
        )


async def check_imap(
    mailbox: Mailbox | str,
    port: int | None = None,
    *,
    security: SecurityName | Security | None = None,
    timeout: float = TIMEOUT,
) -> Check[ImapReport]:
    """Hold one IMAP conversation; see `Prober.imap`."""
    async with Prober() as prober:
        return await prober.imap(mailbox, port, security=security, timeout=timeout)


async def check_tls(
    host: str,
    port: int,
    *,
    security: SecurityName | Security | None = None,
    timeout: float = TIMEOUT_TLS,
) -> Check[TlsReport]:
    """Look at a certificate and handshake; see `Prober.tls`."""
    async with Prober() as prober:
        return await prober.tls(host, port, security=security, timeout=timeout)


async def check_round_trip(
    sender: Mailbox, recipient: Mailbox, *, timeout: float = TIMEOUT_TRIP
) -> Check[TripReport]:
    """Send one mail and time its arrival; see `Prober.round_trip`."""
    async with Prober() as prober:
        return await prober.round_trip(sender, recipient, timeout=timeout)


async def check_provider(
    name: str, mailbox: Mailbox | None = None, *, timeout: float = TIMEOUT_PROVIDER
) -> Check[ProviderReport]:
    """Try everything at one provider; see `Prober.provider`."""
    async with Prober() as prober:
        return await prober.provider(name, mailbox, timeout=timeout)
