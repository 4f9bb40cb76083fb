"""The words: reasons, sections of failures, the summary, the header. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.model.verdict import Blame, Status
from mailprobe.render.clean import short, visible
from mailprobe.testing.agreement import agreement, taken_together
from mailprobe.testing.excuse import PROVEN, standings
from mailprobe.testing.looks import AGAIN_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from mailprobe.model.verdict import Verdict
    from mailprobe.testing.excuse import Standing
    from mailprobe.testing.looks import Look

HEALTHY: Final = "mail was healthy: the fault is likely yours"
SAID_MAX: Final = 160
"""Characters of a server's words in one line; a refusal with its link fits."""

_WHOSE: Final = {
    Blame.PROVIDER: "",
    Blame.VANTAGE: "our own network is at fault",
    Blame.ACCOUNT: "the mailbox's own login or state is at fault",
    Blame.SENDER: "the sending leg is at fault",
    Blame.SETUP: "our configuration is at fault",
    Blame.PROBER: "mailprobe itself is at fault",
    Blame.UNCLEAR: "whose fault it is cannot be told",
}


def reason(look: Look, proven: Iterable[Standing]) -> str:
    """Return why a test is excused: the provider, the functions, the sentences."""
    parts = (
        f"{_joined(names)} {_are(names, verdict)}: {visible(verdict.why)}"
        for names, verdict in _alike(proven)
        if verdict is not None
    )
    return f"{look.subject.label}: {' '.join(parts)}"


def section(
    look: Look,
    functions: Sequence[str],
    *,
    failed: datetime,
    before: bool,
    others: Sequence[Look],
) -> list[str]:
    """
    Return the lines that a failed test gets for one provider.

    Args:
        look: What was seen of it after the failure, or last.
        functions: What the test needs of it.
        failed: When the test failed.
        before: Whether all that the test needs worked when it began.
        others: What the session saw of other subjects.
    """
    label, stands = look.subject.label, standings(look.check, functions)
    bad = [one for one in stands if not one.well]
    if bad:
        alike = _alike(bad)
        found = [f"{label}: {_trouble(look, *one, others)}" for one in alike]
    elif look.began < failed:
        found = [f"{label}: mail was healthy before; it was not looked at again"]
    elif before:
        found = [f"{label}: {HEALTHY} ({_works(stands)})"]
    else:
        works = f"{label}: mail works again ({_works(stands)}), but did not when the"
        found = [f"{works} test began: the fault may be theirs"]
    if look.began < failed:
        found.append(f"{label}: {_spared(look)}")
    return found


def standing(look: Look, others: Sequence[Look] = ()) -> str:
    """Return the summary's line for one provider: all that a look could judge."""
    stands = standings(look.check, look.subject.functions)
    bad = [one for one in stands if not one.well and one.verdict is not None]
    if not bad:
        return f"{look.subject.label}: {_works(stands) or 'nothing could be tried'}"
    told = (_trouble(look, *one, others) for one in _alike(bad))
    return f"{look.subject.label}: {'; '.join(told)}"


def prop(one: Standing) -> str:
    """Return how a function stands, as the value of a JUnit property."""
    if one.verdict is None:
        return "not tried"
    blame = f" ({one.verdict.blame})" if one.verdict.blame else ""
    return f"{one.verdict.status}{blame}: {visible(one.verdict.why)}"


def count(number: int, noun: str) -> str:
    """Return "1 test", "2 tests"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _alike(
    stands: Iterable[Standing],
) -> list[tuple[tuple[str, ...], Verdict | None]]:
    """Put together what one and the same verdict is about."""
    found: dict[str, tuple[list[str], Verdict | None]] = {}
    for one in stands:
        why = one.verdict.why if one.verdict else ""
        found.setdefault(why, ([], one.verdict))[0].append(one.function)
    return [(tuple(names), verdict) for names, verdict in found.values()]


def _trouble(
    look: Look,
    names: tuple[str, ...],
    verdict: Verdict | None,
    others: Sequence[Look],
) -> str:
    """Say of functions that they do not work, since when, and who agrees."""
    if verdict is None:
        verb = "was" if len(names) == 1 else "were"
        return f"{_joined(names)} {verb} not tried, which excuses nothing"
    since = min(
        (look.since[name] for name in names if name in look.since), default=None
    )
    when = f" since {since.astimezone():%H:%M}" if since else ""
    line = f"{_joined(names)} {_are(names, verdict)}{when} ({_said(verdict)})"
    if verdict.blame and (whose := _WHOSE[verdict.blame]):
        line += f"; {whose}"
    if agree := agreement(look, names[-1], others):
        line += f"; {agree}"
    if together := taken_together(look, names[-1], others):
        line += f". {visible(together).removesuffix('.')}"
    if verdict.blame not in PROVEN:
        line += f". This excuses nothing. To mend it: {_advice(verdict)}"
    return line


def _said(verdict: Verdict) -> str:
    """Quote the reply that decided, or name the failure."""
    failure = verdict.failure
    if failure is None:
        # Several addresses failed, or none in particular: the sentence says it.
        return short(visible(verdict.why).removesuffix("."), SAID_MAX)
    text = str(failure.reply) if failure.reply else failure.kind.value
    return short(visible(text).removesuffix("."), SAID_MAX)


def _advice(verdict: Verdict) -> str:
    advice = visible(verdict.advice) or visible(verdict.why)
    return advice.removesuffix(".")


def _works(stands: Sequence[Standing]) -> str:
    """Return "submit and read work", with what is degraded."""
    good = [s for s in stands if s.well and s.verdict is not None]
    fine = [s.function for s in good if s.verdict and s.verdict.status is Status.OK]
    parts = [f"{_joined(fine)} {'works' if len(fine) == 1 else 'work'}"] if fine else []
    parts += [
        f"{s.function} is degraded: {visible(s.verdict.why).removesuffix('.')}"
        for s in good
        if s.verdict and s.verdict.status is Status.DEGRADED
    ]
    return "; ".join(parts)


def _spared(look: Look) -> str:
    at = f"{look.began.astimezone():%H:%M:%S}"
    if look.refused:
        return (
            f"not looked at again since {at}: a login was refused, and an account is "
            "left alone then"
        )
    return (
        f"not looked at again since {at}: {AGAIN_MAX} looks after failures are enough "
        "for one session"
    )


def _are(names: Sequence[str], verdict: Verdict) -> str:
    if verdict.status is not Status.DOWN:
        return "could not be judged"
    return "is down" if len(names) == 1 else "are down"


def _joined(names: Sequence[str]) -> str:
    if len(names) < 2:  # noqa: PLR2004 - one name needs no "and"
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
