"""The zones of the test domains, and a root above them so that nothing else exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.real.dnssec import SignedZone, sign
from tests.real.plan import NOBODY, NSD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.real.plan import Hosts, Plan

# Two seconds at most: a changed record must be seen within one test.
_HEAD = """\
$TTL 2
@ SOA ns.lab.test. hostmaster.lab.test. 1 3600 600 86400 1
@ NS ns.lab.test.
"""


def zones(plan: Plan, signed: Mapping[str, SignedZone]) -> dict[str, str]:
    """Return the text of each zone by its name (``.`` is the root)."""
    written = {hosts.domain: _mail_zone(hosts) for hosts in plan.all_hosts()}
    written |= _odd_zones(plan)
    delegations = "".join(f"{name}. NS ns.lab.test.\n" for name in (*written, *signed))
    glue = f"ns.lab.test. A {plan.at(NSD)}\n"
    texts = {name: _HEAD + text for name, text in written.items()}
    texts |= {name: zone.text for name, zone in signed.items()}
    return texts | {".": _HEAD + delegations + glue}


def signed_zones(plan: Plan) -> dict[str, SignedZone]:
    """Return two signed domains; the signature of one's MX record does not hold."""
    text = f"{_HEAD}@ MX 10 mx\nmx A {plan.hosts('posta.test').mx1}\n"
    return {
        "signed.test": sign("signed.test", text),
        "bogus.test": sign("bogus.test", text, forged_mx="mx1.posta.test"),
    }


def _mail_zone(hosts: Hosts) -> str:
    """Two MX hosts, submission, IMAP, and the services of RFC 6186 and 8314."""
    addresses = "".join(f"{name}. A {ip}\n" for name, ip in hosts.named().items())
    return (
        "@ MX 10 mx1\n@ MX 20 mx2\n"
        f"{addresses}"
        "probe A 127.0.0.1\n"
        "_submissions._tcp SRV 0 1 465 smtp\n_submission._tcp SRV 10 1 587 smtp\n"
        "_imaps._tcp SRV 0 1 993 imap\n_imap._tcp SRV 10 1 143 imap\n"
    )


def _odd_zones(plan: Plan) -> dict[str, str]:
    """Domains whose MX is not what it should be, each in one way."""
    posta, libero = plan.hosts("posta.test"), plan.hosts("libero.test")
    fleet = (posta.mx1, posta.mx2, libero.mx1, plan.at(NOBODY))
    return {
        "null-mx.test": "@ MX 0 .\n",
        "dangling-mx.test": "@ MX 10 gone.dangling-mx.test.\n",
        "cname-mx.test": "@ MX 10 alias\nalias CNAME mx1.posta.test.\n",
        "implicit-mx.test": f"@ A {posta.mx1}\n",
        # The dots are label dots: a name that only looks like an address.
        "literal-mx.test": f"@ MX 10 {posta.mx1}.\n",
        "no-data.test": '@ TXT "neither MX nor address"\n',
        # Four addresses behind one name; nobody listens on the last.
        "fleet.test": "@ MX 10 mx\n" + "".join(f"mx A {ip}\n" for ip in fleet),
    }
