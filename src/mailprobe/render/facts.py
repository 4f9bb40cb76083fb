"""The facts of each report that a person wants to see, as label and text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mailprobe.model.dispatch import DispatchReport
from mailprobe.model.report import (
    ImapReport,
    MxReport,
    Report,
    SmtpReport,
    TlsFacts,
    TlsReport,
    TripReport,
)
from mailprobe.model.visit import VisitReport
from mailprobe.render.clean import short, visible
from mailprobe.render.spans import Look, Span, seconds
from mailprobe.render.steps import told

Fact = tuple[str, str]
"""A label and its text, not yet cleaned."""

MEBI: Final = 1024 * 1024
CELL_MAX: Final = 46  # an IPv6 address has 39, a long MX host name some 40


def facts_of(report: Report, look: Look) -> Iterator[Fact]:
    """Yield the facts worth a line; what is not known is left out."""
    if isinstance(report, SmtpReport):
        yield from _smtp(report)
    elif isinstance(report, ImapReport):
        yield from _imap(report)
    elif isinstance(report, TlsReport):
        yield from _tls(report.tls, detailed=True)
    elif isinstance(report, TripReport):
        yield from _trip(report, look)
    elif isinstance(report, DispatchReport):
        yield from _dispatch(report)
    elif isinstance(report, VisitReport):
        yield from _visit(report)


def mx_rows(report: MxReport) -> list[list[Span]]:
    """Return the table of MX hosts, one row per address."""
    rows: list[list[Span]] = []
    for host in report.hosts:
        name = host.name + (f" (alias of {host.alias_of})" if host.alias_of else "")
        head: list[Span] = [("", f"{host.preference:>4}"), ("", _cell(name))]
        if host.failure or not host.addresses:
            why = told(host.failure) if host.failure else "no address"
            rows.append([*head, ("bad", why)])
        for address in host.addresses:
            row = [*head, ("", _cell(address.address))]
            if address.failure:
                row.append(("bad", told(address.failure)))
            elif address.answered:
                took = seconds(address.took) if address.took is not None else ""
                row.append(("good", f"answers {took}".strip()))
            else:
                row.append(("faint", f"ttl {address.ttl} s"))
            rows.append(row)
            head = [("", ""), ("", "")]
    if report.delivery == "refused":
        rows.append([("", "   0"), ("", "."), ("", "null MX: takes no mail")])
    elif report.delivery == "implicit" and rows:
        rows.append([("", ""), ("faint", "implicit MX: the domain itself")])
    return rows


def _cell(text: str) -> str:
    return short(visible(text), CELL_MAX)


def _smtp(report: SmtpReport) -> Iterator[Fact]:
    yield from _tls(report.tls)
    if report.auth_mechanisms:
        yield "login by", " ".join(report.auth_mechanisms)
    if report.authenticated is not None:
        worked = "accepted" if report.authenticated else "not accepted"
        by = f" ({report.auth_mechanism})" if report.auth_mechanism else ""
        yield "login", worked + by
    if report.size_limit is not None:
        limit = f"{report.size_limit / MEBI:.1f} MiB" if report.size_limit else "none"
        yield "size limit", limit
    yield from _capabilities(report.capabilities, skip=("SIZE", "AUTH"))


def _imap(report: ImapReport) -> Iterator[Fact]:
    yield from _tls(report.tls)
    if report.server_id:
        yield "server", ", ".join(f"{key} {value}" for key, value in report.server_id)
    if report.authenticated is not None:
        worked = "accepted" if report.authenticated else "not accepted"
        by = f" ({report.auth_mechanism})" if report.auth_mechanism else ""
        yield "login", worked + by
    if report.inbox and report.inbox.messages is not None:
        yield "inbox", f"{report.inbox.messages} messages"
    if report.quota:
        used, limit = report.quota.used / MEBI, report.quota.limit / MEBI
        yield "quota", f"{used:.1f} of {limit:.1f} MiB used"
    if report.folders:
        yield "folders", ", ".join(f"{f.role}: {f.name}" for f in report.folders)
    for alert in report.alerts:
        yield "alert", alert
    yield from _capabilities(report.capabilities, skip=("AUTH=",))


def _capabilities(names: tuple[str, ...], skip: tuple[str, ...]) -> Iterator[Fact]:
    kept = [name for name in names if not name.upper().startswith(skip)]
    if kept:
        yield "offers", " ".join(name.split()[0] for name in kept if name.split())


def _tls(tls: TlsFacts | None, *, detailed: bool = False) -> Iterator[Fact]:
    if tls is None:
        return
    if tls.version:
        trust = "verified" if tls.verified else "NOT verified"
        yield "tls", ", ".join(filter(None, (tls.version, tls.cipher, trust)))
    certificate = tls.certificate
    if certificate is None:
        return
    ends = f"until {certificate.not_after:%Y-%m-%d}"
    if tls.days_left is not None:
        left = tls.days_left
        ends = f"{left} days left" if left >= 0 else f"ended {-left} days ago"
    yield "certificate", f"{certificate.subject}, by {certificate.issuer}, {ends}"
    if not detailed:
        return
    yield "names", ", ".join(certificate.names) or "none"
    start, end = certificate.not_before, certificate.not_after
    yield "valid", f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
    signed = f", signed with {certificate.signature}" if certificate.signature else ""
    yield "key", certificate.key + signed
    yield "sha256", certificate.sha256
    for number, link in enumerate(tls.chain[1:], start=1):
        yield f"chain {number}", f"{link.subject}, by {link.issuer}"


def _trip(report: TripReport, look: Look) -> Iterator[Fact]:
    if report.transit is not None:
        late = report.visible_error
        error = f" (seen at most {seconds(late)} late)" if late is not None else ""
        yield "transit", seconds(report.transit) + error
    if report.acceptance is not None and report.acceptance_to_sight is not None:
        there = seconds(report.acceptance_to_sight)
        yield "of which", f"accepted after {seconds(report.acceptance)}, then {there}"
    elif report.acceptance is not None:
        yield "accepted", f"after {seconds(report.acceptance)}"
    if report.notified is not None:
        yield "notified", f"after {seconds(report.notified)} (IDLE)"
    if report.landed:
        copies = f", {report.copies} copies" if report.copies > 1 else ""
        folder = report.folder or ""
        where = f" ({folder})" if folder.lower() != report.landed else ""
        yield "landed", f"{report.landed}{where}{copies}"
    elif report.waited is not None:
        yield "watched", f"for {seconds(report.waited)}, not seen"
    if report.authentication_results:
        pairs = report.authentication_results
        yield (
            "auth results",
            ", ".join(f"{method} {result}" for method, result in pairs),
        )
    if report.hops:
        path = [report.hops[0].sender, *(hop.by for hop in report.hops)]
        yield "path", f" {look.arrow} ".join(filter(None, path))
    if report.foreign:
        yield "foreign", f"{report.foreign} canary mails that are not of this trip"


def _dispatch(report: DispatchReport) -> Iterator[Fact]:
    yield "outcome", report.outcome.replace("_", " ")
    if report.server:
        yield "server", report.server
    if report.acceptance is not None:
        yield "accepted", f"after {seconds(report.acceptance)}"
    for failure in report.passed_over:
        yield "passed over", told(failure)


def _visit(report: VisitReport) -> Iterator[Fact]:
    yield "access", report.access
    for folder in report.folders:
        count = "?" if folder.messages is None else folder.messages
        more = ", more next time" if folder.more else ""
        unread = f", {folder.unread} unreadable" if folder.unread else ""
        what = told(folder.failure) if folder.failure else f"{count} mails"
        looked = f", {folder.looked} new{unread}{more}"
        yield "folder", f"{folder.name}: {what}{looked}"
    for sighting in report.sightings:
        yield "canary", f"{sighting.token} in {sighting.folder}"
    for bounce in report.returns:
        yield "bounce", f"{bounce.token} {bounce.action} {bounce.status or ''}".rstrip()
    for token in report.missing if report.waited is not None else ():
        yield "missing", token
    for one in report.sentinels:
        state = {True: "found", False: "gone", None: one.trouble}[one.found]
        altered = f", other {', '.join(one.changed)}" if one.changed else ""
        yield "old mail", f"UID {one.was.uid} in {one.was.folder}: {state}{altered}"
