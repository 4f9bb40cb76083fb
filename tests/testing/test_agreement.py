"""What the other looks of a session say about one of them."""

from __future__ import annotations

import pytest

from mailprobe.model.failure import Failure, Kind, Phase, Reply
from mailprobe.model.report import Step
from mailprobe.model.verdict import Blame, Status, Verdict
from mailprobe.testing.agreement import agreement, taken_together
from mailprobe.testing.looks import Look
from tests.testing.seen import ACCOUNT, DOWN, OK, OURS, check, look


def _at(provider: str, mailbox: str, read: Verdict, platform: str = "") -> Look:
    made = check(read=read, address=f"{mailbox}@{provider}.test" if mailbox else "")
    return look(made, provider=provider, mailbox=mailbox, platform=platform)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ((), ""),
        ((DOWN,), "1 other mailbox agrees"),
        ((DOWN, DOWN, DOWN), "3 other mailboxes agree"),
        ((OK,), "1 other mailbox works"),
        ((DOWN, OK, OK), "1 other mailbox agrees, 2 work"),
        ((OURS, DOWN, OK), "2 other mailboxes agree, 1 works"),
        ((ACCOUNT,), ""),
    ],
)
def test_other_mailboxes_are_counted(others: tuple[Verdict, ...], said: str) -> None:
    """Mailboxes of the same provider agree, work, or have nothing to say."""
    seen = [_at("posta", f"box{n}", read) for n, read in enumerate(others)]
    mine = _at("posta", "ada", DOWN)
    assert agreement(mine, "read", seen) == said


def test_only_other_mailboxes_of_the_provider_count() -> None:
    """Neither the mailbox itself, nor a look without one, nor others' agree."""
    mine = _at("posta", "ada", DOWN)
    others = [mine, _at("posta", "", DOWN), _at("libero", "ada", DOWN)]
    assert agreement(mine, "read", others) == ""


def _refused() -> Verdict:
    reply = Reply("NO", "AUTHENTICATIONFAILED", "no")
    failure = Failure(kind=Kind.AUTH_REFUSED, phase=Phase.LOGIN, reply=reply)
    step = Step(phase=Phase.LOGIN, peer="x:993", began=0, took=1, failure=failure)
    return Verdict(
        status=Status.UNKNOWN, blame=Blame.ACCOUNT, at=step, why="No.", rule="made_up"
    )


def test_a_refused_account_beside_one_that_works() -> None:
    """The account is at fault, by its name."""
    said = taken_together(
        _at("posta", "ada", _refused()), "read", [_at("posta", "bob", OK)]
    )
    assert said.startswith("ada@posta.test is refused while bob@posta.test of posta")


def test_all_accounts_refused_at_once() -> None:
    """Passwords do not go wrong together: the provider is at fault."""
    said = taken_together(
        _at("posta", "ada", _refused()), "read", [_at("posta", "bob", _refused())]
    )
    assert said.endswith("so the provider is at fault.")


def test_brands_of_one_platform() -> None:
    """Brands that fail alike are one incident of their platform."""
    said = taken_together(
        _at("libero", "ada", DOWN, "italia"),
        "read",
        [_at("virgilio", "ada", DOWN, "italia"), _at("posta", "ada", OK)],
    )
    assert "share the platform italia" in said


def test_everything_fails_everywhere() -> None:
    """Three strangers that all fail are a fault of our own network."""
    said = taken_together(
        _at("a", "ada", DOWN), "read", [_at("b", "ada", DOWN), _at("c", "ada", DOWN)]
    )
    assert said.startswith("Nothing can be reached from here")


@pytest.mark.parametrize("mine", [OK, DOWN])
def test_nothing_new(mine: Verdict) -> None:
    """Where the looks together prove nothing that one alone does not, none is said."""
    assert taken_together(_at("posta", "ada", mine), "read", []) == ""


def test_what_was_not_tried_is_not_compared() -> None:
    """Looks that did not try a function say nothing of it."""
    assert taken_together(_at("posta", "ada", DOWN), "deliver", []) == ""
