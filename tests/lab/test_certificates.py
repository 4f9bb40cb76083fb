"""The lab's certificates, judged by OpenSSL at its strictest."""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from mailprobe.lab import CERTIFICATE_KINDS, BadCertificate
from mailprobe.lab.certificates import Authority
from mailprobe.model.errors import UsageError
from tests.lab.clients import Wire

if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.lab import ThreadedLab

COMPLAINTS = {
    "expired": "certificate has expired",
    "not_yet_valid": "certificate is not yet valid",
    "wrong_host": "Hostname mismatch",
    "self_signed": "self-signed certificate",
    "untrusted": "unable to get local issuer certificate",
    "missing_intermediate": "unable to get local issuer certificate",
    "weak_key": "EE certificate key too weak",
}


def test_every_kind_is_known() -> None:
    """The table of complaints covers every certificate fault."""
    assert set(COMPLAINTS) == set(CERTIFICATE_KINDS)
    with pytest.raises(UsageError, match="'rusty' is not one of expired"):
        BadCertificate("rusty")


def test_the_default_context_accepts_it(lab: ThreadedLab) -> None:
    """`ssl.create_default_context` with the lab's root has no complaint."""
    context = ssl.create_default_context(cafile=str(lab.ca_file))
    for service in ("submission", "imap"):
        endpoint = lab.endpoint("virgilio.test", service, "starttls")
        with Wire(lab, endpoint) as wire:
            if service == "imap":
                wire.line()
                wire.imap(b"STARTTLS")
            else:
                wire.smtp()
                wire.smtp(b"EHLO c")
                wire.smtp(b"STARTTLS")
            wire.sock = context.wrap_socket(wire.sock, server_hostname=endpoint.host)
            assert isinstance(wire.sock, ssl.SSLSocket)
            assert wire.sock.version() == "TLSv1.3"


@pytest.mark.parametrize("kind", CERTIFICATE_KINDS)
@pytest.mark.parametrize("service", ["submission", "imap"])
def test_bad_certificates(lab: ThreadedLab, service: str, kind: str) -> None:
    """Each bad certificate is refused, and for the reason it names."""
    bad = BadCertificate(kind, service=service, domain="libero.test")
    with lab.fault(bad):
        with pytest.raises(ssl.SSLCertVerificationError, match=COMPLAINTS[kind]):
            Wire(lab, lab.endpoint("libero.test", service))
        Wire(lab, lab.endpoint("virgilio.test", service)).close()
    Wire(lab, lab.endpoint("libero.test", service)).close()


def test_the_root_is_gone_afterwards() -> None:
    """The certificate file lives as long as the lab."""
    from mailprobe.lab import ThreadedLab  # noqa: PLC0415 - a lab of its own

    with ThreadedLab(["one.test"]) as lab:
        assert lab.ca_file.exists()
    assert not lab.ca_file.exists()


def test_plain(tmp_path: Path) -> None:
    """Without an intermediate authority a server's certificate holds all the same."""
    authority = Authority(tmp_path, ["imap.libero.test"], plain=True)
    client = ssl.create_default_context(cafile=authority.ca_file)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    served = authority.context().wrap_bio(to_server, to_client, server_side=True)
    asked = client.wrap_bio(to_client, to_server, server_hostname="imap.libero.test")
    for side in (asked, served, asked, served):
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
    assert asked.getpeercert()
    assert served.version() == "TLSv1.3"
