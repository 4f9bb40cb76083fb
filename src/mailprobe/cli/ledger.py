"""``mailprobe ledger verify|head|sign|prune|show``: the ledger by itself."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from mailprobe.cli.arguments import count
from mailprobe.cli.kept import VARIABLE, named, time
from mailprobe.model.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser
    from mailprobe.model.entry import Entry
    from mailprobe.monitor.chain import Head
    from mailprobe.monitor.ledger import Ledger
    from mailprobe.monitor.verifying import Verification

BROKEN: Final = 2
SHOWN: Final = 20
SEALS_MAX: Final = 100_000  # lines; a signed head a day makes 365 a year


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "action",
        metavar="verify|head|sign|prune|show",
        choices=tuple(_ACTIONS),
        help="find what was altered or is missing; print the end of the chain; sign "
        "it; remove reports whose time is up; print entries",
    )
    parser.add_argument(
        "ledger",
        metavar="LEDGER",
        nargs="?",
        help="an SQLite file or a postgresql:// URL (default: the environment "
        f"variable {VARIABLE}, where no other user reads a password)",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="default: text"
    )
    signed = parser.add_argument_group("heads")
    signed.add_argument(
        "--day",
        type=time,
        metavar="DATE",
        help="head, sign: the end of the chain on that day, UTC",
    )
    for name, text in (
        ("key", "sign: the private Ed25519 key (PEM)"),
        ("signed", "verify: signed heads, one a line, that it must still have"),
        ("public-key", "verify: the public key (PEM) they are signed with"),
    ):
        signed.add_argument(f"--{name}", metavar="FILE", help=text)
    chosen = parser.add_argument_group("entries")
    chosen.add_argument(
        "--kind", action="append", default=[], metavar="KIND", help="may be repeated"
    )
    chosen.add_argument("--token", metavar="TOKEN", help="a mail, or another subject")
    for name in ("since", "until"):
        chosen.add_argument(
            f"--{name}", type=time, metavar="TIME", help="ISO 8601; UTC if not said"
        )
    chosen.add_argument(
        "--last",
        type=count,
        default=SHOWN,
        metavar="N",
        help=f"how many of them, the newest (default: {SHOWN})",
    )
    parser.epilog = (
        "Exit status: 0 as it should be, 2 something was altered or is missing, 3 the "
        "ledger cannot be used."
    )


def run(args: Namespace) -> int:
    """Do what was asked for."""
    from mailprobe.cli import session  # noqa: PLC0415 - not for the help

    where = named(args)
    if not where:
        message = f"which ledger? Write its path or URL, or set {VARIABLE}"
        raise UsageError(message)
    return session.complete(_open(where, args))


async def _open(where: str, args: Namespace) -> int:
    from mailprobe.monitor.ledger import Ledger  # noqa: PLC0415 - not for the help

    write = args.action == "prune"
    async with Ledger.open(where, create=False, write=write) as ledger:
        return await _ACTIONS[args.action](ledger, args)


async def _verify(ledger: Ledger, args: Namespace) -> int:
    from mailprobe.cli import output  # noqa: PLC0415
    from mailprobe.render.clean import visible  # noqa: PLC0415

    heads, forged = _signed(args)
    found = await ledger.verify(heads)
    if args.format == "json":
        output.say(_json({"sound": found.sound and not forged, "found": found}))
    else:
        output.say(*(f"not genuine: {line}" for line in forged))
        for fault in found.faults:
            output.say(f"entry {fault.seq}: {visible(fault.what)}")
        output.say(_summary(found, len(heads)))
    return 0 if found.sound and not forged else BROKEN


def _summary(found: Verification, heads: int) -> str:
    if not found.sound:
        return f"NOT as it was written: see entry {found.first_bad}"
    told = f", and has {heads} signed heads" if heads else ""
    return (
        f"{found.entries} entries, as they were written{told}; the chain ends with "
        f"{found.head.digest}"
    )


def _signed(args: Namespace) -> tuple[list[Head], list[str]]:
    """Return the heads whose signatures are genuine, and where the others stand."""
    from mailprobe.monitor import seal  # noqa: PLC0415

    if not args.signed and not args.public_key:
        return [], []
    if not (args.signed and args.public_key):
        message = "signed heads are checked with both --signed and --public-key"
        raise UsageError(message)
    key = seal.public_key(args.public_key)
    heads, forged = [], []
    try:
        with open(args.signed, encoding="utf-8") as file:  # noqa: PTH123 - as given
            lines = file.readlines(SEALS_MAX * 500)
    except (OSError, ValueError) as error:
        message = f"{args.signed} cannot be read: {error}"
        raise UsageError(message) from None
    for number, line in enumerate(lines, 1):
        where = f"{args.signed}, line {number}"
        if not line.strip():
            continue
        one = seal.read(line, where)
        if seal.genuine(one, key):
            heads.append(one.head)
        else:
            forged.append(where)
    return heads, forged


async def _head(ledger: Ledger, args: Namespace) -> int:
    from mailprobe.cli import output  # noqa: PLC0415

    head = await ledger.head(args.day.date() if args.day else None)
    if args.format == "json":
        output.say(_json(head))
    else:
        output.say(f"{head.seq} {head.at:%Y-%m-%dT%H:%M:%SZ} {head.digest}")
    return 0


async def _sign(ledger: Ledger, args: Namespace) -> int:
    from mailprobe.cli import output  # noqa: PLC0415
    from mailprobe.monitor import seal  # noqa: PLC0415

    if not args.key:
        message = "sign needs --key FILE; `openssl genpkey -algorithm ed25519 -out "
        raise UsageError(message + "FILE` makes one")
    key = seal.private_key(args.key)
    head = await ledger.head(args.day.date() if args.day else None)
    output.say(seal.write(seal.sign(head, key)))
    return 0


async def _prune(ledger: Ledger, args: Namespace) -> int:
    from mailprobe.cli import output  # noqa: PLC0415

    removed = await ledger.prune()
    if args.format == "json":
        output.say(_json({"removed": removed}))
    else:
        output.say(f"{removed} reports removed; all entries stay")
    return 0


async def _show(ledger: Ledger, args: Namespace) -> int:
    from collections import deque  # noqa: PLC0415

    from mailprobe.cli import output  # noqa: PLC0415
    from mailprobe.monitor.entries import types  # noqa: PLC0415

    types(args.kind)  # or else there is none
    chosen = args.kind or args.token or args.since or args.until
    after = 0 if chosen else max((await ledger.head()).seq - args.last, 0)
    found = ledger.entries(
        kinds=args.kind,
        token=args.token,
        since=args.since,
        until=args.until,
        after=after,
    )
    newest: deque[tuple[int, Entry]] = deque(maxlen=args.last)
    async for pair in found:
        newest.append(pair)
    for seq, entry in newest:
        output.say(_line(seq, entry, args.format))
    return 0


def _line(seq: int, entry: Entry, how: str) -> str:
    from dataclasses import fields  # noqa: PLC0415

    from mailprobe.render.clean import visible  # noqa: PLC0415

    values = {f.name: getattr(entry, f.name) for f in fields(entry)}
    if how == "json":
        return _json({"seq": seq, "kind": entry.kind, **values})
    at = values.pop("at").astimezone(UTC)
    return visible(f"{seq} {at:%Y-%m-%dT%H:%M:%SZ} {entry.kind} {_json(values)}")


def _json(value: object) -> str:
    """Return one line of ASCII JSON."""
    import json  # noqa: PLC0415

    import msgspec  # noqa: PLC0415

    return json.dumps(msgspec.to_builtins(value))


_ACTIONS: Final = {
    "verify": _verify,
    "head": _head,
    "sign": _sign,
    "prune": _prune,
    "show": _show,
}
