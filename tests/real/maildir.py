"""Mail of strangers: put into a mailbox in bulk, and shown to be untouched."""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.real.dovecot import MAIL_GID, MAIL_UID
from tests.real.process import POLL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HUGE: Final = b"X-Long: " + b"a" * (1024 * 1024)

HOSTILE: Final = (
    b"Subject: ((((( never closed\nFrom: (((\nTo: <>>>",
    b"Subject: closed too often )))))\nFrom: )) <x@y",
    b"Subject: NUL \x00 in \x00 between\nFrom: \x00@\x00",
    b"Subject: raw \xe0\xe8\xec\xf2\xf9 \xff\xfe\nFrom: caf\xe9 <caf\xe9@caf\xe9.test>",
    b'Subject: "unbalanced \\\nFrom: "\\" <a@b>\nTo: {10}',
    b"Subject: )\n * 1 EXISTS\n\tA001 OK done\nMessage-ID: <a b c",
    b"Message-ID:\nMessage-ID: <\nX-Mailprobe-Canary: mp1-forged\nSubject: mp1-",
    b"Subject: =?utf-8?b?/////?= =?x?q?=\nnot a header line\n: no name",
    b"",  # no header at all
    _HUGE + b"\nSubject: one header line of a mebibyte",
)
"""Headers that break readers which trust them."""

# A fifth of the quota of 100 MB: the rest is for the tests' own mail.
_HUGE_MAX: Final = 20
_HOSTILE_EVERY: Final = 25
_PARTS: Final = ("cur", "new", "tmp")
_FLAGS: Final = ("", "S", "RS", "FS", "T", "D")
_numbers = itertools.count(1)


class StoredMail(NamedTuple):
    """One mail as it lies in the store: folder, SHA-256 of its bytes, flags."""

    folder: str
    sha256: str
    flags: str


def make(maildir: Path) -> None:
    """Make an empty mailbox, if it is not there yet."""
    # The folders above belong to other mailboxes too: all are the mail owner's.
    above = (maildir.parent.parent, maildir.parent)
    for folder in (*above, maildir, *(maildir / part for part in _PARTS)):
        if not folder.exists():
            folder.mkdir(mode=0o700)
            os.chown(folder, MAIL_UID, MAIL_GID)


def fill(maildir: Path, count: int, *, hostile: bool) -> None:
    """Write *count* mails of strangers into the inbox, seen and unseen ones."""
    make(maildir)
    current = maildir / "cur"
    for index in range(count):
        text = _mail(index, hostile=hostile)
        # W: the size with CRLF line ends, as Dovecot would have noted it.
        lines = text.count(b"\n")
        sizes = f"S={len(text)},W={len(text) + lines}"
        flags = _FLAGS[index % len(_FLAGS)]
        name = f"1600000000.M{index}P{next(_numbers)}.strangers,{sizes}:2,{flags}"
        file = os.open(current / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(file, text)
            os.fchown(file, MAIL_UID, MAIL_GID)
        finally:
            os.close(file)


def fill_up(maildir: Path, size: int) -> None:
    """Put one mail of *size* bytes into the inbox; it takes no room on the disk."""
    make(maildir)
    name = f"1600000000.M0P{next(_numbers)}.strangers,S={size},W={size}:2,S"
    with (maildir / "cur" / name).open("xb") as file:
        file.write(b"Subject: A film\n\n")
        file.truncate(size)
        os.fchown(file.fileno(), MAIL_UID, MAIL_GID)


def snapshot(maildir: Path) -> Counter[StoredMail]:
    """Count every stored mail, wherever in its folder it lies."""
    return Counter(
        StoredMail(folder.name if folder != maildir else "INBOX", digest, flags)
        for folder in (maildir, *maildir.glob(".*"))
        for digest, flags in _mails(folder)
    )


def mails(maildir: Path) -> list[bytes]:
    """Return every mail of the inbox."""
    files = [file for part in ("new", "cur") for file in (maildir / part).glob("*")]
    return [file.read_bytes() for file in files]


def first_mail(maildir: Path, timeout: float = 20.0) -> bytes:
    """
    Wait until a mail is in the inbox; return it.

    Raises:
        TimeoutError: If none is there after *timeout* seconds.
    """
    deadline = time.monotonic() + timeout
    while not (found := mails(maildir)):
        if time.monotonic() > deadline:
            message = f"no mail came within {timeout} s"
            raise TimeoutError(message)
        time.sleep(POLL)
    return found[0]


def _mails(folder: Path) -> Iterator[tuple[str, str]]:
    for part in ("new", "cur"):
        if not (folder / part).is_dir():
            continue
        with os.scandir(folder / part) as entries:
            for entry in entries:
                with open(entry.path, "rb") as file:  # noqa: PTH123 - twice as fast
                    digest = hashlib.sha256(file.read()).hexdigest()
                yield digest, entry.name.partition(":2,")[2]


def _mail(index: int, *, hostile: bool) -> bytes:
    ordinary = f"From: s{index}@elsewhere.test\nSubject: Stranger {index}".encode()
    head = ordinary
    if hostile and index % _HOSTILE_EVERY == 0:
        turn = index // _HOSTILE_EVERY
        head = HOSTILE[turn % len(HOSTILE)]
        if head.startswith(_HUGE) and turn >= _HUGE_MAX * len(HOSTILE):
            head = ordinary
    return head + f"\n\nMail {index} of a stranger.\n".encode()
