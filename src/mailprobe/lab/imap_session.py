"""What all IMAP commands share: tagged ends, untagged news, the selected folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailprobe.lab.conversation import Conversation
from mailprobe.lab.imap_fetch import flag_list

if TYPE_CHECKING:
    from mailprobe.lab.channel import Channel
    from mailprobe.lab.faults import Reply
    from mailprobe.lab.listener import Listener
    from mailprobe.lab.store import Folder, Message
    from mailprobe.lab.world import Lab


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ends: the condition and the text of its tagged line."""

    condition: str
    text: str


def no(text: str) -> Done:
    """Refuse a command."""
    return Done("NO", text)


def bad(text: str) -> Done:
    """Refuse a command that cannot be meant."""
    return Done("BAD", text)


@dataclass(slots=True)
class View:
    """
    A folder as one client knows it; it changes only when the client is told.

    Attributes:
        folder: The folder.
        read_only: Whether it was opened by EXAMINE.
        messages: The messages the client knows, by message number.
        flags: The flags it was told of, by UID.
        last_uid: The highest UID it was told of.
        version: The folder's version it was told of.
    """

    folder: Folder
    read_only: bool
    messages: list[Message]
    flags: dict[int, frozenset[str]]
    last_uid: int
    version: int

    @classmethod
    def of(cls, folder: Folder, *, read_only: bool) -> View:
        """Open *folder*."""
        messages = list(folder.messages)
        flags = {m.uid: m.flags for m in messages}
        return cls(
            folder, read_only, messages, flags, folder.uid_next - 1, folder.version
        )

    @property
    def uids(self) -> list[int]:
        """The UIDs of the messages, ascending."""
        return [m.uid for m in self.messages]

    def news(self, *, expunge: bool) -> list[bytes]:
        """
        Catch up with the folder; return the untagged lines that say so.

        Args:
            expunge: Whether messages may vanish now: not while the client uses
                message numbers (RFC 3501 7.4.1).
        """
        if self.version == self.folder.version:
            return []
        lines = self._vanished() if expunge else []
        lines += self._arrived()
        for number, message in enumerate(self.messages, 1):
            if self.flags[message.uid] != message.flags:
                self.flags[message.uid] = message.flags
                flags = flag_list(message).encode()
                lines.append(b"* %d FETCH (FLAGS %s)\r\n" % (number, flags))
        if expunge:
            self.version = self.folder.version
        return lines

    def _vanished(self) -> list[bytes]:
        present = {m.uid for m in self.folder.messages}
        lines = []
        for place in reversed(range(len(self.messages))):
            if self.messages[place].uid not in present:
                del self.flags[self.messages.pop(place).uid]
                lines.append(b"* %d EXPUNGE\r\n" % (place + 1))
        return lines

    def _arrived(self) -> list[bytes]:
        new = [m for m in self.folder.messages if m.uid > self.last_uid]
        if not new:
            return []
        self.messages += new
        self.flags.update((m.uid, m.flags) for m in new)
        self.last_uid = new[-1].uid
        recent = sum(m.recent for m in self.messages)
        if not self.read_only:
            for message in new:
                message.recent = False
        return [
            b"* %d EXISTS\r\n" % len(self.messages),
            b"* %d RECENT\r\n" % recent,
        ]


class ImapConversation(Conversation):
    """
    The state of an IMAP session.

    Attributes:
        view: The selected folder, if one is.
        out: Untagged lines of the command that is being carried out.
    """

    def __init__(self, lab: Lab, listener: Listener, channel: Channel) -> None:
        super().__init__(lab, listener, channel)
        self.view: View | None = None
        self.out: list[bytes] = []

    def render(self, reply: Reply) -> bytes:
        """Put a `Reply` fault on the wire, untagged."""
        return f"* {reply.code} {reply.text}".rstrip().encode() + b"\r\n"

    def tell(self, text: str) -> None:
        """Add an untagged line to the answer."""
        self.out.append(f"* {text}\r\n".encode("utf-8", "surrogateescape"))

    def open(self, folder: Folder, *, read_only: bool) -> View:
        """Select a folder; news of it wake an idling client."""
        self.leave()
        self.view = View.of(folder, read_only=read_only)
        folder.watchers.add(self.channel.nudge)
        return self.view

    def leave(self) -> None:
        """Deselect the folder, if one is selected."""
        if self.view is not None:
            self.view.folder.watchers.discard(self.channel.nudge)
            self.view = None
