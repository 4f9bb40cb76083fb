"""What goes wrong with certificates, with TLS and in DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe import Limits
from mailprobe.lab import (
    BadCertificate,
    DnsRefused,
    DnsStall,
    Drop,
    Raw,
    Servfail,
    Withhold,
)
from tests.real import faults
from tests.real.faults import DOMAIN
from tests.real.scenario import (
    PATIENCE,
    Ending,
    Probe,
    Scenario,
    healthy,
    imap,
    in_clear,
    mx,
    relay,
    says,
    submission,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.real.certificates import Flaw
    from tests.real.world import RealWorld


def tls() -> list[Scenario]:
    """Show bad certificates, or fail to begin TLS."""
    flaws: list[tuple[Flaw, str]] = [
        ("expired", "tls_expired"),
        ("not_yet_valid", "tls_not_yet_valid"),
        ("wrong_host", "tls_wrong_host"),
        ("self_signed", "tls_self_signed"),
        ("missing_intermediate", "tls_incomplete"),
        ("untrusted", "tls_untrusted"),
    ]

    def certificate(
        name: str,
        service: str,
        make: Callable[[RealWorld, Flaw], AbstractContextManager[None]],
        probe: Probe,
        flaw: tuple[Flaw, str],
        status: str = "down",
    ) -> Scenario:
        twin = BadCertificate(flaw[0], service=service, domain=DOMAIN)
        return Scenario(
            name=f"{flaw[0]}-{name}",
            fault=lambda world: make(world, flaw[0]),
            probe=probe,
            ending=(status, "provider", "tls", flaw[1]),
            finding="refused_certificate",
            twins=(twin,),
        )

    smtp, imaps = faults.smtp_certificate, faults.imap_certificate
    local = "4.7.0 TLS not available due to local problem"
    return [
        *(certificate("465", "submission", smtp, submission(), one) for one in flaws),
        certificate("587", "submission", smtp, submission("starttls"), flaws[0]),
        *(certificate("25", "mx", smtp, relay, one, "degraded") for one in flaws[::2]),
        *(certificate("993", "imap", imaps, imap(), one) for one in flaws[:5]),
        certificate("143", "imap", imaps, imap("starttls"), flaws[0]),
        Scenario(
            name="key-unreadable-25",
            fault=faults.key_unreadable,
            probe=relay,
            ending=("degraded", "provider", "starttls", "smtp_temporary"),
            twins=says("mx", "STARTTLS", 454, local),
        ),
        Scenario(
            name="key-unreadable-465",
            fault=faults.key_unreadable,
            probe=submission(),
            ending=("down", "provider", "tls", "tls_handshake"),
            twins=(Drop("TLS", service="submission", domain=DOMAIN),),
        ),
        Scenario(
            name="chain-unreadable-465",
            fault=faults.chain_unreadable,
            probe=submission(),
            ending=("down", "provider", "tls", "tls_handshake"),
        ),
        Scenario(
            name="starttls-not-offered",
            fault=faults.without_starttls,
            probe=relay,
            ending=("degraded", "provider", "starttls", "starttls_not_offered"),
            twins=(Withhold("STARTTLS", service="mx", domain=DOMAIN),),
        ),
        Scenario(
            name="modes-swapped",
            fault=faults.modes_swapped,
            probe=submission(),
            ending=("unknown", "setup", "tls", "security_mismatch"),
            twins=(Raw("TLS", b"220 smtp\r\n", service="submission", domain=DOMAIN),),
        ),
        *(
            Scenario(
                name=f"greeting-awaited-in-clear-{service}",
                fault=healthy,
                probe=in_clear(service),
                ending=("unknown", "setup", "greeting", "security_mismatch"),
                twins=(),
                limits=Limits(greeting_usual=0.2),
            )
            for service in ("submission", "imap")
        ),
        Scenario(
            name="weak-key-993",
            fault=faults.imap_weak_key,
            probe=imap(),
            ending=("degraded", "provider", "tls", "tls_weak"),
            finding="refused_certificate",
            twins=(BadCertificate("weak_key", service="imap", domain=DOMAIN),),
        ),
    ]


def names() -> list[Scenario]:
    """Fail in DNS, in every way."""

    def always(name: str, domain: str, ending: Ending) -> Scenario:
        return Scenario(name=name, fault=healthy, probe=mx(domain), ending=ending)

    return [
        Scenario(
            name="servfail",
            fault=lambda w: w.names.servfail(DOMAIN),
            probe=mx(),
            ending=("unknown", "unclear", "dns", "dns_servfail"),
            twins=(Servfail(DOMAIN),),
        ),
        Scenario(
            name="servfail-imap",
            fault=lambda w: w.names.servfail(DOMAIN),
            probe=imap(),
            ending=("unknown", "unclear", "dns", "dns_servfail"),
            twins=(Servfail(DOMAIN),),
        ),
        Scenario(
            name="resolver-refuses",
            fault=lambda w: w.names.refused(DOMAIN),
            probe=mx(),
            ending=("unknown", "vantage", "dns", "dns_refused"),
            twins=(DnsRefused(DOMAIN),),
        ),
        Scenario(
            name="domain-silent",
            fault=lambda w: w.names.timeout(DOMAIN),
            probe=mx(),
            ending=("unknown", "vantage", "dns", "dns_timeout"),
            twins=(DnsStall(DOMAIN),),
            limits=Limits(dns=PATIENCE, dns_try=PATIENCE / 4),
        ),
        Scenario(
            name="resolver-silent",
            fault=lambda w: w.names.frozen(),
            probe=mx(),
            ending=("unknown", "vantage", "dns", "dns_timeout"),
            twins=(DnsStall(),),
            limits=Limits(dns=PATIENCE, dns_try=PATIENCE / 4),
        ),
        always("dnssec-bogus", "bogus.test", ("down", "provider", "dns", "dns_bogus")),
        always("nxdomain", "gone.test", ("down", "provider", "dns", "dns_nxdomain")),
        always(
            "dangling-mx",
            "dangling-mx.test",
            ("down", "provider", "dns", "dns_nxdomain"),
        ),
        always("null-mx", "null-mx.test", ("down", "provider", "dns", "mx_null")),
    ]
