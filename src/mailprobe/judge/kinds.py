"""What every kind of failure means: one table for people, docs and verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mailprobe.model.failure import Kind
from mailprobe.model.verdict import Blame, Status

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """
    What a kind of failure means when nothing more special is known.

    Attributes:
        kind: The kind.
        meaning: What happened, as the end of a sentence that begins with the
            peer: "libero.it ...".
        status: The status it leads to.
        blame: Whose fault it usually is.
        advice: What to do next.
        source: The RFC section, or where the rule comes from.
        attempts: How many attempts must meet it before it counts. One proves
            what a server says or does in plain words; a lost packet and a
            connection that breaks can be anybody's, and are tried again.
    """

    kind: Kind
    meaning: str
    status: Status
    blame: Blame
    advice: str
    source: str
    attempts: int


_DOWN, _DEGRADED, _UNKNOWN = Status.DOWN, Status.DEGRADED, Status.UNKNOWN
_PROVIDER, _VANTAGE, _ACCOUNT = Blame.PROVIDER, Blame.VANTAGE, Blame.ACCOUNT
_SETUP, _PROBER, _UNCLEAR = Blame.SETUP, Blame.PROBER, Blame.UNCLEAR

_TABLE: Final = (
    # --- DNS ---
    (Kind.DNS_NXDOMAIN, "does not exist in DNS", _DOWN, _PROVIDER,
     "Check the spelling; if it is right, the domain's registration or zone is gone.",
     "RFC 2308 2.1"),
    (Kind.DNS_NO_DATA, "exists in DNS, but has no address", _DOWN, _PROVIDER,
     "Check the name; if it is right, its address records are missing.",
     "RFC 2308 2.2"),
    (Kind.DNS_SERVFAIL, "could not be looked up: the name servers failed (SERVFAIL)",
     _UNKNOWN, _UNCLEAR,
     "Ask another resolver; if it fails there too, the domain's own DNS is broken.",
     "RFC 1035 4.1.1, RFC 8914"),
    (Kind.DNS_BOGUS, "cannot be found by whoever validates: its DNSSEC does not hold",
     _DOWN, _PROVIDER,
     "Its zone must be signed anew; if all signed domains fail, our resolver is wrong.",
     "RFC 4035 5.5, RFC 8914 4"),
    (Kind.DNS_REFUSED, "was not looked up: our name server refused to answer",
     _UNKNOWN, _VANTAGE,
     "Use a name server that serves this machine (--nameserver).", "RFC 1035 4.1.1"),
    (Kind.DNS_TIMEOUT, "was not looked up: our name server did not answer",
     _UNKNOWN, _VANTAGE,
     "Check the network and the name server of this machine.", "RFC 1035 4.2.1"),
    (Kind.DNS_MALFORMED, "could not be looked up: the answer made no sense",
     _UNKNOWN, _UNCLEAR, "Ask another resolver.", "RFC 1035 4.1"),
    (Kind.MX_NULL, "says in DNS that it takes no mail at all (null MX)",
     _DOWN, _PROVIDER,
     "Nothing is broken; the domain's owner does not want mail for it.",
     "RFC 7505 3"),
    (Kind.MX_UNUSABLE, "names no host that mail could be sent to", _DOWN, _PROVIDER,
     "Its MX records must name hosts that have addresses.", "RFC 5321 5.1"),
    # --- TCP ---
    (Kind.TCP_REFUSED, "refused the connection", _DOWN, _PROVIDER,
     "The machine is up and nothing listens there: the service is stopped.",
     "RFC 9293 3.5.2"),
    (Kind.TCP_TIMEOUT, "did not answer the connection attempt", _UNKNOWN, _VANTAGE,
     "It may be our own firewall: try another host on this port, or another network.",
     "RFC 9293 3.8.3"),
    (Kind.TCP_RESET, "broke the connection off", _DOWN, _PROVIDER,
     "Try again; if it stays, a filter or a crash ends the connections.",
     "RFC 9293 3.5.2"),
    (Kind.TCP_UNREACHABLE, "cannot be reached from this network", _UNKNOWN, _VANTAGE,
     "There is no route from here (often IPv6): check our own network.", "RFC 1122"),
    # --- TLS ---
    (Kind.TLS_EXPIRED, "shows a certificate that has expired", _DOWN, _PROVIDER,
     "The operator must renew the certificate; mail programs refuse it.",
     "RFC 5280 4.1.2.5"),
    (Kind.TLS_NOT_YET_VALID, "shows a certificate that is not valid yet",
     _DOWN, _PROVIDER,
     "Check the clock of this machine; if it is right, the certificate is wrong.",
     "RFC 5280 4.1.2.5"),
    (Kind.TLS_WRONG_HOST, "shows a certificate for another name", _DOWN, _PROVIDER,
     "Check the host name; if it is right, the operator serves the wrong certificate.",
     "RFC 9525 6"),
    (Kind.TLS_SELF_SIGNED, "shows a certificate that nobody vouches for",
     _DOWN, _PROVIDER,
     "For a private server give its CA (--ca-file); a public one must use a public CA.",
     "RFC 5280 6.1"),
    (Kind.TLS_UNTRUSTED, "shows a certificate whose issuer is not trusted",
     _DOWN, _PROVIDER,
     "A private CA is given with --ca-file; a public one must be one that all trust.",
     "RFC 5280 6.1"),
    (Kind.TLS_INCOMPLETE, "shows a certificate without the one that vouches for it",
     _DOWN, _PROVIDER,
     "The operator must add the intermediate; a private CA is given with --ca-file.",
     "RFC 8446 4.4.2"),
    (Kind.TLS_WEAK, "offers only weak TLS: old programs connect, current ones refuse",
     _DEGRADED, _PROVIDER,
     "It must allow TLS 1.2 with strong keys; until then no password is sent there.",
     "RFC 8996, RFC 9325 4"),
    (Kind.TLS_HANDSHAKE, "failed to agree on TLS", _DOWN, _PROVIDER,
     "Its TLS set-up is broken.", "RFC 8446 4"),
    (Kind.TLS_TIMEOUT, "fell silent during the TLS handshake", _DOWN, _PROVIDER,
     "Try again; if it stays, its TLS front end hangs.", "RFC 8446 4"),
    (Kind.SECURITY_MISMATCH, "is spoken to in the wrong security mode: it is swapped",
     _UNKNOWN, _SETUP,
     "Try starttls in place of tls, or tls in place of starttls; or the other port.",
     "RFC 8314 3"),
    (Kind.STARTTLS_NOT_OFFERED, "does not offer STARTTLS", _DOWN, _PROVIDER,
     "No password is sent without TLS; the operator must offer it.", "RFC 3207 4"),
    (Kind.STARTTLS_INJECTION, "sent text in clear behind its answer to STARTTLS",
     _DOWN, _PROVIDER,
     "Its software is faulty, or somebody in between adds text: use 465 or 993.",
     "RFC 3207 4.2"),
    # --- SMTP ---
    (Kind.GREETING_TIMEOUT, "accepted the connection and never greeted",
     _DOWN, _PROVIDER, "The service hangs behind its open port.",
     "RFC 5321 4.5.3.2.1"),
    (Kind.SMTP_TEMPORARY, "refused for now", _DEGRADED, _PROVIDER,
     "Try again in a few minutes.", "RFC 5321 4.2.1"),
    (Kind.SMTP_PERMANENT, "refused", _DOWN, _PROVIDER,
     "Its answer says why; the operator must mend it.", "RFC 5321 4.2.1"),
    (Kind.SMTP_PROTOCOL, "did not speak SMTP as it should", _DOWN, _PROVIDER,
     "Check host and port; if they are right, its software is faulty.",
     "RFC 5321 4.2"),
    (Kind.AUTH_REFUSED, "refused the login", _UNKNOWN, _ACCOUNT,
     "Check the password by hand once; do not try again and again.",
     "RFC 4954 6, RFC 5530 3"),
    (Kind.AUTH_UNAVAILABLE, "cannot check logins now", _DOWN, _PROVIDER,
     "The provider's authentication is down; passwords need not be changed.",
     "RFC 4954 6, RFC 5530 3"),
    (Kind.AUTH_NOT_OFFERED, "offers no login that we can use", _UNKNOWN, _SETUP,
     "Check the port, and whether this provider wants a token instead of a password.",
     "RFC 4954 3"),
    (Kind.CREDENTIAL_MISSING, "was not logged in to: there is no password or token",
     _UNKNOWN, _SETUP, "Give the mailbox its secret.", "mailprobe"),
    (Kind.TARGET_UNUSABLE, "was not looked at: it cannot be meant as it is described",
     _UNKNOWN, _SETUP, "Mend the target's description.", "mailprobe"),
    # --- IMAP ---
    (Kind.IMAP_BYE, "closed the session with a word of its own", _DOWN, _PROVIDER,
     "Its text says why.", "RFC 9051 7.1.5"),
    (Kind.IMAP_NO, "refused", _DOWN, _PROVIDER,
     "Login works and the mailbox does not: storage is the usual cause.",
     "RFC 9051 7.1.2, RFC 5530 3"),
    (Kind.IMAP_BAD, "did not understand a regular command", _DOWN, _PROVIDER,
     "Its software is faulty or very old.", "RFC 9051 7.1.3"),
    (Kind.IMAP_PROTOCOL, "did not speak IMAP as it should", _DOWN, _PROVIDER,
     "Check host and port; if they are right, its software is faulty.",
     "RFC 9051 2.2"),
    # --- any conversation ---
    (Kind.PEER_CLOSED, "closed the connection without a word", _DOWN, _PROVIDER,
     "Try again; if it stays, a filter or a crash ends the sessions.",
     "RFC 5321 3.8"),
    (Kind.REPLY_TIMEOUT, "fell silent", _DOWN, _PROVIDER,
     "The service hangs; nothing can be done from here.", "RFC 5321 4.5.3.2"),
    (Kind.TIMED_OUT, "had not answered when our own time was up", _UNKNOWN, _UNCLEAR,
     "Allow more time (--timeout): a slow answer is not an outage.", "mailprobe"),
    # --- delivery ---
    (Kind.SUBMISSION_UNCONFIRMED, "took the mail and never said whether it keeps it",
     _UNKNOWN, _UNCLEAR, "Look for the mail later; it is not sent again.",
     "RFC 1047, RFC 5321 4.2.5"),
    (Kind.CANARY_MISSING, "accepted the mail and did not deliver it in time",
     _DOWN, _PROVIDER,
     "It may still come: look again later; what was accepted is the provider's debt.",
     "RFC 5321 4.2.5, 4.5.4.1"),
    # --- ourselves ---
    (Kind.BUG, "was not judged: mailprobe itself failed", _UNKNOWN, _PROBER,
     "Report it with the traceback that stands in the report.", "mailprobe"),
    (Kind.UNKNOWN, "failed in a way that has no name yet", _UNKNOWN, _UNCLEAR,
     "Report it: every failure should have a name.", "mailprobe"),
)  # fmt: skip

_TWICE: Final = frozenset(
    {Kind.TCP_TIMEOUT, Kind.TCP_RESET, Kind.TLS_HANDSHAKE, Kind.PEER_CLOSED}
)

KINDS: Final[Mapping[Kind, Explanation]] = {
    kind: Explanation(
        kind=kind,
        meaning=meaning,
        status=status,
        blame=blame,
        advice=advice,
        source=source,
        attempts=2 if kind in _TWICE else 1,
    )
    for kind, meaning, status, blame, advice, source in _TABLE
}
