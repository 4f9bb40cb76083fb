"""Sentinels: old mails read once, and looked for again after an incident."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from mailprobe.mail.received import header_values
from mailprobe.model.bookmark import Sentinel
from mailprobe.model.visit import SentinelRead
from mailprobe.probes import fetched
from mailprobe.probes.imap import inbox_facts
from mailprobe.wire.imap import quoted

if TYPE_CHECKING:
    from mailprobe.wire.imap import ImapSession

SIZE_MAX: Final = 1024 * 1024  # bytes of a sentinel: most mails are smaller
SENTINELS_MAX: Final = 10  # per visit; one old mail per folder and year shows enough
CANDIDATES_MAX: Final = 5  # mails with one Message-ID; copies of a moved mail
_CHUNK: Final = 64 * 1024
_FOUND: Final = re.compile(rb"SEARCH((?: \d+)*)\s*", re.IGNORECASE)

Change = Literal["uid", "uidvalidity", "size", "digest"]


async def look(session: ImapSession, folder: bytes, was: Sentinel) -> SentinelRead:
    """
    Look for one sentinel in its folder, or read it for the first time.

    By its UID while that holds; else by its Message-ID, where what is found must
    be the same mail, byte for byte, to be called unaltered.

    Raises:
        Trouble: If the server refuses, or the conversation ends.
    """
    facts = inbox_facts(await session.select(folder, read_only=True))
    validity = facts.uidvalidity or 0
    if not was.digest:
        return await _plant(session, was, validity, facts.messages or 0)
    now = None
    if validity == was.uidvalidity:
        now = await _read(session, was, was.uid, validity)
    if now is None and was.message_id:
        now = await _find(session, was, validity)
    if now is None:
        told = bool(was.message_id) or validity == was.uidvalidity
        trouble = "" if told else "its folder was numbered anew, and it has no id"
        return SentinelRead(was=was, found=False if told else None, trouble=trouble)
    if not now.digest:
        trouble = f"it has grown to {now.size} bytes"
        return SentinelRead(
            was=was, found=True, now=now, changed=_changed(was, now), trouble=trouble
        )
    return SentinelRead(was=was, found=True, now=now, changed=_changed(was, now))


async def _plant(
    session: ImapSession, was: Sentinel, validity: int, messages: int
) -> SentinelRead:
    uid = was.uid or (await _oldest(session) if messages else 0)
    now = await _read(session, was, uid, validity) if uid else None
    if now is None:
        return SentinelRead(was=was, found=False)
    if not now.digest:
        trouble = f"it has {now.size} bytes, more than {SIZE_MAX}"
        return SentinelRead(was=was, found=None, trouble=trouble)
    return SentinelRead(was=was, found=True, now=now)


async def _oldest(session: ImapSession) -> int:
    done = await session.command("FETCH", b"1 (UID)")
    found = (fetched.attributes(response) for response in done)
    return max((fetched.number(f.get("UID")) for f in found if f), default=0)


async def _find(session: ImapSession, was: Sentinel, validity: int) -> Sentinel | None:
    """Look for a mail by its id: the very same one, else one that has its id."""
    wanted = b"HEADER MESSAGE-ID " + quoted(was.message_id.encode("ascii", "replace"))
    done = await session.command("UID SEARCH", wanted)
    matches = (_FOUND.fullmatch(response.rest) for response in done)
    uids = [int(uid) for match in matches if match for uid in match[1].split()]
    other = None
    for uid in uids[:CANDIDATES_MAX]:
        now = await _read(session, was, uid, validity)
        if now is not None and now.digest == was.digest:
            return now
        other = other or now
    return other


async def _read(
    session: ImapSession, was: Sentinel, uid: int, validity: int
) -> Sentinel | None:
    """Read a whole mail; without a digest if it is too large, None if not there."""
    size = await _size(session, uid)
    if size is None:
        return None
    now = replace(was, uid=uid, uidvalidity=validity, size=size, digest="")
    if size > SIZE_MAX:
        return now
    raw = b""
    while len(raw) <= SIZE_MAX:
        part = await _part(session, uid, len(raw))
        raw += part
        if len(part) < _CHUNK:
            break
    found = header_values(raw[:_CHUNK].partition(b"\r\n\r\n")[0], "Message-ID")
    known = found[0].strip() if found else ""
    digest = hashlib.sha256(raw).hexdigest()
    return replace(now, size=len(raw), digest=digest, message_id=known)


async def _size(session: ImapSession, uid: int) -> int | None:
    done = await session.command("UID FETCH", b"%d (UID RFC822.SIZE)" % uid)
    for response in done:
        found = fetched.attributes(response)
        if found and fetched.number(found.get("UID")) == uid:
            return fetched.number(found.get("RFC822.SIZE"))
    return None


async def _part(session: ImapSession, uid: int, start: int) -> bytes:
    wanted = b"%d (UID BODY.PEEK[]<%d.%d>)" % (uid, start, _CHUNK)
    for response in await session.command("UID FETCH", wanted):
        found = fetched.attributes(response)
        body = found.get("BODY") if found else None
        if found and fetched.number(found.get("UID")) == uid:
            return body if isinstance(body, bytes) else b""
    return b""


def _changed(was: Sentinel, now: Sentinel) -> tuple[Change, ...]:
    names: tuple[Change, ...] = ("uid", "uidvalidity", "size", "digest")
    return tuple(n for n in names if getattr(was, n) != getattr(now, n))
