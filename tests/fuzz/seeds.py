"""Where a fuzzer begins: conversations and documents as they should be, or nearly."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import dns.message
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.fuzz.conversation import CUT, SECRET, TAG, TURN
from tests.fuzz.targets import CANARY
from tests.mail.samples import BOUNCES

if TYPE_CHECKING:
    from collections.abc import Mapping

_ECHO: Final = b64encode(SECRET.encode())

_SMTP: Final = (
    TURN.join(
        (
            b"220 smtp.libero.test ESMTP\r\n",
            b"250-smtp.libero.test\r\n250-SIZE 1000\r\n250 AUTH PLAIN LOGIN\r\n",
            b"235 2.7.0 welcome\r\n",
            b"221 2.0.0 bye\r\n",
        )
    ),
    TURN.join(
        (
            b"220-one\r\n" + CUT + b"220 two\r\n",
            b"502 5.5.1 what\r\n",
            b"250 smtp.libero.test\r\n",
            b"221 bye\r\n",
        )
    ),
    TURN.join(
        (
            b"220 hi\r\n",
            b"250-x\r\n250 AUTH=LOGIN CRAM-MD5\r\n",
            b"334 VXNlcm5hbWU6\r\n",
            b"334 UGFzc3dvcmQ6\r\n",
            b"535 5.7.8 " + _ECHO + b"\r\n",
        )
    ),
    b"220 hi" + TURN + b"\r\n421 4.7.0 too many connections\r\n250 x\r\n",
    b"550 smtp-23.iol.local IP blacklisted by CSI [smtp-23.iol.local; LIB_102]\r\n",
)

_IMAP: Final = (
    TURN.join(
        (
            b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR ID QUOTA IDLE] hi\r\n",
            TAG + b" OK [CAPABILITY IMAP4rev1 ID QUOTA IDLE SPECIAL-USE] in\r\n",
            b'* ID ("name" "Dovecot" "version" NIL)\r\n' + TAG + b" OK done\r\n",
            b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 17] x\r\n"
            + TAG
            + b" OK [READ-ONLY] opened\r\n",
            b'* QUOTAROOT "INBOX" ""\r\n* QUOTA "" (STORAGE 10 512)\r\n'
            + TAG
            + b" OK done\r\n",
            b'* LIST (\\Junk) "/" "Spam"\r\n* LIST () "/" {5}\r\n'
            + CUT
            + b"A&-B\n\r\n"
            + TAG
            + b" OK done\r\n",
            b"+ idling\r\n* 4 EXISTS\r\n",
            TAG + b" OK done\r\n",
            b"* BYE bye\r\n" + TAG + b" OK done\r\n",
        )
    ),
    TURN.join(
        (
            b"* OK ready\r\n",
            b"* CAPABILITY IMAP4rev1 AUTH=LOGIN\r\n" + TAG + b" OK done\r\n",
            b"+ VXNlcm5hbWU6\r\n",
            b"+ UGFzc3dvcmQ6\r\n",
            TAG + b" NO [AUTHENTICATIONFAILED] " + SECRET.encode() + b"\r\n",
        )
    ),
    b"* PREAUTH hi\r\n" + TURN + b"* BYE [UNAVAILABLE] store down\r\n",
    b"* OK hi\r\n" + TURN + TAG + b" OK [ALERT] read this\r\n",
    (
        b"* 1 FETCH (UID 3 BODY[HEADER.FIELDS (X-A)] {4}\r\nA: b INTERNALDATE "
        b'"23-Jan-2023 16:00:00 +0000")\r\n* STATUS "INBOX" (MESSAGES 3 UIDNEXT 9)\r\n'
    ),
    b"* LIST (((((((((((\r\n* NO {999999999}\r\n* X {999999999}\r\n",
)

_HEADERS: Final = (
    CANARY.message(datetime(2023, 1, 23, 16, tzinfo=UTC)),
    b"Received: from a.test (a.test [192.0.2.1]) by b.test (X) with ESMTPS id 1\r\n"
    b"\tfor <x@y.test>; Mon, 23 Jan 2023 16:00:00 +0100 (CET)\r\n"
    b"Received: by c.test with LMTP; Mon, 23 Jan 2023 15:59:59 -0000\r\n"
    b"Authentication-Results: mx.test; spf=pass (ok) smtp.mailfrom=a; dkim=fail\r\n"
    b"Subject: =?utf-8?B?" + b64encode(CANARY.token.encode()) + b"?=\r\n",
    b"Received: (((nested)\r\nReceived: ; Thu, 99 Foo 99999 99:99:99 +9999\r\n",
)

# One of each way to write them.
_BOUNCES: Final = (
    "courier",
    "exchange-words",
    "exim",
    "gateway",
    "gmail-late",
    "gmail-report",
    "international",
    "qmail",
    "sendmail-late",
    "sendmail-old",
    "two-fates",
)

_PRESETS: Final = (
    (
        b'id = "own"\nname = "Own"\noperator = "Own"\ndomains = ["own.test"]\n'
        b'mx = ["mx.own.test"]\nusername = "email"\n'
        b'smtp = [{ host = "smtp.own.test", port = 465, security = "tls" }]\n'
        b'auth = ["password"]\nreplies = [{ text = "code 17", means = "greylisted" }]\n'
        b'sources = ["a test"]\nlast_checked = 2026-11-22\nenabled = true\n'
    ),
    (
        b'[[provider]]\nid = "a"\nname = "A"\noperator = "A"\nsources = ["x"]\n'
        b'last_checked = 2026-11-22\n[[platform]]\nid = "p"\nname = "P"\n'
    ),
    b'a.b."c" = """\nlong\n"""\n[a.b]\nx = [1, 2.5, 07:30:00, {y = 0x1F}]\n',
)


def _certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mx.test")])
    begin = datetime(2023, 1, 1, tzinfo=UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("mx.test")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=90))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


def _answers() -> tuple[bytes, ...]:
    question = dns.message.make_query("libero.test.", "MX", use_edns=0)
    alias = dns.message.make_response(question)
    alias.answer = [
        dns.rrset.from_text("libero.test.", 300, "IN", "CNAME", "other.test."),
        dns.rrset.from_text("other.test.", 300, "IN", "MX", "10 mx.other.test."),
    ]
    refused = dns.message.make_response(question)
    refused.set_rcode(dns.rcode.SERVFAIL)
    return question.to_wire(), alias.to_wire(), refused.to_wire()


def seeds() -> Mapping[str, tuple[bytes, ...]]:
    """Return the seeds of every target."""
    return {
        "smtp-replies": tuple(seed.replace(TURN, b"") for seed in _SMTP),
        "smtp-session": _SMTP,
        "imap-responses": tuple(
            seed.replace(TURN, b"").replace(TAG, b"A1") for seed in _IMAP
        ),
        "imap-session": _IMAP,
        "headers": _HEADERS,
        "bounces": tuple(BOUNCES[name] for name in _BOUNCES),
        "certificates": (_certificate(),),
        "dns-answers": _answers(),
        "plain-dns-answers": _answers(),
        "presets": _PRESETS,
    }
