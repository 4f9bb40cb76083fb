"""The words of the live half, as people read them."""

from __future__ import annotations

from datetime import timedelta

from mailprobe.model.failure import Reply
from mailprobe.model.verdict import Blame, Status
from mailprobe.testing.excuse import standings
from mailprobe.testing.looks import AGAIN_MAX, Look
from mailprobe.testing.summary import prop, reason, section, standing
from tests.testing.seen import (
    ACCOUNT,
    AT,
    DEGRADED,
    DOWN,
    OK,
    OURS,
    check,
    look,
    verdict,
)

SINCE = f"since {AT.astimezone():%H:%M}"


def _section(
    seen: Look, *functions: str, before: bool = True, alone: bool = True, late: int = -1
) -> list[str]:
    return section(
        seen,
        functions,
        failed=AT + timedelta(seconds=late),
        before=before,
        alone=alone,
        others=(),
    )


def test_a_reason_is_the_verdicts_own_sentence() -> None:
    """A skip quotes the verdict, once for all functions that it is about."""
    seen = look(check(submit=OK, deliver=DOWN, read=DOWN))
    stands = standings(seen.check, ("deliver", "read"))
    assert reason(seen, stands) == f"posta: deliver and read are down: {DOWN.why}"


def test_a_reason_for_each_sentence() -> None:
    """Two outages are two sentences."""
    seen = look(check(accept=OURS, read=DOWN))
    stands = standings(seen.check, ("accept", "read"))
    assert reason(seen, stands) == (
        f"posta: accept could not be judged: {OURS.why} read is down: {DOWN.why}"
    )


def test_a_failure_of_the_test_itself() -> None:
    """All that the test needs works, and did: the test is to blame."""
    assert _section(look(check(submit=OK, read=OK)), "submit", "read") == [
        "posta: mail was healthy: the fault is likely yours (submit and read work)"
    ]


def test_a_failure_beside_an_outage_elsewhere() -> None:
    """Where another provider is down, a healthy one does not blame the test."""
    said = _section(look(check(read=OK)), "read", alone=False)
    assert said == ["posta: mail was healthy (read works)"]


def test_what_is_degraded_is_said() -> None:
    """A degraded function works, and what is wrong with it is said."""
    said = _section(look(check(read=DEGRADED)), "read")
    (line,) = said
    assert line.endswith("likely yours (read is degraded: It is degraded by provider)")


def test_mail_that_came_back() -> None:
    """Nobody is blamed for a test that began while mail was down."""
    (said,) = _section(look(check(read=OK)), "read", before=False)
    assert said.startswith("posta: mail works again (read works), but did not when")


def test_an_outage() -> None:
    """An outage is named with its function, its beginning and the server's words."""
    assert _section(look(check(submit=OK, read=DOWN)), "read") == [
        f"posta: read is down {SINCE} (NO [UNAVAILABLE] later)"
    ]


def test_our_network() -> None:
    """Our own network is named as the culprit."""
    (said,) = _section(look(check(read=OURS)), "read")
    assert said == (
        f"posta: read could not be judged {SINCE} (NO [UNAVAILABLE] later); our own "
        "network is at fault"
    )


def test_what_excuses_nothing_says_what_to_mend() -> None:
    """A fault of ours is no excuse, and comes with the advice."""
    (said,) = _section(look(check(read=ACCOUNT)), "read")
    assert said.endswith(
        "the mailbox's own login or state is at fault. This excuses nothing. To mend "
        "it: Mend it"
    )


def test_what_was_not_tried() -> None:
    """A function that was not tried is said not to be."""
    assert _section(look(check(read=OK)), "accept") == [
        "posta: accept was not tried, which excuses nothing"
    ]


def test_a_look_that_was_spared_claims_nothing() -> None:
    """A look from before the failure is never called mail's health at the failure."""
    said = _section(look(check(read=OK), again=AGAIN_MAX), "read", late=60)
    assert said[0] == "posta: mail was healthy before; it was not looked at again"
    assert f"{AGAIN_MAX} looks after failures are enough" in said[1]


def test_one_line_for_a_provider() -> None:
    """The summary names all that was judged on one line, culprit by culprit."""
    made = check(submit=ACCOUNT, accept=OK, deliver=None, read=DOWN)
    assert standing(look(made)) == (
        f"posta: submit could not be judged {SINCE} (NO [UNAVAILABLE] later); the "
        "mailbox's own login or state is at fault. This excuses nothing. To mend it: "
        f"Mend it; deliver and read are down {SINCE} (NO [UNAVAILABLE] later)"
    )
    assert standing(look(check(submit=OK, accept=OK, deliver=OK, read=OK))) == (
        "posta: submit, accept, deliver and read work"
    )


def test_a_look_that_saw_nothing() -> None:
    """Where nothing could be tried, that is what the summary says."""
    assert standing(look(check())) == "posta: nothing could be tried"


def test_words_of_strangers_are_harmless() -> None:
    """What a server says cannot steer a terminal, nor fill it."""
    rude = verdict(
        Status.DOWN, Blame.PROVIDER, Reply("NO", None, "\x1b[2J" + 500 * "x")
    )
    (said,) = _section(look(check(read=rude)), "read")
    assert "\x1b" not in said
    assert len(said) < 250


def test_properties() -> None:
    """A property says status, culprit and why, or that nothing was tried."""
    made = check(read=DOWN)
    read, accept = standings(made, ("read", "accept"))
    assert prop(read) == f"down (provider): {DOWN.why}"
    assert prop(accept) == "not tried"
