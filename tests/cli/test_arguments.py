"""Reading hosts, ports and figures."""

from __future__ import annotations

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.cli.arguments import count, host_and_port, pause, port, seconds
from mailprobe.model.errors import UsageError


@pytest.mark.parametrize(
    ("text", "given_port", "expected"),
    [
        ("mx.libero.it", None, ("mx.libero.it", None)),
        ("mx.libero.it:25", None, ("mx.libero.it", 25)),
        ("mx.libero.it", 587, ("mx.libero.it", 587)),
        ("mx.libero.it:587", 587, ("mx.libero.it", 587)),
        ("[2001:db8::1]:25", None, ("2001:db8::1", 25)),
        ("[2001:db8::1]", 25, ("2001:db8::1", 25)),
        ("2001:db8::1", None, ("2001:db8::1", None)),
    ],
)
def test_host_and_port(
    text: str, given_port: int | None, expected: tuple[str, int | None]
) -> None:
    """Names, IPv4 and IPv6 addresses are read with and without a port."""
    assert host_and_port(text, given_port) == expected


@given(st.text(max_size=30))
def test_any_host(text: str) -> None:
    """Whatever is written is read, or refused as misuse."""
    try:
        _, number = host_and_port(text)
    except UsageError:
        return
    assert number is None or 1 <= number <= 65535


@pytest.mark.parametrize("text", ["0", "65536", "-1", "", "25 ", "\u0665", "9" * 5000])
def test_no_port(text: str) -> None:
    """A port is a number from 1 to 65535."""
    with pytest.raises(argparse.ArgumentTypeError, match="out of range"):
        port(text)


@pytest.mark.parametrize("text", ["0", "-1", "inf", "nan", "1e9", "five", ""])
def test_no_seconds(text: str) -> None:
    """A deadline is above zero and a day at most."""
    with pytest.raises(argparse.ArgumentTypeError, match="seconds"):
        seconds(text)


def test_figures() -> None:
    """Figures are read as they are written."""
    assert (seconds("2.5"), pause("0"), pause("1"), count("10")) == (2.5, 0, 1, 10)
