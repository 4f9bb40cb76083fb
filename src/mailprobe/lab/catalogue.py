"""What a prober is told of the lab: a preset per domain, as of any provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.model.provider import Catalogue, Platform, Preset

if TYPE_CHECKING:
    from mailprobe.lab.world import Lab
    from mailprobe.model.target import SecurityName

PLATFORM: Final = "lab-platform"
LAST_CHECKED: Final = "2026-11-22"


def catalogue(lab: Lab) -> Catalogue:
    """Return a preset per domain, and the platform that the brands share."""
    shared = Platform(
        id=PLATFORM,
        name="the lab's shared platform",
        evidence=("one process serves both brands",),
    )
    return Catalogue(
        presets=tuple(_preset(lab, domain) for domain in lab.domains),
        platforms=(shared,) if lab.faults.brands else (),
    )


def _preset(lab: Lab, domain: str) -> Preset:
    label = domain.partition(".")[0]
    secured: tuple[SecurityName, ...] = ("tls", "starttls")
    return Preset(
        id=f"{label}-test",
        name=f"{label.capitalize()} (lab)",
        operator="the lab",
        platform=PLATFORM if domain in lab.faults.brands else f"{label}-test",
        domains=(domain,),
        mx=tuple(site.host for site in lab.mx_sites(domain)),
        mx_suffix=domain,
        smtp=tuple(lab.endpoint(domain, "submission", s) for s in secured),
        imap=tuple(lab.endpoint(domain, "imap", s) for s in secured),
        auth=("password", "oauth2"),
        sources=("the lab",),
        last_checked=LAST_CHECKED,
    )
