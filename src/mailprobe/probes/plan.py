"""Where a mailbox is served, and what there is to be tried at a provider."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mailprobe.mail.domain import ascii_domain
from mailprobe.model.errors import UsageError
from mailprobe.model.target import Mailbox, Security
from mailprobe.probes.discover import discover

if TYPE_CHECKING:
    from mailprobe.model.provider import Catalogue, Preset
    from mailprobe.model.target import DispatchTarget, Endpoint
    from mailprobe.probes.vantage import Vantage


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    What there is to be tried.

    Attributes:
        preset: The id of the preset it comes from; None without one.
        domain: The mail domain, for MX; None if unknown.
        submission: Submission services; the login is tried at the first.
        imap: IMAP services; the login is tried at the first.
        mailbox: The canary, if there is one.
        presets: Where providers' own words are looked up.
    """

    preset: str | None
    domain: str | None
    submission: tuple[Endpoint, ...]
    imap: tuple[Endpoint, ...]
    mailbox: Mailbox | None
    presets: Catalogue


async def make_plan(
    vantage: Vantage, catalogue: Catalogue, name: str, mailbox: Mailbox | None
) -> Plan:
    """
    Find out what can be tried at a provider.

    Raises:
        UsageError: If the name is no preset and no domain, or the mailbox has
            no secret or its hosts cannot be found.
    """
    preset = catalogue.find(name)
    if preset is None and "." not in name.strip("."):
        preset = catalogue.get(name)  # raises, with the nearest names
    if preset is not None:
        smtp, imap = preset.smtp, preset.imap
    else:
        published = await discover(vantage.resolver, ascii_domain(name))
        smtp, imap = published.smtp, published.imap
    if mailbox is not None:
        check_ascii(mailbox)
        base = preset.complete(mailbox) if preset else mailbox
        base, at = await place(vantage, catalogue, base, "smtp")
        smtp = _first(at, smtp)
        mailbox, at = await place(vantage, catalogue, base, "imap")
        imap = _first(at, imap)
    return Plan(
        preset=preset.id if preset else None,
        domain=_mail_domain(name, preset, mailbox),
        submission=smtp,
        imap=imap,
        mailbox=mailbox,
        presets=catalogue,
    )


async def place(
    vantage: Vantage,
    catalogue: Catalogue,
    mailbox: Mailbox,
    service: Literal["smtp", "imap"],
) -> tuple[Mailbox, Endpoint]:
    """
    Find where a mailbox is served: as given, by its preset, by SRV records.

    Returns:
        The mailbox with that endpoint filled in, and the endpoint.

    Raises:
        UsageError: If nothing is known, or a login there is out of the question.
    """
    whole = catalogue.complete(mailbox)
    at = whole.smtp if service == "smtp" else whole.imap
    if at is None:
        domain = ascii_domain(mailbox.domain)
        published = await discover(vantage.resolver, domain)
        found = published.smtp if service == "smtp" else published.imap
        if not found:
            srv = "its SRV records could not be looked up ({})"
            why = (
                srv.format(published.trouble) if published.trouble else "no SRV record"
            )
            message = (
                f"nothing is known of where {mailbox.address} is served: {domain} has "
                f"no preset, and {why}; give its host ({service}=Endpoint(...), or "
                f"{service} = {{ host = ... }} in mailprobe.toml)"
            )
            raise UsageError(message)
        at = found[0]
        sends = service == "smtp"
        whole = replace(whole, smtp=at) if sends else replace(whole, imap=at)
    check_login(whole, at.security)
    return whole, at


def check_login(mailbox: Mailbox, security: str) -> None:
    """
    Make sure that a login can be tried and is protected.

    Raises:
        UsageError: If there is no secret, or no TLS to carry it.
    """
    if mailbox.password is None and mailbox.token is None:
        message = f"mailbox {mailbox.address} has no password and no token"
        raise UsageError(message)
    if security == Security.NONE:
        message = (
            f"mailbox {mailbox.address} would log in without TLS; "
            'use security "tls" or "starttls"'
        )
        raise UsageError(message)


def check_ascii(mailbox: Mailbox) -> None:
    """
    Make sure that canary mail can be sent to and from a mailbox.

    Raises:
        UsageError: If its address needs SMTPUTF8 (RFC 6531).
    """
    if not mailbox.address.isascii():
        message = (
            f"mailbox {mailbox.address!r} is not plain ASCII; canary mail is not sent "
            "to international addresses"
        )
        raise UsageError(message)


def check_letter(target: DispatchTarget) -> None:
    """
    Make sure that a canary can be sent as it is addressed.

    Raises:
        UsageError: If an address needs SMTPUTF8 (RFC 6531), or the mailbox is
            not that of its sender.
    """
    for address in (target.sender, target.recipient):
        check_ascii(Mailbox(address))
    box = target.mailbox
    if box is not None and box.address.lower() != target.sender.lower():
        message = (
            f"the canary is from {target.sender}, and cannot be sent by "
            f"{box.address}; mint it for that sender"
        )
        raise UsageError(message)


def _first(chosen: Endpoint, others: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    return (chosen, *(other for other in others if other != chosen))


def _mail_domain(
    name: str, preset: Preset | None, mailbox: Mailbox | None
) -> str | None:
    if mailbox is not None:
        return ascii_domain(mailbox.domain)
    if preset is None or name.strip(".").lower() in preset.domains:
        return ascii_domain(name)
    return preset.domains[0] if preset.domains else None
