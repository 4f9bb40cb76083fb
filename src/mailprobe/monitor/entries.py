"""Entries and passages to JSON, as they are stored, and back."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, get_args

import msgspec

from mailprobe.model.entry import (
    Alarmed,
    Attached,
    Changed,
    Counted,
    Entry,
    MailEntry,
    Planted,
    Pruned,
    Ran,
    Reread,
    Sampled,
    Stated,
    Tripped,
)
from mailprobe.model.errors import LedgerError, UsageError
from mailprobe.model.passage import Passage
from mailprobe.monitor.chain import micros

BODY_MAX: Final = 256 * 1024
"""Characters. The largest entry, an incident with all its evidence, has a tenth."""

MAIL_KINDS: Final = tuple(one.kind for one in get_args(MailEntry))
TYPES: Final[dict[str, type[Entry]]] = {
    one.kind: one for union in get_args(Entry) for one in (get_args(union) or (union,))
}
"""Every kind of entry there is."""


def types(kinds: Collection[str]) -> tuple[type[Entry], ...]:
    """
    Return the types of entries of some kinds; all there are if none is named.

    Raises:
        UsageError: If there is no such kind.
    """
    for kind in kinds:
        if kind not in TYPES:
            message = f"there is no kind of entry {kind[:40]!r}; write one of "
            raise UsageError(message + ", ".join(sorted(TYPES)))
    return tuple(TYPES[kind] for kind in kinds or TYPES)


def _sampled(entry: Sampled) -> str:
    sample = entry.sample
    return f"{sample.function} {sample.party.name} {sample.route or sample.account}"


def _token(entry: MailEntry) -> str:
    return entry.token


_SUBJECTS: Final[dict[type[Any], Callable[[Any], str]]] = {
    Sampled: _sampled,
    Counted: lambda entry: entry.backlog.platform,
    Changed: lambda entry: entry.event.incident.id,
    Stated: lambda entry: entry.party,
    Tripped: lambda entry: entry.account,
    Planted: lambda entry: f"{entry.mailbox} {entry.uid}",
    Reread: lambda entry: f"{entry.mailbox} {entry.uid}",
    Attached: lambda entry: entry.about,
    Alarmed: lambda _: "",
    Ran: lambda _: "",
    Pruned: lambda _: "",
}

_encoder: Final = msgspec.json.Encoder()
_decoders: Final = {kind: msgspec.json.Decoder(of) for kind, of in TYPES.items()}
_passages: Final = msgspec.json.Decoder(Passage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An entry as it will be stored; its place in the chain is not known yet."""

    entry: Entry
    at: int
    kind: str
    subject: str
    body: str


def write(entry: Entry) -> Written:
    """
    Return what is stored of an entry.

    Raises:
        UsageError: If its time has no offset from UTC, or it is far too long.
    """
    if entry.at.tzinfo is None:
        message = f"the time {entry.at} of a {entry.kind} entry has no UTC offset"
        raise UsageError(message)
    body = _json(entry)
    if len(body) > BODY_MAX:
        message = f"a {entry.kind} entry of {len(body)} characters is longer than "
        raise UsageError(message + f"the {BODY_MAX} that the ledger takes")
    subject: str = _SUBJECTS.get(type(entry), _token)(entry)
    return Written(
        # As it will be read back: what follows from it now must follow then.
        entry=_decoders[entry.kind].decode(body),
        at=micros(entry.at),
        kind=entry.kind,
        subject=storable(subject),
        body=body,
    )


def read(kind: str, body: str) -> Entry:
    """
    Return a stored entry.

    Raises:
        LedgerError: If it cannot be read: it was altered, or is of a later version.
    """
    try:
        return _decoders[kind].decode(body)
    except (KeyError, msgspec.MsgspecError, UnicodeEncodeError) as error:
        message = (
            f"an entry of the kind {kind[:40]!r} cannot be read ({error}); "
            "`mailprobe ledger verify` finds what was altered"
        )
        raise LedgerError(message) from error


def write_passage(passage: Passage) -> str:
    """Return what is stored of a passage."""
    return _json(passage)


def read_passage(body: str) -> Passage:
    """
    Return a stored passage.

    Raises:
        LedgerError: If it was altered.
    """
    try:
        return _passages.decode(body)
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        message = (
            f"the record of a mail cannot be read ({error}); "
            "`mailprobe ledger verify` finds what was altered"
        )
        raise LedgerError(message) from error


def _json(value: Entry | Passage) -> str:
    try:
        return _encoder.encode(value).decode()
    except UnicodeEncodeError:  # bytes of a server that are no UTF-8
        return _encoder.encode(_clean(msgspec.to_builtins(value))).decode()


def _clean(value: Any) -> Any:  # noqa: ANN401 - whatever JSON has
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    return value


def storable(text: str) -> str:
    """Return what every database takes: no NUL, no half of a surrogate pair."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
