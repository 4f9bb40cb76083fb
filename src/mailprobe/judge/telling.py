"""The sentence of an incident: fit to be read out by who knows nothing of mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.judge.culprits import NETWORK_NAME, RESOLVER_NAME, Scope
from mailprobe.model.incident import Planned, State
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
    users = "some of its users" if partly else "its users"
    work = _work(incident)
    if incident.state is State.CLOSED:
        end = moment(incident.ended_at or incident.changed_at)
        return f"It was not us, it was {name}: from {began} to {end} its users " + (
            f"{suffered}{work}; it is over."
        )
    if incident.state is State.RECOVERING and not failing:
        rest = _waiting(incident) or "we watch whether it stays so"
        return f"It was not us, it was {name}: since {began} its users {suffered}" + (
            f"{work}; it works again, but {rest}."
        )
    still = f"; {rest}" if (rest := _waiting(incident)) else ""
    if incident.state is State.RECOVERING:
        return f"It is not us, it is {name}: since {began} there is trouble{work}, " + (
            f"which is passing, but some of its users still {failing}{still}."
        )
    return f"It is not us, it is {name}: since {began} {users} {failing}{work}{still}."


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
        return (
            f"Only our test mailbox {name} failed, from {began} to {end}; {home} "
            + ("worked for others, and it is over.")
        )
    does = " or ".join(_DONE[f] for f in incident.functions) or "used"
    return (
        f"It is not {home}: since {began} only our test mailbox {name} cannot be "
        + (f"{does}, while others of {home} can.")
    )


_DONE: Final = {
    Function.SUBMIT: "used for sending",
    Function.ACCEPT: "written to",
    Function.DELIVER: "reached by mail",
    Function.READ: "opened",
}


def _ours(incident: Incident) -> str:
    began = moment(incident.began_at)
    what = {
        NETWORK_NAME: "our own connection to the internet",
        RESOLVER_NAME: "our own look-up of internet names",
    }.get(incident.culprit, incident.culprit)
    if incident.state is State.CLOSED:
        end = moment(incident.ended_at or incident.changed_at)
        return f"It was us: from {began} to {end} {what} failed; it is over."
    return f"It is us: since {began} {what} fails, so nothing can be said about others."


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
