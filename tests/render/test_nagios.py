"""What monitoring cores get: lines that no server can bend."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.render import nagios
from tests.render.samples import (
    SAMPLES,
    hostile,
    hostile_mx,
    imap_store_down,
    mx_good,
    provider_down,
    trip_good,
    trip_missing,
)

DATUM = r"'[a-z0-9_]{1,19}'=-?\d+(\.\d+)?(s|%|B|c)?;;;0?"
FIRST = re.compile(
    rf"MAILPROBE (OK|WARNING|CRITICAL|UNKNOWN) - [^|'\"`]*? \| {DATUM}( {DATUM})*"
)
PART = re.compile(r"\\_\[(OK|WARNING|CRITICAL|UNKNOWN|NOTE|ADVICE)\] - [^|'\"`\\]*")


def _assert_shape(output: str) -> None:
    first, *parts = output.split("\n")
    assert FIRST.fullmatch(first), first
    assert all(PART.fullmatch(part) for part in parts), parts
    assert all(line.isprintable() for line in (first, *parts))
    assert len(first) < 1200
    output.encode("utf-8")


@pytest.mark.parametrize("name", SAMPLES)
def test_shape(name: str) -> None:
    """Every sample keeps the form of a plugin's output."""
    _assert_shape(nagios.encode(SAMPLES[name]()))


@given(
    st.one_of(
        st.text(st.characters(exclude_categories=())),
        st.text(alphabet="|'\"`\\=;,\r\n\x00\x1b[]\u202e\u2028 \udc80OK"),
    )
)
def test_any_server_text(text: str) -> None:
    """Whatever a server says, status line, data and parts keep their form."""
    for make in (hostile, hostile_mx):
        check: Any = make(text)
        output = nagios.encode(check)
        _assert_shape(output)
        word = {"down": "CRITICAL", "degraded": "WARNING"}[check.status]
        assert output.startswith(f"MAILPROBE {word} - ")


def test_long_text_is_cut() -> None:
    """A server that talks without end does not flood the pager."""
    output = nagios.encode(hostile("no " * 100_000))
    assert len(output) < 4000
    assert "..." in output


def test_store_down_in_full() -> None:
    """The January 2023 outage, as a monitoring core reads it."""
    assert nagios.encode(imap_store_down()) == (
        "MAILPROBE CRITICAL - imap ada@libero.test at imap.libero.test:993: "
        "The login works, but the mailbox cannot be opened: the server says "
        "NO [UNAVAILABLE] mailbox store is down. | 'duration'=0.022s;;;0 "
        "'dns'=0.0042s;;;0 'tcp'=0.0003s;;;0 'tls'=0.0061s;;;0 "
        "'greeting'=0.001s;;;0 'login'=0.002s;;;0 'select'=0.0012s;;;0 "
        "'days_left'=61;;;\n"
        "\\_[NOTE] - The server has an alert.\n"
        "\\_[ADVICE] - It is theirs to repair; passwords need not be changed."
    )


def test_parts_of_a_provider() -> None:
    """A provider's four functions and its checks have a line each."""
    lines = nagios.encode(provider_down()).split("\n")[1:]
    assert [line.partition(":")[0] for line in lines[:5]] == [
        "\\_[OK] - submit",
        "\\_[OK] - accept",
        "\\_[CRITICAL] - deliver",
        "\\_[CRITICAL] - read",
        "\\_[OK] - mx libero.test",
    ]


def test_unknown_values_are_left_out() -> None:
    """A mail that was not seen has no transit, least of all one of zero."""
    labels = [label for label, _, _ in nagios.perfdata(trip_missing().report)]
    assert "acceptance" in labels
    assert "transit" not in labels


def test_trip_values() -> None:
    """Transit, and its share after acceptance, are drawn in seconds."""
    data = {label: (n, unit) for label, n, unit in nagios.perfdata(trip_good().report)}
    assert data["transit"] == (0.2458, "s")
    assert data["after_acceptance"][0] == pytest.approx(0.2418)
    assert data["search"][0] == pytest.approx(0.005)


def test_hosts_are_counted() -> None:
    """MX hosts, addresses and those that answer are drawn."""
    data = {label: value for label, value, _ in nagios.perfdata(mx_good().report)}
    assert (data["hosts"], data["addresses"], data["answering"]) == (2, 3, 2)
