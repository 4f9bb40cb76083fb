"""The sentence of an incident: fit to be read out by who knows nothing of mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.judge.culprits import Scope
from mailprobe.model.incident import NETWORK, RESOLVER, Planned, State
from mailprobe.model.sample import Function

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from mailprobe.model.incident import Incident

_WORDS: Final = {
    Function.SUBMIT: ("cannot send mail", "could not send mail"),
    Function.ACCEPT: ("get no mail from outside", "got no mail from outside"),
    Function.DELIVER: (
        "get their mail late or not at all",
        "got their mail late or not at all",
    ),
    Function.READ: ("cannot open their mailboxes", "could not open their mailboxes"),
}


def why(incident: Incident, scope: Scope, *, partly: bool = False) -> str:
    """Say in one sentence who is at fault, since when, and what does not work."""
    if scope in {Scope.NETWORK, Scope.RESOLVER}:
        return _ours(incident)
    if scope is Scope.ACCOUNT:
        return _account(incident)
    return _provider(incident, partly=partly)


def _provider(incident: Incident, *, partly: bool) -> str:
    name, began = _name(incident), moment(incident.began_at)
    failing = _what(incident.functions, now=True)
    suffered = _what((one.function for one in incident.impairments), now=False)
    suffered += _work(incident)
    if incident.state is State.CLOSED:
        end = moment(incident.ended_at or incident.changed_at)
        span = f"from {began} to {end}"
        return f"It was not us, it was {name}: {span} its users {suffered}; it is over."
    waits = _waiting(incident)
    if not failing:
        rest = waits or "we watch whether it stays so"
        past = f"since {began} its users {suffered}"
        return f"It was not us, it was {name}: {past}; it works again, but {rest}."
    still = f"; {waits}" if waits else ""
    it_is = f"It is not us, it is {name}: since {began}"
    if incident.state is State.RECOVERING:
        passing = f"there is trouble{_work(incident)}, which is passing"
        return f"{it_is} {passing}, but some of its users still {failing}{still}."
    users = "some of its users" if partly else "its users"
    return f"{it_is} {users} {failing}{_work(incident)}{still}."


def _work(incident: Incident) -> str:
    if incident.planned is Planned.PLANNED:
        return " because of announced maintenance"
    if incident.planned is Planned.OVERRUN:
        return " because announced maintenance takes longer than announced"
    return ""


def _waiting(incident: Incident) -> str:
    if not incident.waiting:
        return ""
    by = ""
    if incident.drained_by is not None:
        by = f", probably until {moment(incident.drained_by)}"
    return f"mail that was sent meanwhile still waits to be delivered{by}"


def _account(incident: Incident) -> str:
    began, name = moment(incident.began_at), incident.culprit
    home = joined(incident.parties)
    if incident.state is State.CLOSED:
        end = moment(incident.ended_at or incident.changed_at)
        only = f"Only our test mailbox {name} failed, from {began} to {end}"
        return f"{only}; {home} worked for others, and it is over."
    does = " or ".join(_DONE[f] for f in incident.functions) or "used"
    only = f"since {began} only our test mailbox {name} cannot be {does}"
    return f"It is not {home}: {only}, while others of {home} can."


_DONE: Final = {
    Function.SUBMIT: "used for sending",
    Function.ACCEPT: "written to",
    Function.DELIVER: "reached by mail",
    Function.READ: "opened",
}


def _ours(incident: Incident) -> str:
    began = moment(incident.began_at)
    what = "our own connection to the internet"
    if incident.culprit == RESOLVER:
        what = "our own look-up of internet names"
    elif incident.culprit != NETWORK:  # one port of it
        what = "a part of our own connection to the internet"
    if incident.state is State.CLOSED:
        end = moment(incident.ended_at or incident.changed_at)
        return f"It was us: from {began} to {end} {what} failed; it is over."
    return f"It is us: since {began} {what} fails, so we cannot tell how others are."


def _name(incident: Incident) -> str:
    brands = [one for one in incident.parties if one != incident.culprit]
    return f"{incident.culprit} ({joined(brands)})" if brands else incident.culprit


def _what(functions: Iterable[Function], *, now: bool) -> str:
    those = set(functions)
    words = [_WORDS[one][0 if now else 1] for one in Function if one in those]
    return joined(words)


def moment(at: datetime) -> str:
    """Give a time as it is said on the telephone, in the zone it is given in."""
    return f"{at:%H:%M} {at.tzname() or 'UTC'} on {at.day} {at:%B %Y}"


def joined(parts: Sequence[str]) -> str:
    """List things as people do."""
    if len(parts) < 2:  # noqa: PLR2004 - one thing needs no "and"
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
