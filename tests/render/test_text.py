"""What people get: the problem first, and nothing that steers the terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.render import text
from mailprobe.render.spans import STYLES, Look, plain, seconds
from mailprobe.render.subject import subject
from tests.render.samples import (
    PASSWORD,
    SAMPLES,
    hostile,
    hostile_mx,
    imap_store_down,
    mx_good,
    provider_down,
    tls_expired,
    trip_good,
)

WIDE = Look(88, unicode=True)


def test_store_down_in_full() -> None:
    """The January 2023 outage, as a person reads it."""
    assert plain(text.lines(imap_store_down(), WIDE)) == (
        """\
DOWN      imap ada@libero.test at imap.libero.test:993:
          The login works, but the mailbox cannot be opened: the server says NO
          [UNAVAILABLE] mailbox store is down.
          blame: provider, decided at select with imap.libero.test:993

    dns            4.2 ms  127.0.0.1:5300  127.0.0.1
    tcp            0.3 ms  imap.libero.test:993
    tls            6.1 ms  TLSv1.3
    greeting       1.0 ms  * OK ready
    login          2.0 ms  OK logged in
  ▶ select         1.2 ms  imap_no: NO [UNAVAILABLE] mailbox store is down

  tls          TLSv1.3, TLS_AES_256_GCM_SHA384, verified
  certificate  imap.libero.test, by Lab CA, 61 days left
  login        accepted

  note         The server has an alert.
  advice       It is theirs to repair; passwords need not be changed.

  22.0 ms in all, from 2026-03-01 12:30:15 UTC on"""
    )


def test_mx_table() -> None:
    """MX hosts stand in a table, one row per address."""
    assert "\n".join(text.encode(mx_good()).splitlines()[4:7]) == (
        """\
    10  mx1.libero.test  127.0.0.1  answers 3.1 ms
                         ::1        answers 2.9 ms
    20  mx2.libero.test  127.0.0.2  ttl 60 s"""
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_problem_first(name: str) -> None:
    """The first line begins with the status and names the target."""
    check = SAMPLES[name]()
    first = text.encode(check).splitlines()[0]
    assert first.startswith(check.status.value.upper())
    assert subject(check.report) in first


@pytest.mark.parametrize("name", SAMPLES)
def test_plain_frame_is_ascii(name: str) -> None:
    """Where the stream takes only ASCII, marks are ASCII too."""
    shown = plain(text.lines(SAMPLES[name](), Look(88, unicode=False)))
    assert shown.replace("é", "").isascii()


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"hostile", "hostile_mx"}))
@pytest.mark.parametrize("width", [80, 88, 100])
def test_width(name: str, width: int) -> None:
    """Lines stay within the width they are given."""
    shown = plain(text.lines(SAMPLES[name](), Look(width, unicode=True)))
    assert max(len(line) for line in shown.splitlines()) <= width


@pytest.mark.parametrize("name", SAMPLES)
def test_styles_are_known(name: str) -> None:
    """Every span is painted in a style that exists."""
    styles = {style for line in text.lines(SAMPLES[name]()) for style, _ in line}
    assert styles <= STYLES.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_no_secret(name: str) -> None:
    """No password and no login name is shown."""
    assert PASSWORD not in text.encode(SAMPLES[name]())


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_steers_the_terminal(said: str) -> None:
    """No control, no bidirectional override, no surrogate of a server gets out."""
    for make in (hostile, hostile_mx):
        for line in text.lines(make(said)):
            for _, shown in line:
                kinds = {unicodedata.category(character) for character in shown}
                assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_escapes_are_shown() -> None:
    """What a server tried to do is written out, for all to see."""
    assert r"\x1b[2J" in text.encode(hostile())


def test_polls_are_one_line() -> None:
    """The same operation, repeated, is one line with a count."""
    shown = plain(text.lines(trip_good(), WIDE))
    assert "search \u00d75      5.0 ms" in shown


def test_deciding_step_is_marked_once() -> None:
    """The step that decided is marked, and it alone."""
    shown = plain(text.lines(provider_down(), WIDE))
    marked = [line for line in shown.splitlines() if "▶" in line]
    assert len(marked) == 1
    assert "select" in marked[0]


def test_provider_shows_its_four_functions() -> None:
    """A provider's check says of each function how it stands."""
    shown = text.encode(provider_down())
    for function, status in (("submit", "ok"), ("deliver", "down"), ("read", "down")):
        assert f"  {function:<9}{status:<10}" in shown


def test_ended_certificate() -> None:
    """A certificate that has ended is said to have."""
    assert "ended 3 days ago" in text.encode(tls_expired())


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0042, "4.2 ms"),
        (0.2458, "245.8 ms"),
        (12.34, "12.3 s"),
        (float("inf"), "?"),
    ],
)
def test_seconds(value: float, shown: str) -> None:
    """Durations read at a glance."""
    assert seconds(value) == shown
