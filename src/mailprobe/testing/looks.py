"""
One look at a provider for a whole session, shared by its processes through a file.

The file holds facts only, never a secret; a lock beside it lets one process look
while the others wait for what it sees.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mailprobe.model.failure import Kind
from mailprobe.testing.excuse import standings
from mailprobe.testing.stored import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mailprobe.model.provider import Catalogue
    from mailprobe.model.report import ProviderReport
    from mailprobe.model.verdict import Check
    from mailprobe.testing.demand import Subject
    from mailprobe.testing.excuse import Standing

LIFETIME: Final = 120.0
"""
Seconds for which the next session believes a look that found all well. Somebody who
runs a suite again and again does so within two minutes, and providers count logins
and mails. An outage that begins meanwhile is seen by the look after the failure.
"""

AGAIN_MAX: Final = 5
"""
Looks after failures, for each provider and session. Each is a login and a mail, of
which free accounts bear some dozens an hour; the sixth failure tells nothing new.
"""

KEPT: Final = 86400.0
"""Seconds after which a file of another session is taken away: nobody reads it."""


# None yet, cut short, or written by another version of these classes.
_UNREADABLE: Final = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    StopIteration,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    What was seen of a provider.

    Attributes:
        subject: Whom it is about.
        check: The facts and the verdict.
        since: For each function that is not well, when this session first saw it
            so.
        again: How many looks were made after failures, this one included.
    """

    subject: Subject
    check: Check[ProviderReport]
    since: Mapping[str, datetime]
    again: int = 0

    @property
    def began(self) -> datetime:
        """When it was begun, UTC."""
        return self.check.report.started_at

    @property
    def well(self) -> bool:
        """Whether every function that could be judged works."""
        return all(one.well for one in self.stands(self.subject.functions))

    def stands(self, functions: Iterable[str]) -> tuple[Standing, ...]:
        """Return how each of *functions* stands."""
        return standings(self.check, functions, self.subject.by_hand)

    @property
    def refused(self) -> bool:
        """Whether a login was refused; such an account is left alone."""
        failures = (c.verdict.failure for c in self.check.report.checks)
        return any(f is not None and f.kind is Kind.AUTH_REFUSED for f in failures)


class Looks:
    """
    The looks of one session.

    Args:
        folder: Where their files are; all processes of the session share it.
        session: The name of the session, the same in all of its processes.
        setting: What the looks depend on besides their subject, such as the text of
            ``mailprobe.toml``; other settings mean other files.
        presets: Where verdicts look up what providers mean by their own words.
        probe: Looks at a subject, now.
        lifetime: Seconds for which a good look of another session is believed.
    """

    def __init__(  # noqa: PLR0913 - all by name but the first
        self,
        folder: Path,
        *,
        session: str,
        setting: str,
        presets: Catalogue,
        probe: Callable[[Subject], Check[ProviderReport]],
        lifetime: float = LIFETIME,
    ) -> None:
        self._folder = folder
        self._session = session
        self._setting = setting
        self._presets = presets
        self._probe = probe
        self._lifetime = lifetime
        self._held: dict[str, tuple[int, Look]] = {}
        self._tidy()

    def first(self, subject: Subject) -> Look:
        """
        Return what this session saw of *subject* last; look if nobody has yet.

        Raises:
            UsageError, ConfigError: If it cannot be looked at as it is configured.
        """
        path = self._path(subject)
        held = self._held.get(subject.key)
        if held is not None and held[0] == _changed(path):
            return _named(held[1], subject)
        with _locked(path):
            look, ours = self._read(subject, path)
            if look is None:
                look = self._see(subject, before=None, again=0)
            if not ours:
                look = self._write(path, look)
            self._held[subject.key] = (_changed(path), look)
        return look

    def after(self, subject: Subject, failed: datetime) -> Look:
        """
        Return what *subject* looks like after a test failed at *failed*.

        It is looked at anew, unless another process has done so since, a login was
        refused, or it was done `AGAIN_MAX` times: then the look is older than
        *failed*.

        Raises:
            UsageError, ConfigError: As `first` does.
        """
        path = self._path(subject)
        with _locked(path):
            look, _ = self._read(subject, path)
            spared = look is not None and (
                look.began >= failed or look.refused or look.again >= AGAIN_MAX
            )
            if look is None or not spared:
                again = look.again + 1 if look else 1
                look = self._write(path, self._see(subject, before=look, again=again))
            self._held[subject.key] = (_changed(path), look)
        return look

    def known(self, subjects: Iterable[Subject]) -> list[Look]:
        """Return what was seen of *subjects* so far, without looking."""
        found = (self._at_hand(subject) for subject in subjects)
        return [look for look in found if look is not None]

    def _at_hand(self, subject: Subject) -> Look | None:
        path = self._path(subject)
        changed, held = self._held.get(subject.key, (0, None))
        if held is not None and changed == _changed(path):
            return held
        return self._read(subject, path)[0]

    def _see(self, subject: Subject, *, before: Look | None, again: int) -> Look:
        check = self._probe(subject)
        bad = (s.function for s in standings(check, subject.functions) if not s.well)
        known = before.since if before else {}
        since = {name: known.get(name, check.report.started_at) for name in bad}
        return Look(subject=subject, check=check, since=since, again=again)

    def _path(self, subject: Subject) -> Path:
        text = f"{self._setting}\0{subject.key}"
        name = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:24]
        return self._folder / f"{name}.json"

    def _read(self, subject: Subject, path: Path) -> tuple[Look | None, bool]:
        """Return the look in the file if it may be believed, and whether it is ours."""
        try:
            document = json.loads(path.read_text("utf-8"))
            look = self._loaded(subject, document)
            ours = document["session"] == self._session
        except _UNREADABLE:
            return None, False
        if ours:
            return look, True
        age = (datetime.now(UTC) - look.began).total_seconds()
        # Whoever has mended something wants to see it: only good news are kept.
        return (look if look.well and 0 <= age < self._lifetime else None), False

    def _loaded(self, subject: Subject, document: dict[str, Any]) -> Look:
        moments = document["since"].items()
        return Look(
            subject=subject,
            check=unpacked(document["report"], self._presets),
            since={name: datetime.fromisoformat(at) for name, at in moments},
            again=int(document["again"]),
        )

    def _write(self, path: Path, look: Look) -> Look:
        """Make the look this session's; return it as every process will read it."""
        document = {
            "session": self._session,
            "again": look.again,
            "since": {name: at.isoformat() for name, at in look.since.items()},
            "report": packed(look.check.report),
        }
        handle, name = tempfile.mkstemp(dir=path.parent)  # only we may read it
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            json.dump(document, file)
        Path(name).replace(path)
        return self._loaded(look.subject, document)

    def _tidy(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in self._folder.iterdir():
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > KEPT:
                    path.unlink()


def _named(look: Look, subject: Subject) -> Look:
    if look.subject == subject:
        return look
    return Look(subject=subject, check=look.check, since=look.since, again=look.again)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time go on; a process that dies lets go."""
    import fcntl  # noqa: PLC0415 - POSIX only, as this project is

    lock = path.with_suffix(".lock")
    lock.touch(mode=0o600)  # what is in use is not tidied away
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
