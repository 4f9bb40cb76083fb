"""DNS messages in all their kinds, by dnspython; loaded when a plain one is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import dns.asyncquery
import dns.edns
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.resolver

from mailprobe.mail.text import readable
from mailprobe.wire.resolver import (
    RECORDS_MAX,
    UDP_PAYLOAD,
    CutOffError,
    Lookup,
    Outcome,
)

if TYPE_CHECKING:
    from mailprobe.wire.resolver import NameServer


class Question:
    """One question, and the reading of its answers."""

    def __init__(self, name: str, record_type: str, number: int | None) -> None:
        """
        Put it, with this id or one of its own.

        Raises:
            ValueError: If the name cannot be asked for.
        """
        try:
            asked = dns.name.from_text(name)
        except (dns.exception.DNSException, UnicodeError) as error:
            message = f"{name!r} cannot stand in DNS"
            raise ValueError(message) from error
        self._message = dns.message.make_query(
            asked, record_type, use_edns=0, payload=UDP_PAYLOAD, id=number
        )
        self.wire = self._message.to_wire()

    def read(self, wire: bytes, server: str) -> Lookup | None:
        """
        Read a datagram; None if it does not answer this question.

        Raises:
            CutOffError: If it does, and the whole answer is to be had by TCP.
        """
        try:
            response = dns.message.from_wire(wire, raise_on_truncation=True)
        except dns.message.Truncated as cut:
            if self._message.is_response(cut.message()):  # type: ignore[no-untyped-call]
                raise CutOffError from None
        except dns.exception.DNSException:
            return None
        else:
            if self._message.is_response(response):
                return _read(response, server)
        return None

    async def by_tcp(self, at: NameServer) -> Lookup:
        """
        Ask by TCP.

        Raises:
            TimeoutError: If dnspython's own patience ends; it has none here.
            OSError: If the connection fails.
            EOFError: If it ends too early.
        """
        try:
            response = await dns.asyncquery.tcp(self._message, at.address, port=at.port)
        except dns.exception.Timeout as error:
            raise TimeoutError from error
        except dns.exception.DNSException as error:
            detail = readable(str(error), 200)
            return Lookup(outcome=Outcome.MALFORMED, server=str(at), detail=detail)
        return _read(response, str(at))


def system_servers() -> list[str]:
    """Return the addresses of the system's name servers; none if it has none."""
    try:
        system = dns.resolver.Resolver(configure=True)
    except (dns.resolver.NoResolverConfiguration, OSError):
        return []
    return [s for s in system.nameservers if isinstance(s, str)]


# RFC 8914 4.7 to 4.13: the validator saw the data and its signatures do not hold.
_BOGUS: Final = frozenset(range(6, 13))
_UNFETCHED: Final = frozenset({22, 23})  # 4.23, 4.24: it could not even be asked for
_RCODES: Final = {
    dns.rcode.NXDOMAIN: Outcome.NXDOMAIN,
    dns.rcode.SERVFAIL: Outcome.SERVFAIL,
    dns.rcode.REFUSED: Outcome.REFUSED,
}


def _read(response: dns.message.Message, server: str) -> Lookup:
    errors = [o for o in response.options if isinstance(o, dns.edns.EDEOption)]
    detail = readable("; ".join(map(_extended, errors)), 200)
    rcode = response.rcode()
    if rcode is not dns.rcode.NOERROR:
        outcome = _RCODES.get(rcode, Outcome.SERVFAIL)
        codes = {int(one.code) for one in errors}
        if outcome is Outcome.SERVFAIL and codes & _BOGUS and not codes & _UNFETCHED:
            outcome = Outcome.BOGUS
        detail = detail or ("" if rcode in _RCODES else dns.rcode.to_text(rcode))
        return Lookup(outcome=outcome, server=server, detail=detail)
    try:
        assert isinstance(response, dns.message.QueryMessage)  # noqa: S101 - for mypy
        chain = response.resolve_chaining()
    except (dns.exception.DNSException, AssertionError) as error:
        detail = readable(str(error) or type(error).__name__, 200)
        return Lookup(outcome=Outcome.MALFORMED, server=server, detail=detail)
    alias = None
    if chain.cnames:
        alias = chain.canonical_name.to_text(omit_final_dot=True).lower()
    if chain.answer is None:
        return Lookup(
            outcome=Outcome.NO_DATA, server=server, canonical=alias, detail=detail
        )
    return Lookup(
        outcome=Outcome.ANSWER,
        server=server,
        records=tuple(chain.answer)[:RECORDS_MAX],
        ttl=min(chain.minimum_ttl, chain.answer.ttl),
        canonical=alias,
        detail=detail,
    )


def _extended(option: dns.edns.EDEOption) -> str:
    name = dns.edns.EDECode.to_text(option.code).replace("_", " ").lower()
    return f"{name}: {option.text}" if option.text else name
