"""Nothing is wrong with any provider; from beginning to end, with the monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailprobe.model.incident import State
from mailprobe.model.verdict import Blame
from tests.replays import promises
from tests.replays.whole import whole

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.replay


@pytest.mark.parametrize(
    ("name", "blame"),
    [
        ("own-network", Blame.VANTAGE),
        ("own-resolver", Blame.VANTAGE),
        ("wrong-password", Blame.ACCOUNT),
    ],
)
def test_our_own_fault(name: str, blame: Blame, folder: Path) -> None:
    """When our network, resolver or a password fails, no provider is ever accused."""
    _, played = whole(name, folder)
    seen = played.result
    assert promises.accusations(seen) == []
    assert [one.blame for one in seen.incidents] == [blame]
    assert [one.state for one in seen.incidents] == [State.CLOSED]


def test_quiet(folder: Path) -> None:
    """Two weeks of lost packets, greylisting and slow greetings are no incident."""
    _, played = whole("quiet", folder)
    assert played.result.events == ()
