"""Opening a connection that trips share: which step is going on, and whose it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mailprobe.model.failure import Phase
from mailprobe.wire.recorder import Recorder

if TYPE_CHECKING:
    from mailprobe.model.failure import Kind
    from mailprobe.model.report import Step
    from mailprobe.wire.recorder import OpenStep


class Opening(Recorder):
    """
    A recorder that knows which step is going on, and gives each to a trip's.

    Attributes:
        first: The recorder of the trip that gets the steps, while there is one.
    """

    first: Recorder | None = None
    phase = Phase.DNS
    peer = ""
    began = 0.0

    def step(
        self,
        phase: Phase,
        peer: str,
        budget: float,
        *,
        optional: bool | frozenset[Kind] = False,
    ) -> OpenStep:
        """Note what begins; see `Recorder.step`."""
        self.phase, self.peer, self.began = phase, peer, self.elapsed()
        return super().step(phase, peer, budget, optional=optional)

    def add(self, step: Step) -> None:
        """Take a finished step in, and give it on."""
        super().add(step)
        if self.first is not None:
            shift = self.zero - self.first.zero
            self.first.add(replace(step, began=step.began + shift))
