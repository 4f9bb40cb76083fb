"""Outages and oddities that no lab on one machine can show."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mailprobe.model.bookmark import Sentinel
from mailprobe.model.dispatch import HandOver
from mailprobe.model.failure import Kind, Phase, Reply
from mailprobe.model.report import Hop, Quota, Report, TlsFacts, TripReport
from mailprobe.model.visit import SentinelRead
from tests.golden.made import (
    GOOD,
    PROBER,
    Made,
    dispatch,
    failed,
    imap,
    mx,
    refused,
    relay,
    smtp,
    trip,
    visit,
)
from tests.golden.steady import AT

_TIMEOUT: Final = failed(
    Kind.TCP_TIMEOUT, Phase.TCP, detail="nothing within the 10 s allowed for it"
)
_ROUTE: Final = failed(Kind.TCP_UNREACHABLE, Phase.TCP, detail="Network is unreachable")
_REFUSED: Final = failed(Kind.TCP_REFUSED, Phase.TCP, detail="Connection refused")
_LISTED: Final = refused(
    Phase.GREETING, Reply(554, "5.7.1", "blocked using zen.spamhaus.org")
)
_WEAK: Final = failed(Kind.TLS_WEAK, Phase.TLS, detail="dh key too small")
_MISSING: Final = failed(
    Kind.CANARY_MISSING, Phase.TRANSIT, detail="not seen within 300 s"
)


def _arrived(sender: str, recipient: str, *, visible: float = 2.5) -> TripReport:
    """Return a mail that arrived; more by `dataclasses.replace`."""
    return replace(
        trip(sender, recipient),
        sender_authenticated=True,
        recipient_authenticated=True,
        accepted=Reply(250, "2.0.0", "Ok: queued as 0"),
        acceptance=0.2,
        visible=visible,
        visible_error=0.1,
        notified=visible,
        idle=True,
        landed="inbox",
        folder="INBOX",
        copies=1,
        deleted=True,
        waited=visible,
    )


def _kind(kind: Kind, phase: Phase, detail: str = "", took: float = 0.01) -> Report:
    """Return the report of a conversation that ended in such a failure."""
    failure = failed(kind, phase, detail=detail)
    if phase in {Phase.LOGIN, Phase.SELECT}:
        return imap("ada@libero.it", failure, took=took)
    return smtp("ada@libero.it", failure, took=took, tls=None)


def late(report: Report, *, lag: float, control: bool | None = None) -> Report:
    """Return a report of a sweep that was late itself, or had lost its network."""
    return replace(report, prober=replace(PROBER, lag=lag, control=control))


_MX: Final = (
    ("january-2023-control-answers", "nobody answers, and the control target does",
     replace(mx("libero.it", "smtp-in.libero.it", _TIMEOUT, _TIMEOUT), control=True)),
    ("january-2023-control-silent", "nobody answers, nor does the control target",
     replace(mx("libero.it", "smtp-in.libero.it", _TIMEOUT, _TIMEOUT), control=False)),
    ("january-2023-no-control", "nobody answers, and there is no control target",
     mx("libero.it", "smtp-in.libero.it", _TIMEOUT, _TIMEOUT)),
    ("no-ipv6-here", "an address that we have no route to says nothing",
     mx("orange.fr", "smtp-in.orange.fr", None, _ROUTE)),
    ("one-of-three-silent", "one address of three does not answer",
     mx("tiscali.it", "etb.mail.tiscali.it", None, _TIMEOUT, None)),
    ("one-listed-one-refused", "one refuses us, the other one everybody",
     mx("tim.it", "mx.tim.it", _LISTED, _REFUSED)),
    ("listed-and-silent", "one refuses us, and the other is silent",
     mx("tim.it", "mx.tim.it", _LISTED, _TIMEOUT)),
)  # fmt: skip

_SERVICES: Final = (
    ("postscreen-waits", "a banner held back is a finding, not an outage",
     relay("mx.example.org", None, took=15.0)),
    ("tarpit-on-25", "our own time ended while a relay held its banner back",
     relay("mx.example.org",
           failed(Kind.TIMED_OUT, Phase.GREETING, detail="nothing within the 20 s"),
           took=20.0)),
    ("hung-imap", "ten seconds of silence behind an open port are an outage",
     imap("ada@libero.it",
          failed(Kind.TIMED_OUT, Phase.GREETING, detail="nothing within the 20 s"),
          took=20.0)),
    ("relay-without-starttls", "a relay in clear still takes mail",
     relay("mx.example.org", failed(Kind.STARTTLS_NOT_OFFERED, Phase.STARTTLS))),
    ("relay-self-signed", "most senders do not mind a relay's certificate",
     relay("mx.example.org",
           failed(Kind.TLS_SELF_SIGNED, Phase.TLS, detail="self-signed certificate"))),
    ("tiscali-weak-dh", "a short Diffie-Hellman key is weak TLS, not an outage",
     smtp("ada@tiscali.it", _WEAK,
          tls=TlsFacts(version="TLSv1.2", cipher="DHE-RSA-AES256-GCM-SHA384",
                       verified=False))),
    ("handshake-fails-for-all", "a handshake that fails at every level is an outage",
     smtp("ada@tiscali.it", replace(_WEAK, kind=Kind.TLS_HANDSHAKE), tls=None)),
    ("certificate-ends-soon", "five days are left",
     imap("ada@libero.it", None, tls=replace(GOOD, days_left=5))),
    ("old-tls", "an old version is a finding",
     imap("ada@alice.it", None, tls=replace(GOOD, version="TLSv1.1"))),
    ("nearly-full", "a mailbox that is nearly full is a finding",
     replace(imap("ada@libero.it", None), quota=Quota(used=950, limit=1000))),
    ("unanswered-beside-a-control", "two attempts unanswered, and the port is open",
     replace(imap("ada@tim.it", _TIMEOUT, tls=None), earlier=(_TIMEOUT,),
             control=True)),
    ("unanswered-alone", "two attempts unanswered, and nothing to compare with",
     replace(imap("ada@tim.it", _TIMEOUT, tls=None), earlier=(_TIMEOUT,))),
    ("busy-ourselves", "a sweep was late by half a second when a second was allowed",
     late(imap("ada@tim.it", failed(Kind.GREETING_TIMEOUT, Phase.GREETING), took=1.0),
          lag=0.5)),
    ("busy-and-well", "times that are strained decide nothing",
     late(imap("ada@tim.it", None), lag=0.5)),
    ("our-network-is-lost", "refused, while the control could not be reached either",
     late(imap("ada@tim.it", _REFUSED, tls=None), lag=0.0, control=False)),
    ("broke-once", "a connection that broke once and came through",
     replace(imap("ada@tim.it", None),
             earlier=(failed(Kind.PEER_CLOSED, Phase.GREETING),))),
    ("relay-key-lost", "a relay that lost its key takes mail in clear",
     relay("smtp-in.libero.it", refused(
         Phase.STARTTLS, Reply(454, "4.7.0", "TLS not available due to local problem")
     ))),
    ("submission-key-lost", "a submission that lost its key lets nobody in",
     smtp("ada@tim.it", refused(
         Phase.STARTTLS, Reply(454, "4.7.0", "TLS not available due to local problem")
     ), tls=None)),
    ("our-name", "Postfix wants another name than the one we greet with",
     relay("smtp-in.libero.it", refused(
         Phase.EHLO,
         Reply(504, "5.5.2", "<probe>: Helo command rejected: need fully-qualified "
               "hostname"),
     ))),
    ("gmx-idle-bye", "a BYE in the middle of a session",
     imap("ada@gmx.net",
          refused(Phase.SELECT, Reply("BYE", None, "Server shutting down")))),
)  # fmt: skip

_TRIPS: Final = (
    ("aruba-idle-2023", "February 2023: IDLE fell silent, and the mail was there",
     replace(_arrived("ada@libero.it", "bob@aruba.it"), notified=None)),
    ("forty-minutes-late", "a backlog drains: late, and arrived",
     _arrived("ada@libero.it", "bob@libero.it", visible=2400.0)),
    ("virgilio-spam", "the folder Spam appears with the first unwanted mail",
     replace(_arrived("ada@libero.it", "bob@virgilio.it"), landed="junk",
             folder="Spam", authentication_results=(("spf", "fail"),))),
    ("libero-june-2023-queued", "June 2023: accepted, and four days on its way",
     replace(trip("ada@libero.it", "bob@virgilio.it", _MISSING), waited=300.0,
             accepted=Reply(250, "2.0.0", "Ok"), acceptance=0.3)),
    ("unconfirmed-and-there", "the reply was lost, and the mail arrived once",
     replace(_arrived("ada@tim.it", "bob@libero.it"), unconfirmed=True, accepted=None,
             acceptance=None)),
    ("unconfirmed-and-lost", "the reply was lost, and the mail did not arrive",
     replace(trip("ada@tim.it", "bob@libero.it",
                  failed(Kind.SUBMISSION_UNCONFIRMED, Phase.ACCEPT,
                         detail="the server closed the connection")),
             unconfirmed=True, waited=300.0)),
    ("forged-beside-ours", "a forged canary is evidence, never an arrival",
     replace(_arrived("ada@libero.it", "bob@gmail.com"), foreign=1)),
    ("mailbox-full", "accepted, and returned for want of room in the mailbox",
     replace(trip("ada@tim.it", "bob@libero.it", _MISSING), waited=300.0,
             accepted=Reply(250, "2.0.0", "Ok"), acceptance=0.3,
             quota=Quota(used=1024**3, limit=1024**3))),
    ("greylisted-at-home", "a provider asks its own user to come again later",
     trip("ada@libero.it", "bob@libero.it",
          refused(Phase.RCPT, Reply(451, "4.7.1", "Greylisted, try again")))),
    ("clocks-apart", "a hop whose clock is an hour ahead changes nothing",
     replace(_arrived("ada@libero.it", "bob@gmail.com"),
             hops=(Hop(by="smtp-16.iol.local", sender="probe.example.org",
                       protocol="ESMTPSA", at=AT, delay=None, clock_off=3600.0),))),
)  # fmt: skip

# Kinds that a lab cannot show, or only with luck.
_KINDS: Final = (
    (Kind.TCP_RESET, Phase.EHLO, "Connection reset by peer"),
    (Kind.TCP_UNREACHABLE, Phase.TCP, "Network is unreachable"),
    (Kind.DNS_MALFORMED, Phase.DNS, "the answer is cut short"),
    (Kind.DNS_BOGUS, Phase.DNS, "rrsigs missing"),
    (Kind.TLS_HANDSHAKE, Phase.TLS, "closed in mid-handshake"),
    (Kind.SMTP_TEMPORARY, Phase.EHLO, ""),
    (Kind.MX_NULL, Phase.DNS, ""),
    (Kind.MX_UNUSABLE, Phase.DNS, ""),
    (Kind.SUBMISSION_UNCONFIRMED, Phase.ACCEPT, ""),
    (Kind.CANARY_MISSING, Phase.TRANSIT, ""),
    (Kind.AUTH_REFUSED, Phase.EHLO, "in a phase that knows no login"),
    (Kind.CREDENTIAL_MISSING, Phase.AUTH, "there is neither password nor token"),
    (Kind.TARGET_UNUSABLE, Phase.TRANSIT, "domain 'a..b' has an empty label"),
    (Kind.BUG, Phase.EHLO, "IndexError: list index out of range"),
    (Kind.UNKNOWN, Phase.EHLO, "Protocol error"),
)  # fmt: skip

INCIDENTS: Final = (
    *(Made(name=f"mx-{name}", about=about, report=made) for name, about, made in _MX),
    *(Made(name=name, about=about, report=made) for name, about, made in _SERVICES),
    *(
        Made(name=f"trip-{name}", about=about, report=made)
        for name, about, made in _TRIPS
    ),
    *(
        Made(
            name=f"kind-{kind.replace('_', '-')}",
            about=f"a failure of the kind {kind}, by itself",
            report=_kind(kind, phase, detail),
        )
        for kind, phase, detail in _KINDS
    ),
    Made(
        name="dispatch-libero-january-2023",
        about="libero.it took mail while no mailbox could be opened",
        report=dispatch("ada@libero.it", "bob@virgilio.it", HandOver.ACCEPTED),
    ),
    Made(
        name="dispatch-answer-lost",
        about="the connection ended behind the final dot",
        report=dispatch(
            "ada@libero.it",
            "bob@virgilio.it",
            HandOver.UNCONFIRMED,
            failed(Kind.SUBMISSION_UNCONFIRMED, Phase.ACCEPT),
        ),
    ),
    Made(
        name="visit-well",
        about="a mailbox that was opened and read",
        report=visit("ada@libero.it"),
    ),
    Made(
        name="visit-damaged-in-part",
        about="a mailbox that came back without some of its mails",
        report=visit("ada@libero.it", damaged=3),
    ),
    Made(
        name="visit-old-mail-lost",
        about="a mailbox that came back empty: the old mail in it is gone",
        report=replace(
            visit("ada@libero.it"),
            sentinels=(
                SentinelRead(was=Sentinel(uid=1, digest="0" * 64), found=False),
            ),
        ),
    ),
)
