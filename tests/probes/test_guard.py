"""A fault of ours becomes the report's, with its traceback and without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from mailprobe import Prober, UsageError
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from mailprobe import Mailbox
    from mailprobe.lab import ThreadedLab


def quoting(box: Mailbox) -> RuntimeError:
    """Return a fault of ours that quotes what it was given."""
    assert box.password is not None
    return RuntimeError(f"cannot use {box.password.reveal()!r}")


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["probes.imap.log_in", "wire.imap.ImapSession.login"])
async def test_a_fault_of_ours_is_told_without_the_password(
    lab_world: ThreadedLab, name: str
) -> None:
    """The traceback is there, the password that it quoted is not."""
    box = lab_world.mailbox("ada@libero.test")
    assert box.password is not None
    async with Prober(**prober_options_for(lab_world)) as prober:
        with patch(f"mailprobe.{name}", side_effect=quoting(box)):
            check = await prober.imap(box)
    assert (check.status, check.blame) == ("unknown", "prober")
    failure = check.verdict.failure
    assert failure is not None
    assert "Traceback" in failure.detail
    assert "RuntimeError: cannot use '********'" in failure.detail
    assert box.password.reveal() not in repr(check)


@pytest.mark.asyncio
async def test_a_fault_in_one_probe_leaves_the_others(lab_world: ThreadedLab) -> None:
    """A provider check goes on, and only the function that was hit is unknown."""
    box = lab_world.mailbox("ada@libero.test")
    async with Prober(**prober_options_for(lab_world)) as prober:
        with patch("mailprobe.probes.mx.look_up", side_effect=RuntimeError("ours")):
            check = await prober.provider("libero.test", box)
    four = check.verdict.availabilities
    assert four is not None
    assert four.accept is not None
    assert (four.accept.status, four.accept.blame) == ("unknown", "prober")
    told = (four.submit, four.deliver, four.read)
    assert [one.status for one in told if one] == ["ok", "ok", "ok"]


@pytest.mark.asyncio
async def test_a_mistake_of_the_caller_passes_through(lab_world: ThreadedLab) -> None:
    """What the caller got wrong is no bug, and no fault of the target."""
    async with Prober(**prober_options_for(lab_world)) as prober:
        mistake = UsageError("that cannot be meant")
        with (
            patch("mailprobe.probes.imap.open_imap", side_effect=mistake),
            pytest.raises(UsageError, match="that cannot be meant"),
        ):
            await prober.imap(lab_world.mailbox("ada@libero.test"))
