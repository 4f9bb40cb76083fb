"""The settings of a test session, and the prober they make."""

from __future__ import annotations

import contextlib
import tempfile
import traceback
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict, cast, get_args

from mailprobe import __version__
from mailprobe.config import Config
from mailprobe.judge.provider import judge_provider
from mailprobe.model.errors import MailprobeError, UsageError
from mailprobe.model.failure import Failure, Kind, Phase
from mailprobe.model.report import ProberFacts, ProviderReport, Step
from mailprobe.model.target import ProviderTarget
from mailprobe.prober import Prober
from mailprobe.probes.guard import TRACEBACK_MAX
from mailprobe.testing.apart import run_apart
from mailprobe.testing.excuse import Mode
from mailprobe.testing.looks import LIFETIME, Looks

if TYPE_CHECKING:
    import pytest

    from mailprobe.model.report import TripReport
    from mailprobe.model.verdict import Check
    from mailprobe.testing.demand import Subject

MODES: Final = get_args(Mode)


class Within(TypedDict, total=False):
    """The deadline of a call, if one was given."""

    timeout: float


@dataclass(frozen=True)  # no slots: what is read once is kept
class Session:
    """
    One test session, as pytest was configured.

    Every property is read when it is first asked for, and raises `UsageError` or
    `ConfigError` for what cannot be meant.

    Attributes:
        pytest: The configuration of pytest.
    """

    pytest: pytest.Config

    @cached_property
    def mode(self) -> Mode:
        """What an unhealthy provider does to the tests that need it."""
        given = self.pytest.getoption("--mailprobe") or self.pytest.getini("mailprobe")
        if given not in MODES:
            message = f"mailprobe = {given!r} is not known; write one of "
            raise UsageError(message + ", ".join(MODES))
        return cast("Mode", given)

    @property
    def live(self) -> bool:
        """Whether fixtures may leave the machine in tests without the marker."""
        return bool(self.pytest.getoption("--mailprobe-live"))

    @property
    def report(self) -> Path | None:
        """Where the report goes; a relative path starts where pytest was started."""
        given = self.pytest.getoption("--mailprobe-report")
        return self.pytest.invocation_params.dir / given if given else None

    @cached_property
    def lifetime(self) -> float:
        """Seconds for which a good look of another session is believed."""
        given = str(self.pytest.getini("mailprobe_cache")).strip()
        try:
            seconds = float(given) if given else LIFETIME
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds < float("inf"):
            message = f"mailprobe_cache = {given!r} is not a number of seconds"
            raise UsageError(message)
        return seconds

    @cached_property
    def config(self) -> Config:
        """
        ``mailprobe.toml``: the one that pytest is told of, else where it always is.

        Raises:
            ConfigError: If it says something that cannot be meant.
        """
        given = self.pytest.getoption("--mailprobe-config")
        if given:
            return Config.load(self.pytest.invocation_params.dir / given)
        if given := self.pytest.getini("mailprobe_config"):
            return Config.load(self.pytest.rootpath / given)
        return Config.find(self.pytest.rootpath)

    @cached_property
    def name(self) -> str:
        """The name of this session, the same in all of its processes."""
        told = getattr(self.pytest, "workerinput", {}).get("testrunuid")
        return str(told or uuid.uuid4().hex)

    @cached_property
    def looks(self) -> Looks:
        """The looks of this session."""
        document = self.config.document
        parts = (str(document.path), document.text) if document else ()
        return Looks(
            self._folder(),
            session=self.name,
            setting="\0".join(parts),
            presets=self.config.catalogue,
            probe=self._look,
            lifetime=self.lifetime,
        )

    @cached_property
    def complaint(self) -> str:
        """What is wrong with the settings, in one sentence; empty if nothing."""
        try:
            _ = self.mode, self.lifetime, self.config.catalogue
            key = self.config.prober.canary_key
            if key is None or key.kind != "command":  # it runs when it is needed
                self.config.prober_options()
        except MailprobeError as error:
            return str(error)
        return ""

    async def travel(
        self, sender: str, recipient: str, timeout: float | None
    ) -> Check[TripReport]:
        """Send a mail from one mailbox to another, by their names."""
        ends = [self.config.mailbox(name) for name in (sender, recipient)]
        within = self._within(timeout)
        async with self._prober() as prober:
            return await prober.round_trip(ends[0], ends[1], **within)

    def _look(self, subject: Subject) -> Check[ProviderReport]:
        box = self.config.mailbox(subject.mailbox) if subject.mailbox else None

        async def look() -> Check[ProviderReport]:
            async with self._prober() as prober:
                return await prober.provider(subject.provider, box, **self._within())

        began = datetime.now(UTC)
        try:
            return run_apart(look())
        except MailprobeError:
            raise
        except Exception:  # noqa: BLE001 - no loop, no sockets: it excuses nothing
            return _failed(subject, began)

    def _prober(self) -> Prober:
        options = self.config.prober_options()
        return Prober(catalogue=self.config.catalogue, **options)

    def _within(self, timeout: float | None = None) -> Within:
        given = timeout if timeout is not None else self.config.prober.timeout
        return Within() if given is None else Within(timeout=given)

    def _folder(self) -> Path:
        """Return a folder that all processes of this session share."""
        cache = getattr(self.pytest, "cache", None)
        if cache is not None:
            # A file system that cannot be written to has no cache.
            with contextlib.suppress(OSError):
                return cast("Path", cache.mkdir("mailprobe"))
        if hasattr(self.pytest, "workerinput") and self.pytest.getoption("basetemp"):
            # pytest-xdist gives each worker a folder beside those of the others.
            return Path(self.pytest.getoption("basetemp")).parent / "mailprobe"
        folder = tempfile.TemporaryDirectory(prefix="mailprobe-")
        self.pytest.add_cleanup(folder.cleanup)
        return Path(folder.name)


def _failed(subject: Subject, began: datetime) -> Check[ProviderReport]:
    """Return the check of a look that could not even begin: a fault of ours."""
    detail = traceback.format_exc()[-TRACEBACK_MAX:]
    failure = Failure(kind=Kind.BUG, phase=Phase.TRANSIT, detail=detail)
    step = Step(phase=Phase.TRANSIT, peer="", began=0.0, took=0.0, failure=failure)
    report = ProviderReport(
        started_at=began,
        duration=0.0,
        prober=ProberFacts(version=__version__, ehlo_name=""),
        steps=(step,),
        target=ProviderTarget(subject.provider),
    )
    return judge_provider(report)
