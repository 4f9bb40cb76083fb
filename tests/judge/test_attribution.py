"""Many checks, one culprit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from mailprobe.judge import judge
from mailprobe.judge.attribution import Observation, attribute
from mailprobe.model.failure import Failure, Kind, Phase, Reply
from mailprobe.model.report import ImapReport, ProberFacts, Step
from mailprobe.model.target import Endpoint, ImapTarget, Mailbox

if TYPE_CHECKING:
    from mailprobe.judge.attribution import Attribution
    from mailprobe.model.report import Report
    from mailprobe.model.verdict import Check

REFUSED = Failure(
    kind=Kind.AUTH_REFUSED,
    phase=Phase.LOGIN,
    reply=Reply("NO", "AUTHENTICATIONFAILED", "no"),
)
STORE = Failure(
    kind=Kind.IMAP_NO, phase=Phase.SELECT, reply=Reply("NO", "SERVERBUG", "no storage")
)
SILENT = Failure(kind=Kind.TCP_TIMEOUT, phase=Phase.TCP)


def _check(account: str, failure: Failure | None) -> Check[Report]:
    domain = account.partition("@")[2]
    box = Mailbox(account, imap=Endpoint(f"imap.{domain}", 993, "tls"))
    phase = failure.phase if failure else Phase.LOGIN
    peer = f"imap.{domain}:993"
    step = Step(phase=phase, peer=peer, began=0.0, took=0.1, failure=failure)
    report = ImapReport(
        started_at=datetime(2023, 1, 23, tzinfo=UTC),
        duration=0.1,
        prober=ProberFacts(version="0", ehlo_name=""),
        steps=(step,),
        target=ImapTarget(box),
        authenticated=failure is None,
    )
    return judge(report)


def _seen(
    account: str, failure: Failure | None = None, *, control: bool = False
) -> Observation:
    domain = account.partition("@")[2]
    shared = "italia" if domain in {"libero.test", "virgilio.test"} else ""
    return Observation(
        check=_check(account, failure),
        party=domain,
        platform=shared,
        account=account,
        control=control,
    )


def _said(found: tuple[Attribution, ...]) -> list[tuple[str, str]]:
    return [(one.blame.value, one.culprit) for one in found]


@pytest.mark.parametrize(
    ("seen", "culprits"),
    [
        ([_seen("a@libero.test"), _seen("b@posta.test")], []),
        (
            [_seen("a@libero.test", REFUSED), _seen("b@libero.test")],
            [("account", "a@libero.test")],
        ),
        (
            [_seen("a@libero.test", REFUSED), _seen("b@libero.test", REFUSED)],
            [("provider", "libero.test")],
        ),
        ([_seen("a@libero.test", REFUSED)], [("account", "libero.test")]),
        (
            [_seen("a@libero.test", STORE), _seen("a@virgilio.test", STORE)],
            [("provider", "italia")],
        ),
        (
            [_seen("a@libero.test", STORE), _seen("a@virgilio.test")],
            [("provider", "libero.test")],
        ),
        (
            [_seen("a@libero.test", STORE), _seen("b@posta.test", STORE)],
            [("provider", "libero.test"), ("provider", "posta.test")],
        ),
        (
            [_seen("a@libero.test", SILENT), _seen("c@x.test", SILENT, control=True)],
            [("vantage", "this network")],
        ),
        (
            [_seen("a@libero.test", STORE), _seen("c@x.test", control=True)],
            [("provider", "libero.test")],
        ),
        (
            [_seen(f"a@{name}.test", SILENT) for name in ("libero", "posta", "x")],
            [("vantage", "this network")],
        ),
        (
            [
                _seen("a@libero.test", REFUSED),
                _seen("b@libero.test"),
                _seen("a@posta.test", STORE),
            ],
            [("account", "a@libero.test"), ("provider", "posta.test")],
        ),
    ],
    ids=[
        "all well",
        "one account",
        "all accounts at once",
        "one account without siblings",
        "both brands of a platform",
        "one brand of a platform",
        "two strangers",
        "control fails too",
        "control passes",
        "three strangers silent",
        "two culprits",
    ],
)
def test_culprits(seen: list[Observation], culprits: list[tuple[str, str]]) -> None:
    """Siblings, brands and controls decide who is to blame."""
    assert _said(attribute(seen)) == culprits


def test_the_evidence_is_listed() -> None:
    """An attribution says what decided it, the failures first."""
    found = attribute([_seen("b@libero.test"), _seen("a@libero.test", REFUSED)])
    assert found[0].evidence == (
        "imap.libero.test:993 as a@libero.test: unknown (auth_refused)",
        "imap.libero.test:993 as b@libero.test: ok",
    )
    assert "b@libero.test of libero.test can log in" in found[0].why
