"""What a call centre says in English."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from mailprobe.model.sample import Function
from mailprobe.render.tongues import Tongue, zone_of

_DAYS: Final = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
]
_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def _day(at: datetime) -> str:
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at.year}"


def _on(at: datetime) -> str:
    return f"{at:%H:%M}{zone_of(at)} on {_day(at)}"


def _from_to(begin: datetime, end: datetime) -> str:
    if begin.date() == end.date():
        return f"from {begin:%H:%M} to {_on(end)}"
    return f"from {_on(begin)} to {_on(end)}"


_ONLY: Final = "The one test mail that we sent in that time"


def _all_arrived(number: int) -> str:
    if number == 1:
        return f"{_ONLY} has arrived."
    which = "Both" if number == 2 else f"All {number}"  # noqa: PLR2004 - a pair
    return (
        f"{which} test mails that we sent in that time have arrived; we saw no mail "
        "get lost."
    )


ENGLISH: Final = Tongue(
    conjunction="and",
    since=lambda at: f"since {_on(at)}",
    span=_from_to,
    failing={
        Function.SUBMIT: "cannot send mail",
        Function.ACCEPT: "get no mail from outside",
        Function.DELIVER: "get their mail late or not at all",
        Function.READ: "cannot open their mailboxes",
    },
    failed={
        Function.SUBMIT: "could not send mail",
        Function.ACCEPT: "got no mail from outside",
        Function.DELIVER: "got their mail late or not at all",
        Function.READ: "could not open their mailboxes",
    },
    users="its users",
    some="some of its users",
    planned=" because of announced maintenance",
    overrun=" because of announced maintenance that takes longer than announced",
    overran=" because of announced maintenance that took longer than announced",
    fails="It is not us, it is {who}: {since} {users} {failing}{work}.",
    recovering=(
        "It is not us, it is {who}: {since} there has been trouble{work}; it is "
        "passing, but some of its users still {failing}."
    ),
    passing=(
        "It was not us, it was {who}: {span} {users} {failed}{work}. It works "
        "again now, but it is not over yet: mail sent meanwhile may still be late."
    ),
    over="It was not us, it was {who}: {span} {users} {failed}{work}. It is over.",
    unclear=(
        "There is trouble with {who}: {since} {users} {failing}. Whose fault it is we "
        "do not know yet."
    ),
    unclear_over=(
        "There was trouble with {who}: {span} {users} {failed}. Whose fault it was "
        "we cannot say."
    ),
    keep_settings=(
        "There is no need to change the password or the settings, even if your mail "
        "program says that the password is wrong: please wait and try again later."
    ),
    keep_drafts=(
        "There is nothing to change in your settings: please keep the message among "
        "your drafts and send it later."
    ),
    wait="There is nothing you have to do: please wait.",
    no_mails=(
        "Whether mail was lost we cannot tell, for no test mail of ours went out in "
        "that time."
    ),
    number=lambda n: "one" if n == 1 else str(n),
    only_mail=_ONLY,
    all_arrived=_all_arrived,
    of_mails=lambda n, told: f"Of {n} test mails that we sent in that time, {told}.",
    bounced=lambda _: "came back to the sender",
    lost=lambda _: "never arrived and may be lost",
    waiting=lambda n: f"{'is' if n == 1 else 'are'} still on the way",
    resend=(
        "Whoever gets a notice that a message could not be delivered must send it "
        "again."
    ),
    none_lost="We saw no mail get lost.",
    no_harm="Nothing tells of lost mail.",
    network="our own connection to the internet",
    part="a part of our own connection to the internet",
    resolver="our own look-up of internet names",
    ours=(
        "At the moment we cannot say how your mail provider is: {since} {what}, with "
        "which we check, does not work. That is our fault and not the provider's. "
        "Please ask again later."
    ),
    ours_over=(
        "It was us and not your mail provider: {span} {what}, with which we check, did "
        "not work. It is over."
    ),
    account=(
        "We know of no trouble at {who}: {since} only a test mailbox of ours does not "
        "work there, and others do. If your mailbox does not work, that has another "
        "cause: please check your user name, your password and your settings."
    ),
    mailbox=(
        "We know of no trouble at {who} as a whole: {since} a test mailbox of ours "
        "does not work there, and others do. If your mailbox does not work either, "
        "there is no need to change the password or the settings: please wait and try "
        "again later."
    ),
    account_over=(
        "There was no trouble at {who} as a whole: {span} only a test mailbox of ours "
        "did not work there, and others did. It is over."
    ),
)
