"""What the MX does with a recipient, decided by tests while it runs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.real.plan import POLICY_PORT, RELAY

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from tests.real.background import Background
    from tests.real.plan import Plan

REJECTIONS: Final = {
    421: "4.3.2 Service shutting down",
    450: "4.2.0 Greylisted, try again later",
    451: "4.3.0 Mailbox temporarily unavailable",
    452: "4.2.2 Mailbox full",
    550: "5.1.1 No such user here",
    552: "5.2.2 Mailbox full",
    554: "5.7.1 Message refused",
}


@dataclass(slots=True)
class Policy:
    """Answers Postfix's policy requests (SMTPD_POLICY_README)."""

    actions: dict[str, str] = field(default_factory=dict)
    """The action for each recipient domain; ``*`` is for all others."""

    def start(self, plan: Plan, background: Background) -> None:
        """Listen; connections are served by *background* from now on."""
        background.serve(self._talk, plan.at(RELAY), POLICY_PORT)

    @contextmanager
    def act(self, action: str, domain: str = "*") -> Iterator[None]:
        """Answer with this action of access(5) for the recipients of *domain*."""
        self.actions[domain] = action
        try:
            yield
        finally:
            del self.actions[domain]

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while request := await reader.readuntil(b"\n\n"):
            lines = request.decode(errors="replace").splitlines()
            said = dict(line.partition("=")[::2] for line in lines if line)
            domain = said.get("recipient", "").rpartition("@")[2].lower()
            action = self.actions.get(domain) or self.actions.get("*") or "DUNNO"
            writer.write(f"action={action}\n\n".encode())
            await writer.drain()
