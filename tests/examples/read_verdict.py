"""Tell apart what is theirs to repair from what is ours."""

from __future__ import annotations

# --8<-- [start:example]
from mailprobe import Blame, Check, Report, Status


def sentence(check: Check[Report]) -> str:
    """Say what to tell a user who calls."""
    if check.status is Status.OK:
        return "All is well."
    if check.status is Status.UNKNOWN:
        return f"We cannot tell: {check.why}"
    whose = "not ours" if check.blame is Blame.PROVIDER else str(check.blame)
    where = f" at {check.at.phase} with {check.at.peer}" if check.at else ""
    return f"{check.why} ({whose}{where}). {check.advice}".strip()


# --8<-- [end:example]
