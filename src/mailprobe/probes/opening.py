"""Opening a connection that trips share: which step of it is going on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.model.failure import Phase
from mailprobe.wire.recorder import Recorder

if TYPE_CHECKING:
    from mailprobe.model.failure import Kind
    from mailprobe.wire.recorder import OpenStep


class Opening(Recorder):
    """A recorder that knows which step is going on."""

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
