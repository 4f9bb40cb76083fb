"""One DNS answer read twice: by our own reader and by dnspython."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.mail import plain_dns
from mailprobe.wire.resolver import UDP_PAYLOAD, CutOffError, Outcome
from mailprobe.wire.whole_dns import Question

if TYPE_CHECKING:
    from mailprobe.wire.resolver import Lookup


def agreed(wire: bytes, name: str, kind: str) -> plain_dns.Answer | None:
    """
    Read *wire* as an answer to a question with its id; None if it was declined.

    Raises:
        AssertionError: If dnspython says anything else.
    """
    number = int.from_bytes(wire[:2], "big")
    asked = plain_dns.question(number, name, kind, UDP_PAYLOAD)
    assert asked is not None
    answer = plain_dns.read(asked, wire)
    if answer is not None:
        found = _whole(wire, name, kind, number)
        assert found is not None, "dnspython takes this for no answer"
        assert (found.outcome is not Outcome.NXDOMAIN) == answer.exists
        assert (found.outcome is Outcome.ANSWER) == bool(answer.records)
        assert list(map(str, found.records)) == list(map(str, answer.records))
        assert (found.ttl, found.canonical) == (answer.ttl, answer.canonical)
        assert not found.detail
    return answer


def _whole(wire: bytes, name: str, kind: str, number: int) -> Lookup | None:
    try:
        return Question(name, kind, number).read(wire, "192.0.2.1:53")
    except CutOffError:
        return None
