"""In which order mail arrived."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from mailprobe.judge.order import CUT, overtaken
from tests.judge.passages import accepted, at, passage, rejected

if TYPE_CHECKING:
    from mailprobe.model.passage import Passage


def mail(sent: float, arrived: float | None, route: str = "a-b") -> Passage:
    """Return a mail that was sent and arrived then, in seconds."""
    made = passage(accepted(sent))
    token = f"{route} {sent} {arrived}"
    when = None if arrived is None else at(arrived)
    return replace(made, token=token, route=route, arrived_at=when)


def test_mail_that_waited_is_overtaken() -> None:
    """Of mails that came in another order, those that were passed by are named."""
    stuck, fast, last = mail(0, 5000), mail(1800, 1802), mail(3600, 5001)
    assert overtaken([last, fast, stuck]) == (stuck,)


def test_a_queue_drained_from_its_end() -> None:
    """Where the last comes first, all but the last were overtaken."""
    mails = [mail(n, 9000 - 2 * n) for n in range(0, 100, 10)]
    assert overtaken(mails) == tuple(mails[:-1])


def test_what_cannot_be_compared_is_not() -> None:
    """Other routes, mail that never came, and one look that found both, say nothing."""
    lost = mail(0, None)
    elsewhere = mail(5, 6, "b-a")
    together = mail(10, 3600), mail(20, 3599.5)
    refused = passage(rejected(1))
    assert overtaken([lost, elsewhere, *together, refused]) == ()


def test_mails_sent_at_once_overtake_nobody() -> None:
    """Of two mails handed over at one time neither is first."""
    assert overtaken([mail(0, 10), mail(0, 100)]) == ()


@given(
    st.lists(
        st.tuples(
            st.integers(0, 20),
            st.one_of(st.none(), st.integers(0, 40)),
            st.sampled_from("xy"),
        ),
        max_size=12,
    )
)
def test_each_mail_is_held_to_each_later_one(
    drawn: list[tuple[int, int | None, str]],
) -> None:
    """Whatever the order, a mail is named if any later one of its route came first."""
    mails = [
        replace(mail(sent, arrived, route), token=str(number))
        for number, (sent, arrived, route) in enumerate(drawn)
    ]
    expected = {
        early.token
        for one, other in combinations(mails, 2)
        for early, late in ((one, other), (other, one))
        if early.route == late.route
        and early.submitted_at
        and late.submitted_at
        and early.submitted_at < late.submitted_at
        and early.arrived_at
        and late.arrived_at
        and early.arrived_at - late.arrived_at >= CUT
    }
    assert {one.token for one in overtaken(mails)} == expected
