"""IMAP commands on folders and messages (RFC 3501, 4315, 6154, 2087)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from mailprobe.lab import imap_fetch
from mailprobe.lab.faults import Full
from mailprobe.lab.imap_search import CHARSETS, BadCharsetError, search
from mailprobe.lab.imap_session import Done, ImapConversation, View, bad, no
from mailprobe.lab.imap_syntax import (
    ImapSyntaxError,
    Token,
    choose,
    pattern,
    quote,
    text,
    words,
)
from mailprobe.lab.store import MESSAGE_MAX

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.lab.store import Account, Folder, Message

FLAGS = "\\Answered \\Flagged \\Deleted \\Seen \\Draft"
MISSING = "[NONEXISTENT] Mailbox doesn't exist: {}"
READ_ONLY = "[READ-ONLY] Mailbox is opened read-only"
BROKEN = "[SERVERBUG] Internal error occurred. Refer to server log."
QUOTA_ROOT = '"User quota"'


def _need(args: list[Token], count: int) -> None:
    if len(args) < count:
        message = "missing arguments"
        raise ImapSyntaxError(message)


class MailboxCommands(ImapConversation):
    """Commands of the authenticated and the selected state."""

    def _owner(self) -> Account:
        assert self.account is not None  # noqa: S101 - the state table sees to it
        return self.account

    def _selected(self) -> View:
        assert self.view is not None  # noqa: S101 - the state table sees to it
        return self.view

    # --- folders ----------------------------------------------------------------

    def select(self, args: list[Token]) -> Done:
        """SELECT."""
        return self._open(args, read_only=False)

    def examine(self, args: list[Token]) -> Done:
        """EXAMINE."""
        return self._open(args, read_only=True)

    def _open(self, args: list[Token], *, read_only: bool) -> Done:
        _need(args, 1)
        self.leave()
        folder = self._owner().folder(text(args[0]))
        if folder is None:
            return no(MISSING.format(text(args[0])))
        view = self.open(folder, read_only=read_only)
        permanent = "" if read_only else f"{FLAGS} \\*"
        recent = sum(m.recent for m in view.messages)
        unseen = [n for n, m in enumerate(view.messages, 1) if "\\Seen" not in m.flags]
        self.tell(f"FLAGS ({FLAGS})")
        self.tell(f"OK [PERMANENTFLAGS ({permanent})] Flags permitted.")
        self.tell(f"{len(view.messages)} EXISTS")
        self.tell(f"{recent} RECENT")
        if unseen:
            self.tell(f"OK [UNSEEN {unseen[0]}] First unseen.")
        self.tell(f"OK [UIDVALIDITY {folder.uid_validity}] UIDs valid")
        self.tell(f"OK [UIDNEXT {folder.uid_next}] Predicted next UID")
        if read_only:
            return Done("OK", "[READ-ONLY] Examine completed (0.001 + 0.000 secs).")
        for message in view.messages:
            message.recent = False
        return Done("OK", "[READ-WRITE] Select completed (0.001 + 0.000 secs).")

    def list_folders(self, args: list[Token]) -> Done:
        """LIST, with the SPECIAL-USE selection and return options."""
        only_special = bool(args) and args[0] == [b"SPECIAL-USE"]
        rest = args[1:] if args and isinstance(args[0], list) else args
        _need(rest, 2)
        reference, patterns = text(rest[0]), words(rest[1])
        if patterns == [""]:
            self.tell('LIST (\\Noselect) "/" ""')
            return Done("OK", "List completed.")
        special = "SPECIAL-USE" in self.offered(("SPECIAL-USE",))
        for folder in self._owner().folders.values():
            if not any(pattern(reference, p).match(folder.name) for p in patterns):
                continue
            use = folder.special_use if special else ""
            if only_special and not use:
                continue
            attributes = f"\\HasNoChildren {use}".rstrip()
            self.tell(f'LIST ({attributes}) "/" {quote(folder.name)}')
        return Done("OK", "List completed (0.001 + 0.000 secs).")

    def status(self, args: list[Token]) -> Done:
        """STATUS."""
        _need(args, 2)
        folder = self._owner().folder(text(args[0]))
        if folder is None:
            return no(MISSING.format(text(args[0])))
        values: dict[str, Callable[[Folder], int]] = {
            "MESSAGES": lambda f: len(f.messages),
            "RECENT": lambda f: sum(m.recent for m in f.messages),
            "UIDNEXT": lambda f: f.uid_next,
            "UIDVALIDITY": lambda f: f.uid_validity,
            "UNSEEN": lambda f: sum("\\Seen" not in m.flags for m in f.messages),
        }
        wanted = [word.upper() for word in words(args[1])]
        unknown = [word for word in wanted if word not in values]
        if unknown:
            return bad(f"Error in IMAP command STATUS: Unknown item {unknown[0]}")
        items = " ".join(f"{word} {values[word](folder)}" for word in wanted)
        self.tell(f"STATUS {quote(folder.name)} ({items})")
        return Done("OK", "Status completed (0.001 + 0.000 secs).")

    def namespace(self, _: list[Token]) -> Done:
        """NAMESPACE (RFC 2342)."""
        self.tell('NAMESPACE (("" "/")) NIL NIL')
        return Done("OK", "Namespace completed.")

    def get_quota_root(self, args: list[Token]) -> Done:
        """GETQUOTAROOT (RFC 2087)."""
        _need(args, 1)
        name = text(args[0])
        if self._owner().folder(name) is None:
            return no(MISSING.format(name))
        self.tell(f"QUOTAROOT {quote(name)} {QUOTA_ROOT}")
        self._tell_quota()
        return Done("OK", "Getquotaroot completed.")

    def get_quota(self, _: list[Token]) -> Done:
        """GETQUOTA (RFC 2087)."""
        self._tell_quota()
        return Done("OK", "Getquota completed.")

    def _tell_quota(self) -> None:
        owner = self._owner()
        full = self.lab.faults.on_mail(Full, owner.address)
        used = owner.quota_kib if full else -(-owner.used_bytes // 1024)
        self.tell(f"QUOTA {QUOTA_ROOT} (STORAGE {used} {owner.quota_kib})")

    def append(self, args: list[Token]) -> Done:
        """APPEND, with the APPENDUID of RFC 4315."""
        _need(args, 2)
        folder = self._owner().folder(text(args[0]))
        if folder is None:
            return no("[TRYCREATE] Mailbox doesn't exist: " + text(args[0]))
        flags = words(args[1]) if isinstance(args[1], list) else []
        middle = args[2:-1] if isinstance(args[1], list) else args[1:-1]
        raw = args[-1]
        if isinstance(raw, list) or len(middle) > 1:
            message = "a message was expected"
            raise ImapSyntaxError(message)
        if len(raw) > MESSAGE_MAX:
            return no("[TOOBIG] Message too large")
        at = _date(text(middle[0])) if middle else self.lab.now()
        message_added = folder.add(raw, at, flags)
        code = ""
        if "UIDPLUS" in self.offered(("UIDPLUS",)):
            code = f"[APPENDUID {folder.uid_validity} {message_added.uid}] "
        return Done("OK", f"{code}Append completed (0.001 + 0.000 secs).")

    # --- the selected folder ----------------------------------------------------

    def check(self, _: list[Token]) -> Done:
        """CHECK."""
        return Done("OK", "Check completed.")

    def close(self, _: list[Token]) -> Done:
        """CLOSE: expunges without a word, unless read-only."""
        view = self._selected()
        if not view.read_only:
            self._remove(view.messages)
        self.leave()
        return Done("OK", "Close completed.")

    def unselect(self, _: list[Token]) -> Done:
        """UNSELECT (RFC 3691)."""
        self.leave()
        return Done("OK", "Unselect completed.")

    def expunge(self, args: list[Token], *, by_uid: bool = False) -> Done:
        """EXPUNGE, and UID EXPUNGE (RFC 4315)."""
        view = self._selected()
        if view.read_only:
            return no(READ_ONLY)
        if by_uid:
            self._remove([m for _, m in self._choose(args, by_uid=True)])
        else:
            self._remove(view.messages)
        self.out += view.news(expunge=True)
        return Done("OK", "Expunge completed (0.001 + 0.000 secs).")

    def _remove(self, among: list[Message]) -> None:
        gone = {m.uid for m in among if "\\Deleted" in m.flags}
        if gone:
            self._selected().folder.remove(gone)

    def _choose(self, args: list[Token], *, by_uid: bool) -> list[tuple[int, Message]]:
        """Return the messages that the first argument names, numbered."""
        _need(args, 1)
        view = self._selected()
        count = len(view.messages)
        numbers = view.uids if by_uid else list(range(1, count + 1))
        places = choose(text(args[0]), numbers)
        return [(place + 1, view.messages[place]) for place in places]

    def fetch(self, args: list[Token], *, by_uid: bool = False) -> Done:
        """FETCH and UID FETCH."""
        _need(args, 2)
        view = self._selected()
        wanted = imap_fetch.items(args[1])
        if by_uid and not imap_fetch.asks_uid(wanted):
            wanted = [imap_fetch.Item("UID"), *wanted]
        for number, message in self._choose(args, by_uid=by_uid):
            told = wanted
            if message.spoilt and any(item.section is not None for item in wanted):
                return no(BROKEN)
            if imap_fetch.marks_seen(wanted) and not view.read_only:
                told = self._mark_seen(message, wanted)
            self.out.append(imap_fetch.answer(number, message, told))
        return Done("OK", "Fetch completed (0.001 + 0.000 secs).")

    def _mark_seen(
        self, message: Message, wanted: list[imap_fetch.Item]
    ) -> list[imap_fetch.Item]:
        if "\\Seen" in message.flags:
            return wanted
        self._set_flags(message, message.flags | {"\\Seen"})
        known = any(item.label == "FLAGS" for item in wanted)
        return wanted if known else [*wanted, imap_fetch.Item("FLAGS")]

    def _set_flags(self, message: Message, flags: frozenset[str]) -> None:
        view = self._selected()
        view.flags[message.uid] = message.flags = flags
        view.folder.touch()

    def store(self, args: list[Token], *, by_uid: bool = False) -> Done:
        """STORE and UID STORE."""
        _need(args, 3)
        if self._selected().read_only:
            return no(READ_ONLY)
        how = text(args[1]).upper()
        flags = frozenset(word for token in args[2:] for word in words(token))
        if how.removesuffix(".SILENT").lstrip("+-") != "FLAGS":
            return bad("Error in IMAP command STORE: Invalid arguments")
        labels = ["UID", "FLAGS"] if by_uid else ["FLAGS"]
        told = [imap_fetch.Item(label) for label in labels]
        for number, message in self._choose(args, by_uid=by_uid):
            kept = {"+": message.flags | flags, "-": message.flags - flags}
            self._set_flags(message, kept.get(how[0], flags))
            if not how.endswith(".SILENT"):
                self.out.append(imap_fetch.answer(number, message, told))
        return Done("OK", "Store completed (0.001 + 0.000 secs).")

    def search(self, args: list[Token], *, by_uid: bool = False) -> Done:
        """SEARCH and UID SEARCH."""
        messages = self._selected().messages
        try:
            places = search(args, messages)
        except BadCharsetError:
            return no(f"[BADCHARSET ({' '.join(CHARSETS)})] Unknown charset")
        found = [messages[p].uid if by_uid else p + 1 for p in places]
        self.tell(" ".join(["SEARCH", *map(str, found)]))
        return Done("OK", "Search completed (0.001 + 0.000 secs).")


def _date(value: str) -> dt.datetime:
    try:
        return dt.datetime.strptime(value.strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        message = f"{value[:40]!r} is not a date"
        raise ImapSyntaxError(message) from None
