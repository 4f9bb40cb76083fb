"""The words: reasons, sections of failures, the summary, the header. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.model.failure import Kind
from mailprobe.model.verdict import Blame, Status
from mailprobe.render.clean import short, visible
from mailprobe.testing.agreement import agreement, taken_together
from mailprobe.testing.looks import AGAIN_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
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
    )
    return f"{look.subject.label}: {' '.join(parts)}"


def section(  # noqa: PLR0913 - by name
    look: Look,
    functions: Sequence[str],
    *,
    failed: datetime,
    before: bool,
    alone: bool,
    others: Sequence[Look],
) -> list[str]:
    """
    Return the lines that a failed test gets for one provider.

    Args:
        look: What was seen of it after the failure, or last.
        functions: What the test needs of it.
        failed: When the test failed.
        before: Whether what the test needs of it worked when the test began.
        alone: Whether nothing else is wrong that the test needs, so that only the
            test itself is left to blame.
        others: What the session saw of other subjects.
    """
    label, stands = look.subject.label, look.stands(functions)
    bad = [one for one in stands if not one.well]
    if bad:
        found = [f"{label}: {told}" for told in _troubles(look, bad, others)]
    elif look.began < failed:
        found = [f"{label}: mail was healthy before; it was not looked at again"]
    elif before:
        said = HEALTHY if alone else HEALTHY.partition(":")[0]
        found = [f"{label}: {said} ({_works(stands)})"]
    else:
        works = f"{label}: mail works again ({_works(stands)}), but did not when the"
        found = [f"{works} test began: the fault may be theirs"]
    if look.began < failed:
        found.append(f"{label}: {_spared(look)}")
    return found


def standing(look: Look, others: Sequence[Look] = ()) -> str:
    """Return the summary's line for one provider: all that a look could judge."""
    stands = look.stands(look.subject.functions)
    bad = [one for one in stands if not one.well and one.verdict is not None]
    if not bad:
        return f"{look.subject.label}: {_works(stands) or 'nothing could be tried'}"
    return f"{look.subject.label}: {'; '.join(_troubles(look, bad, others))}"


def prop(one: Standing) -> str:
    """Return how a function stands, as the value of a JUnit property."""
    if one.verdict is None:
        return "not tried"
    blame = f" ({one.verdict.blame})" if one.verdict.blame else ""
    return f"{one.verdict.status}{blame}: {visible(one.verdict.why)}"


def count(number: int, noun: str) -> str:
    """Return "1 test", "2 tests"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _alike(stands: Iterable[Standing]) -> list[tuple[list[str], Verdict]]:
    """Put together what one and the same sentence is about."""
    found: dict[str, tuple[list[str], Verdict]] = {}
    for one in stands:
        if one.verdict is not None:
            alike = found.setdefault(one.verdict.why, ([], one.verdict))
            alike[0].append(one.function)
    return list(found.values())


def _troubles(
    look: Look, bad: Sequence[Standing], others: Sequence[Look]
) -> Iterator[str]:
    """Yield one line for each culprit, however many functions it has stopped."""
    alike: dict[object, list[Standing]] = {}
    for one in bad:
        why = (one.verdict.status, one.verdict.blame) if one.verdict else None
        alike.setdefault(why, []).append(one)
    for group in alike.values():
        names = [one.function for one in group]
        # What was tried itself says more than what stands in for something else.
        telling = min(
            group, key=lambda one: (one.stands_in, -names.index(one.function))
        )
        yield _trouble(look, names, telling, others)


def _trouble(
    look: Look, names: Sequence[str], telling: Standing, others: Sequence[Look]
) -> str:
    """Say of functions that they do not work, since when, and who agrees."""
    verdict = telling.verdict
    if verdict is None:
        verb = "was" if len(names) == 1 else "were"
        return f"{_joined(names)} {verb} not tried, which excuses nothing"
    since = [look.since[name] for name in names if name in look.since]
    when = f" since {min(since).astimezone():%H:%M}" if since else ""
    line = f"{_joined(names)} {_are(names, verdict)}{when} ({_said(verdict)})"
    whose = _WHOSE[verdict.blame] if verdict.blame else ""
    if telling.ambiguous:
        whose = "its host and port stand in mailprobe.toml, and may be wrong"
    if whose:
        line += f"; {whose}"
    if agree := agreement(look, telling.function, others):
        line += f"; {agree}"
    if together := taken_together(look, telling.function, others):
        line += f". {visible(together).removesuffix('.')}"
    if not telling.excuses:
        line += f". This excuses nothing. To mend it: {_advice(verdict)}"
    return line


def _said(verdict: Verdict) -> str:
    """Quote the reply that decided, or name the failure."""
    failure = verdict.failure
    if failure is None or failure.kind is Kind.BUG:
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
