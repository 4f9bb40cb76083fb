"""Many looks, the fewest culprits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from mailprobe.judge.cover import cheapest
from mailprobe.judge.culprits import Scope, explain
from mailprobe.judge.looks import Part
from mailprobe.model.failure import Kind
from mailprobe.model.sample import Function, Outcome, Party, Sample
from mailprobe.model.verdict import Blame

BEGIN: Final = datetime(2023, 1, 23, tzinfo=UTC)
A: Final = Party(name="a", platform="a")
A2: Final = Party(name="brand", platform="a")
B: Final = Party(name="b", platform="b")
C: Final = Party(name="c", platform="c")
REFUSED, STORE, SILENT = Kind.AUTH_REFUSED, Kind.IMAP_NO, Kind.TCP_TIMEOUT
DNS, LOST = Kind.DNS_TIMEOUT, Kind.CANARY_MISSING
READ, SUBMIT, ACCEPT, DELIVER = (
    Function.READ,
    Function.SUBMIT,
    Function.ACCEPT,
    Function.DELIVER,
)


def look(
    party: Party,
    function: Function,
    account: str = "",
    kind: Kind | None = None,
    sender: Party | None = None,
    minute: float = 0,
    *,
    control: bool = False,
) -> Sample:
    """Make one look; it passed if there is no kind of failure."""
    at = BEGIN + timedelta(minutes=minute)
    blames = {REFUSED: Blame.ACCOUNT, SILENT: Blame.VANTAGE, DNS: Blame.VANTAGE}
    return Sample(
        at=at,
        known_at=at,
        function=function,
        outcome=Outcome.FAIL if kind else Outcome.PASS,
        party=party,
        account=account,
        sender=sender,
        blame=blames.get(kind, Blame.PROVIDER) if kind else None,
        kind=kind,
        control=control,
    )


CASES: Final = {
    "nothing fails": ([look(A, READ, "x"), look(B, READ, "y")], []),
    "one account refused, its sibling not": (
        [look(A, READ, "x", REFUSED), look(A, READ, "y"), look(B, READ, "z")],
        [(Scope.ACCOUNT, "x", Blame.ACCOUNT)],
    ),
    "all accounts refused at once": (
        [look(A, READ, "x", REFUSED), look(A2, READ, "y", REFUSED), look(B, READ, "z")],
        [(Scope.PLATFORM, "a", Blame.PROVIDER)],
    ),
    "half of the mailboxes": (
        [look(A, READ, f"x{n}", STORE if n < 3 else None) for n in range(6)],
        [(Scope.PLATFORM, "a", Blame.PROVIDER)],
    ),
    "silence everywhere": (
        [look(p, READ, p.name, SILENT) for p in (A, B, C)],
        [(Scope.NETWORK, "this network", Blame.VANTAGE)],
    ),
    "silence at one, while others answer": (
        [look(A, f, "x", SILENT, minute=1) for f in (READ, SUBMIT)]
        + [look(A2, READ, "w", SILENT, minute=3)]
        + [look(B, READ, "y", minute=m) for m in (0, 2, 4)],
        [(Scope.PLATFORM, "a", Blame.PROVIDER)],
    ),
    "no name is found anywhere": (
        [look(p, READ, p.name, DNS) for p in (A, B, C)],
        [(Scope.RESOLVER, "this resolver", Blame.VANTAGE)],
    ),
    "one port shut everywhere": (
        [look(p, ACCEPT, "", SILENT) for p in (A, B)]
        + [look(p, READ, p.name) for p in (A, B)],
        [(Scope.NETWORK, "this network, to accept", Blame.VANTAGE)],
    ),
    "the MX silent, the control answers": (
        [look(A, ACCEPT, "", SILENT), look(C, ACCEPT, control=True)],
        [(Scope.PLATFORM, "a", Blame.PROVIDER)],
    ),
    "the MX and the control silent": (
        [look(A, ACCEPT, "", SILENT), look(C, ACCEPT, "", SILENT, control=True)],
        [(Scope.NETWORK, "this network", Blame.VANTAGE)],
    ),
    "mail of one sender reaches nobody": (
        [look(p, DELIVER, p.name, LOST, A) for p in (B, C)]
        + [look(p, DELIVER, p.name, None, C) for p in (B, C)],
        [(Scope.PLATFORM, "a", Blame.PROVIDER)],
    ),
    "mail to one receiver comes from nobody": (
        [look(A, DELIVER, "x", LOST, p) for p in (A, B, C)]
        + [look(B, DELIVER, "y", None, p) for p in (B, C)],
        [(Scope.PLATFORM, "a", Blame.PROVIDER)],
    ),
    "two platforms that answer badly are two": (
        [look(A, READ, "x", STORE), look(A2, READ, "y", STORE)]
        + [look(B, SUBMIT, n, STORE) for n in ("v", "w")],
        [(Scope.PLATFORM, "a", Blame.PROVIDER), (Scope.PLATFORM, "b", Blame.PROVIDER)],
    ),
    "what passed since does not fail": (
        [look(A, READ, "x", STORE), look(A, READ, "x", minute=30)],
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_fewest_culprits_explain_what_was_seen(name: str) -> None:
    """Each table of passes and failures has its culprits, and no other."""
    looks, expected = CASES[name]
    found = explain(sorted(looks, key=lambda one: one.known_at))
    assert [(one.scope, one.name, one.blame) for one in found] == expected


def test_parts_say_where_a_mail_stuck() -> None:
    """A sender that nothing leaves fails as a relay, a receiver as a store."""
    sender, receiver = "mail of one sender", "mail to one receiver"
    for name, part in ((sender, Part.RELAY), (receiver, Part.STORE)):
        looks = next(looks for case, (looks, _) in CASES.items() if name in case)
        (culprit,) = explain(looks)
        assert culprit.parts == (part,)


def test_confidence_falls_where_another_explanation_is_as_good() -> None:
    """One failed look alone may be the account's or the provider's: that is a half."""
    (alone,) = explain([look(A, READ, "x", STORE)])
    assert alone.confidence == 0.5
    looks = [look(A, READ, name, STORE) for name in ("x", "y", "z")]
    (sure,) = explain([*looks, look(B, READ, "w")])
    assert sure.confidence > 0.99


def test_the_evidence_names_what_failed_first_and_what_cleared_others() -> None:
    """The observations that decided are lines for people, bad ones first."""
    looks, _ = CASES["one account refused, its sibling not"]
    (culprit,) = explain(looks)
    assert culprit.evidence == (
        "23 Jan 00:00 a read for x fails (auth_refused)",
        "23 Jan 00:00 a read for y works",
        "23 Jan 00:00 b read for z works",
    )


def test_who_is_known_to_fail_explains_more_at_no_cost() -> None:
    """What could be a second fault is put down to the one that is known."""
    looks = [look(A, READ, "x", STORE), look(A, READ, "y")]
    (account,) = explain(looks)
    (platform,) = explain(looks, known={"a"})
    assert account.scope is Scope.ACCOUNT
    assert platform.scope is Scope.PLATFORM


def test_the_cheapest_cover_is_found_where_greed_misses_it() -> None:
    """The choice that covers most at first is not always part of the best."""
    wanted = [
        frozenset(s)
        for s in ({"a", "x"}, {"a", "y"}, {"b", "x"}, {"b", "y"}, {"a", "b", "z"})
    ]
    costs = {"a": 1.0, "b": 1.0, "x": 0.9, "y": 0.9, "z": 0.5}
    assert cheapest(wanted, costs) == (2.0, frozenset("ab"))
    assert cheapest(wanted, costs, without=["a"])[1] == {"x", "y", "z"}
    assert cheapest([frozenset("a")], costs, without=["a"])[1] == frozenset()
