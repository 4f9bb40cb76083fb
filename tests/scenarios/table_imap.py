"""IMAP: a mailbox opened over both kinds of TLS, and everything in its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from mailprobe.lab import (
    BadCertificate,
    DnsStall,
    Drip,
    Drop,
    Garble,
    NoData,
    NxDomain,
    Raw,
    Records,
    Refuse,
    Reply,
    Servfail,
    Slow,
    Stall,
    Withhold,
)
from tests.scenarios.scenario import Scenario

if TYPE_CHECKING:
    from mailprobe import Check, ImapReport
    from mailprobe.model.target import SecurityName
    from tests.scenarios.scenario import How, Run

IMAP: Final[dict[str, Any]] = {"service": "imap", "domain": "libero.test"}
HOST: Final = "imap.libero.test"


def login(
    security: Literal["tls", "starttls"] = "tls",
    *,
    wrong: bool = False,
    token: bool = False,
    auth: str = "",
) -> How:
    """Return the probe of a mailbox with its login."""

    async def how(run: Run) -> Check[ImapReport]:
        box = run.box(security=security, wrong=wrong, token=token, auth=auth)
        return await run.prober.imap(box, timeout=run.timeout)

    return how


def knock(served: SecurityName, spoken: SecurityName) -> How:
    """Return a probe without login that speaks one security mode to a port."""

    async def how(run: Run) -> Check[ImapReport]:
        port = run.lab.endpoint("libero.test", "imap", served).port
        return await run.prober.imap(HOST, port, security=spoken, timeout=run.timeout)

    return how


LOGIN: Final = login()
UPGRADE: Final = login("starttls")
OK: Final = ("ok", None, None, None)


def _down(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("down", "provider", phase, kind)


def _us(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("unknown", "vantage", phase, kind)


def _account(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("unknown", "account", phase, kind)


def _setup(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("unknown", "setup", phase, kind)


_WAYS: Final = (
    ("healthy-tls", LOGIN, (), OK, "login_works"),
    ("healthy-starttls", UPGRADE, (), OK, "login_works"),
    ("healthy-token", login(token=True), (), OK, "login_works"),
    ("healthy-no-login", knock("tls", "tls"), (), OK, "service_works"),
    ("healthy-login-command", LOGIN, (Withhold("AUTH", **IMAP),), OK, "login_works"),
    ("wrong-password", login(wrong=True), (),
     _account("login", "auth_refused"), "login_refused_imap"),
    ("wrong-password-by-challenges", login(wrong=True, auth="LOGIN"), (),
     _account("login", "auth_refused"), "login_refused_imap"),
    ("stale-token", login(wrong=True, token=True), (),
     _account("login", "auth_refused"), "login_refused_imap"),
    ("stale-token-oauthbearer", login(wrong=True, token=True, auth="OAUTHBEARER"), (),
     _account("login", "auth_refused"), "login_refused_imap"),
    ("no-to-a-continuation", login(auth="CRAM-MD5"),
     (Reply("AUTHENTICATE", "NO", "[AUTHENTICATIONFAILED] no", **IMAP),),
     _account("login", "auth_refused"), "login_refused_imap"),
    ("mechanism-not-offered",
     login(auth="CRAM-MD5"), (Withhold("AUTH=CRAM-MD5", **IMAP),),
     _setup("login", "auth_not_offered"), ""),
    ("login-command-refused", LOGIN,
     (Withhold("AUTH", **IMAP), Reply("LOGIN", "NO", "[UNAVAILABLE] later", **IMAP)),
     _down("login", "auth_unavailable"), "auth_unavailable"),
    ("login-command-dropped", LOGIN, (Withhold("AUTH", **IMAP), Drop("LOGIN", **IMAP)),
     _down("login", "peer_closed"), ""),
    ("tls-to-a-plain-port", knock("starttls", "tls"), (),
     _setup("tls", "security_mismatch"), ""),
    ("plain-to-a-tls-port", knock("tls", "starttls"), (),
     _setup("greeting", "security_mismatch"), ""),
    ("text-for-a-handshake", UPGRADE,
     (Slow("TLS", 0.5, **IMAP), Raw("TLS", b"* OK in clear\r\n", **IMAP)),
     _down("tls", "starttls_injection"), ""),
    ("capability-dropped", LOGIN,
     (Raw("GREETING", b"* OK hi\r\n", **IMAP), Drop("CAPABILITY", **IMAP)),
     _down("capability", "peer_closed"), ""),
    ("nothing-extra-offered", LOGIN, tuple(
        Withhold(name, **IMAP) for name in ("ID", "QUOTA", "SPECIAL-USE", "SASL-IR")),
     OK, "login_works"),
)  # fmt: skip

# Name, fault, what must be said, rule; the probe logs in behind STARTTLS.
_SAID: Final = (
    ("bye-in-maintenance", Reply("GREETING", "BYE", "Servizio in manutenzione", **IMAP),
     _down("greeting", "imap_bye"), "maintenance"),
    ("bye-wartung", Reply("GREETING", "BYE", "Wartungsarbeiten bis 6 Uhr", **IMAP),
     _down("greeting", "imap_bye"), "maintenance"),
    ("bye-onderhoud", Reply("GREETING", "BYE", "gepland onderhoud", **IMAP),
     _down("greeting", "imap_bye"), "maintenance"),
    ("bye", Reply("GREETING", "BYE", "system failure", **IMAP),
     _down("greeting", "imap_bye"), "imap_bye"),
    ("bye-too-many", Reply("GREETING", "BYE", "Too many connections from you", **IMAP),
     _us("greeting", "imap_bye"), "throttled"),
    ("bye-limit", Reply("GREETING", "BYE", "[LIMIT] slow down", **IMAP),
     _us("greeting", "imap_bye"), "throttled"),
    ("preauth-before-starttls", Raw("GREETING", b"* PREAUTH hi\r\n", **IMAP),
     _down("starttls", "starttls_not_offered"), ""),
    ("smtp-greeting", Raw("GREETING", b"220 not imap\r\n", **IMAP),
     _down("greeting", "imap_protocol"), ""),
    ("pop3-greeting", Raw("GREETING", b"+OK POP3 ready\r\n", **IMAP),
     _down("greeting", "imap_protocol"), ""),
    ("greeting-no", Raw("GREETING", b"* NO not today\r\n", **IMAP),
     _down("greeting", "imap_protocol"), ""),
    ("http", Raw("CONNECT", b"HTTP/1.1 400 Bad Request\r\n\r\n", **IMAP),
     _down("greeting", "imap_protocol"), ""),
    ("ssh", Raw("CONNECT", b"SSH-2.0-OpenSSH_9.2\r\n", **IMAP),
     _down("greeting", "imap_protocol"), ""),
    ("eight-bit-greeting",
     Raw("GREETING", b"* OK caff\xe8 \xff\0\r\n", **IMAP), OK, ""),
    ("endless-greeting", Raw("GREETING", b"* OK " + b"x" * 100_000, **IMAP),
     _down("greeting", "imap_protocol"), ""),
    ("garbled-greeting", Garble("GREETING", **IMAP),
     _down("greeting", "imap_protocol"), ""),
    ("garbled-capability", Garble("CAPABILITY", **IMAP),
     _down("capability", "imap_protocol"), ""),
    ("capability-no", Reply("CAPABILITY", "NO", "not now", **IMAP),
     _down("capability", "imap_no"), ""),
    ("capability-bad", Reply("CAPABILITY", "BAD", "what", **IMAP),
     _down("capability", "imap_bad"), ""),
    ("starttls-withheld", Withhold("STARTTLS", **IMAP),
     _down("starttls", "starttls_not_offered"), ""),
    ("starttls-no", Reply("STARTTLS", "NO", "[UNAVAILABLE] no TLS now", **IMAP),
     _down("starttls", "imap_no"), ""),
    ("starttls-bad", Reply("STARTTLS", "BAD", "what", **IMAP),
     _down("starttls", "imap_bad"), ""),
    ("login-unavailable", Reply("AUTH", "NO", "[UNAVAILABLE] auth is down", **IMAP),
     _down("login", "auth_unavailable"), "auth_unavailable"),
    ("login-serverbug", Reply("AUTH", "NO", "[SERVERBUG] oops", **IMAP),
     _down("login", "auth_unavailable"), "auth_unavailable"),
    ("login-limit", Reply("AUTH", "NO", "[LIMIT] too often", **IMAP),
     _us("login", "auth_unavailable"), "throttled"),
    ("login-maintenance", Reply("AUTH", "NO", "mailbox under maintenance", **IMAP),
     _down("login", "auth_refused"), "maintenance"),
    ("login-manutencao", Reply("AUTH", "NO", "sistema em manutenção", **IMAP),
     _down("login", "auth_refused"), "maintenance"),
    ("login-bad", Reply("AUTH", "BAD", "what", **IMAP), _down("login", "imap_bad"), ""),
    ("login-bye", Reply("AUTH", "BYE", "[UNAVAILABLE] restarting", **IMAP),
     _down("login", "imap_bye"), ""),
    ("login-says-nothing", Reply("AUTH", "NO", "", **IMAP),
     _account("login", "auth_refused"), "login_refused_imap"),
    ("login-answers-another-tag", Raw("AUTH", b"XYZ9 OK welcome\r\n", **IMAP),
     _down("login", "imap_protocol"), ""),
    ("login-asks-on-and-on", Raw("AUTH", b"+ \r\n" * 50, **IMAP),
     _down("login", "imap_protocol"), ""),
    ("select-serverbug", Reply("EXAMINE", "NO", "[SERVERBUG] no storage", **IMAP),
     _down("select", "imap_no"), "mailbox_closed"),
    ("select-unavailable", Reply("EXAMINE", "NO", "[UNAVAILABLE] store down", **IMAP),
     _down("select", "imap_no"), "mailbox_closed"),
    ("select-quota", Reply("EXAMINE", "NO", "[OVERQUOTA] full", **IMAP),
     _account("select", "imap_no"), "canary_full"),
    ("select-limit", Reply("EXAMINE", "NO", "[LIMIT] too often", **IMAP),
     _us("select", "imap_no"), "throttled"),
    ("select-bad", Reply("EXAMINE", "BAD", "what", **IMAP),
     _down("select", "imap_bad"), ""),
    ("select-bye", Reply("EXAMINE", "BYE", "bailing out", **IMAP),
     _down("select", "imap_bye"), ""),
    ("select-huge-literal", Raw("EXAMINE", b"* 1 FETCH (UID {999999999}\r\n", **IMAP),
     _down("select", "imap_protocol"), ""),
    ("select-more-than-anybody-reads",
     Raw("EXAMINE", b"* 1 EXISTS\r\n" * 150_000, **IMAP),
     _down("select", "imap_protocol"), ""),
    ("select-answers-another-tag", Raw("EXAMINE", b"XYZ9 OK done\r\n", **IMAP),
     _down("select", "imap_protocol"), ""),
    ("select-asks-to-go-on", Raw("EXAMINE", b"+ go on\r\n", **IMAP),
     _down("select", "imap_protocol"), ""),
    ("select-endless-line", Raw("EXAMINE", b"* " + b"x" * 100_000, **IMAP),
     _down("select", "imap_protocol"), ""),
    ("garbled-select", Garble("EXAMINE", **IMAP), _down("select", "imap_protocol"), ""),
    ("list-no", Reply("LIST", "NO", "[SERVERBUG] oops", **IMAP),
     _down("list", "imap_no"), ""),
    ("list-bye", Reply("LIST", "BYE", "restarting", **IMAP),
     _down("list", "imap_bye"), ""),
    ("logout-no", Reply("LOGOUT", "NO", "stay", **IMAP), OK, "login_works"),
    ("garbled-logout", Garble("LOGOUT", **IMAP), OK, "login_works"),
    ("drop-at-connect", Drop("CONNECT", **IMAP), _down("greeting", "peer_closed"), ""),
    ("drop-at-greeting",
     Drop("GREETING", **IMAP), _down("greeting", "peer_closed"), ""),
    ("drop-at-capability", Drop("CAPABILITY", **IMAP),
     _down("capability", "peer_closed"), ""),
    ("drop-at-starttls", Drop("STARTTLS", **IMAP),
     _down("starttls", "peer_closed"), ""),
    ("drop-at-tls", Drop("TLS", **IMAP), _down("tls", "tls_handshake"), ""),
    ("reset-at-tls",
     Drop("TLS", reset=True, **IMAP), _down("tls", "tls_handshake"), ""),
    ("drop-at-login", Drop("AUTH", **IMAP), _down("login", "peer_closed"), ""),
    ("reset-at-login", Drop("AUTH", reset=True, **IMAP),
     _down("login", "peer_closed"), ""),
    ("drop-at-id", Drop("ID", **IMAP), _down("id", "peer_closed"), ""),
    ("drop-at-select", Drop("EXAMINE", **IMAP), _down("select", "peer_closed"), ""),
    ("drop-at-quota", Drop("GETQUOTAROOT", **IMAP), _down("quota", "peer_closed"), ""),
    ("drop-at-list", Drop("LIST", **IMAP), _down("list", "peer_closed"), ""),
    ("drop-at-logout", Drop("LOGOUT", **IMAP), OK, "login_works"),
    ("slow-greeting", Slow("GREETING", 0.2, **IMAP), OK, "login_works"),
    ("expired", BadCertificate("expired", **IMAP), _down("tls", "tls_expired"), ""),
    ("wrong-name", BadCertificate("wrong_host", **IMAP),
     _down("tls", "tls_wrong_host"), ""),
    ("nobody-listens", Refuse(**IMAP), _down("tcp", "tcp_refused"), ""),
    ("no-such-host", NxDomain(HOST), _down("dns", "dns_nxdomain"), ""),
    ("host-without-address", NoData(HOST), _down("dns", "dns_no_data"), ""),
    ("servfail", Servfail(HOST), ("unknown", "unclear", "dns", "dns_servfail"), ""),
    ("no-route", Records(HOST, "A", ("224.0.0.1",)), _us("tcp", "tcp_unreachable"), ""),
)  # fmt: skip

# Name, fault, what must be said, the finding beside it.
_FOUND: Final = (
    ("login-alert", Reply("AUTH", "NO", "[ALERT] Your account is locked", **IMAP),
     _account("login", "auth_refused"), "alert"),
    ("select-alert", Reply("EXAMINE", "NO", "[ALERT] disk failure", **IMAP),
     _down("select", "imap_no"), "alert"),
    ("id-no", Reply("ID", "NO", "not for you", **IMAP), OK, "id_refused"),
    ("id-bad", Reply("ID", "BAD", "what", **IMAP), OK, "id_refused"),
    ("quota-no", Reply("GETQUOTAROOT", "NO", "[UNAVAILABLE] no", **IMAP), OK,
     "quota_refused"),
)  # fmt: skip

_WAITING: Final = (
    ("name-server-silent", LOGIN, (DnsStall(HOST),), _us("dns", "dns_timeout"), "dns"),
    ("stall-at-tls", LOGIN,
     (Stall("TLS", **IMAP),), _down("tls", "tls_timeout"), "tls"),
    ("stall-at-tls-behind-starttls", UPGRADE, (Stall("TLS", **IMAP),),
     _down("tls", "tls_timeout"), "tls"),
    ("stall-at-greeting", LOGIN, (Stall("GREETING", **IMAP),),
     _down("greeting", "greeting_timeout"), "greeting"),
    ("greeting-drips", LOGIN, (Drip("GREETING", 1.0, **IMAP),),
     _down("greeting", "greeting_timeout"), "greeting"),
    ("half-a-greeting", LOGIN, (Raw("GREETING", b"* OK ha", **IMAP),),
     _down("greeting", "greeting_timeout"), "greeting"),
    ("stall-at-capability", UPGRADE, (Stall("CAPABILITY", **IMAP),),
     _down("capability", "reply_timeout"), "command"),
    ("stall-at-starttls", UPGRADE, (Stall("STARTTLS", **IMAP),),
     _down("starttls", "reply_timeout"), "command"),
    ("stall-at-login", LOGIN, (Stall("AUTH", **IMAP),),
     _down("login", "reply_timeout"), "command"),
    ("stall-at-id", LOGIN, (Stall("ID", **IMAP),),
     _down("id", "reply_timeout"), "command"),
    ("stall-at-select", LOGIN, (Stall("EXAMINE", **IMAP),),
     _down("select", "reply_timeout"), "command"),
    ("select-drips", LOGIN, (Drip("EXAMINE", 1.0, **IMAP),),
     _down("select", "reply_timeout"), "command"),
    ("a-storm-of-untagged-lines", LOGIN,
     (Raw("EXAMINE", b"* 1 EXISTS\r\n" * 30_000, **IMAP),),
     _down("select", "reply_timeout"), "command"),
    ("unbalanced-list", LOGIN, (Raw("LIST", b'* LIST (\\Junk "." "x\r\n' * 9, **IMAP),),
     _down("list", "reply_timeout"), "command"),
    ("stall-at-list", LOGIN, (Stall("LIST", **IMAP),),
     _down("list", "reply_timeout"), "command"),
    ("stall-at-logout", LOGIN, (Stall("LOGOUT", **IMAP),), OK, "farewell"),
    ("our-own-time-is-up", LOGIN, (Stall("EXAMINE", **IMAP),),
     ("unknown", "unclear", "select", "timed_out"), "deadline"),
)  # fmt: skip

SCENARIOS: Final = (
    *(
        Scenario(name=f"imap-{name}", how=how, faults=faults, says=says, rule=rule)
        for name, how, faults, says, rule in _WAYS
    ),
    *(
        Scenario(
            name=f"imap-{name}", how=UPGRADE, faults=(fault,), says=says, rule=rule
        )
        for name, fault, says, rule in _SAID
    ),
    *(
        Scenario(
            name=f"imap-{name}", how=LOGIN, faults=(fault,), says=says, finding=code
        )
        for name, fault, says, code in _FOUND
    ),
    Scenario(
        name="imap-preauth-that-is-not-meant",
        how=LOGIN,
        faults=(Raw("GREETING", b"* PREAUTH hi\r\n", **IMAP),),
        says=_down("select", "imap_bad"),
    ),
    *(
        Scenario(name=f"imap-{name}", how=how, faults=faults, says=says, waits=waits)
        for name, how, faults, says, waits in _WAITING
    ),
)
