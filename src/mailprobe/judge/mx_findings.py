"""What is worth saying about the MX hosts of a domain, beside the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.mail.mx import confined
from mailprobe.model.failure import Kind
from mailprobe.model.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.model.provider import Preset
    from mailprobe.model.report import MxAddress, MxHost, MxReport


def mx_findings(report: MxReport, preset: Preset | None) -> Iterator[Finding]:
    """Yield the findings of one MX check, in a stable order."""
    if report.delivery == "implicit" and any(h.addresses for h in report.hosts):
        text = "There is no MX record; senders use the domain's own address."
        yield Finding("implicit_mx", text)
    if report.null_mx_beside:
        text = "A null MX stands beside other MX records, against RFC 7505 3."
        yield Finding("null_mx_beside_others", text)
    if preset is not None:
        yield from _drift(report, preset)
    for host in report.hosts:
        yield from _host(host)
    yield from _preferences(report)
    yield from _families(report)


def _drift(report: MxReport, preset: Preset) -> Iterator[Finding]:
    """Compare with what the provider is known to publish (a migration shows here)."""
    known = preset.mx_suffix or ", ".join(preset.mx)
    new = [host.name for host in report.hosts if not preset.expects_mx(host.name)]
    if known and new and report.delivery == "explicit":
        text = (
            f"{report.target.domain} names {_listed(new)}, which is not under {known} "
            f"as known on {preset.last_checked}."
        )
        yield Finding("mx_changed", text)


def _host(host: MxHost) -> Iterator[Finding]:
    if host.alias_of:
        text = f"{host.name} is an alias of {host.alias_of}, against RFC 2181 10.3."
        yield Finding("mx_alias", text)
    if host.failure:
        text = f"{host.name} has no usable address ({host.failure.kind})."
        yield Finding("mx_dangling", text)
    for entry in host.addresses:
        if confined(entry.address) == "private":
            text = f"{host.name} has the private address {entry.address}."
            yield Finding("mx_private_address", text)
        if entry.failure:
            text = f"{host.name} [{entry.address}]: {entry.failure}."
            yield Finding("mx_address_failed", text)
        elif entry.earlier:
            text = f"{host.name} [{entry.address}] failed once ({entry.earlier[0]})."
            yield Finding("passing_failure", text)


def _preferences(report: MxReport) -> Iterator[Finding]:
    """Say who is hit while others answer (RFC 5321 5.1: best preference first)."""
    tried = [h for h in report.hosts if any(_tried(e) for e in h.addresses)]
    dead = [host for host in tried if not any(e.answered for e in host.addresses)]
    if not dead or len(dead) == len(tried):
        return
    best = min(host.preference for host in report.hosts)
    first = [host for host in report.hosts if host.preference == best]
    lost = [host.name for host in dead if host.preference == best]
    if len(lost) == len(first):
        text = f"{_listed(lost)}, tried first by every sender, does not answer."
        yield Finding("mx_preferred_down", text)
    elif lost:
        text = (
            f"{_listed(lost)}, one of {len(first)} hosts of equal preference, does not "
            "answer: that share of senders meets it first."
        )
        yield Finding("mx_equal_down", text)


def _families(report: MxReport) -> Iterator[Finding]:
    """Tell IPv4 from IPv6 where one of them does not answer at all."""
    entries = [e for host in report.hosts for e in host.addresses if _tried(e)]
    four = [entry for entry in entries if ":" not in entry.address]
    six = [entry for entry in entries if ":" in entry.address]
    pairs = (("IPv4", four, "IPv6", six), ("IPv6", six, "IPv4", four))
    for name, these, other, those in pairs:
        up = sum(bool(entry.answered) for entry in those)
        if these and not any(entry.answered for entry in these) and up:
            text = (
                f"None of the {len(these)} {name} addresses answers; of {other}, {up} "
                f"of {len(those)} do."
            )
            yield Finding("mx_family_down", text)


def _tried(entry: MxAddress) -> bool:
    """Whether it was dialled, and there was a way to it from here."""
    lost = entry.failure is not None and entry.failure.kind is Kind.TCP_UNREACHABLE
    return entry.answered is not None and not lost


def _listed(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
