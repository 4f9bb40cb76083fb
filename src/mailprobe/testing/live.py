"""
Real providers in tests: whose fault a red test is.

The hooks here say when something is done; what is done stands beside: `demand`
reads markers, `looks` looks at providers, `excuse` decides, `summary` has the
words, and `record` remembers.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import pytest

from mailprobe.model.errors import MailprobeError
from mailprobe.testing import summary
from mailprobe.testing.demand import demand, merged, subject
from mailprobe.testing.excuse import excuses
from mailprobe.testing.health import MailHealth, MailRoundTrip, chosen
from mailprobe.testing.record import Record
from mailprobe.testing.reports import add_section, place, show_excuse
from mailprobe.testing.session import Session

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from mailprobe.model.report import ProviderReport, TripReport
    from mailprobe.model.verdict import Check
    from mailprobe.testing.demand import Demand, Subject
    from mailprobe.testing.looks import Look

MARKER: Final = "needs_mail"
_DEMANDS: Final = pytest.StashKey[tuple["Demand", ...]]()
_WELL: Final = pytest.StashKey[dict[str, bool]]()  # what worked as the test began
_EXCUSED: Final = pytest.StashKey[str]()  # why it is not run; empty if it is
_LOOKED: Final = pytest.StashKey[bool]()  # after its failure: once is enough


class LivePlugin:
    """
    The hooks of the live half.

    Args:
        config: Of the session.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.session = Session(config)
        self.record = Record()
        self._subjects: dict[str, Subject] = {}
        self._needed: Counter[str] = Counter()
        self._last: dict[str, Look] = {}

    def collect(self, items: list[pytest.Item]) -> None:
        """Do nothing yet: a test that is deselected later needs no mailbox."""

    def heard(self, told: str) -> None:
        """Take what a worker put into ``config.workeroutput["mailprobe"]``."""
        self.record.heard(told)

    # --- collection -----------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Read the markers of the tests that will run; bad ones are errors."""
        refused: dict[str, str] = {}
        kept = [item for item in session.items if self._accepts(item, refused)]
        session.items[:] = kept
        for message, nodeid in refused.items():
            # What pytest does for a module that cannot be imported.
            report = pytest.CollectReport(nodeid, "failed", message, [])
            session.config.hook.pytest_collectreport(report=report)

    def _accepts(self, item: pytest.Item, refused: dict[str, str]) -> bool:
        marks = list(item.iter_markers(MARKER))
        if not marks:
            return True
        if self.session.complaint:
            refused.setdefault(f"mailprobe: {self.session.complaint}", "mailprobe")
            return False
        try:
            found = (demand(m.args, m.kwargs, self.session.config) for m in marks)
            demands = merged(found)
        except MailprobeError as error:
            refused.setdefault(f"{place(item, MARKER)}: {MARKER}: {error}", item.nodeid)
            return False
        item.stash[_DEMANDS] = demands
        for one in demands:
            self._subjects[one.subject.label] = one.subject
            self._needed[one.subject.label] += 1
        return True

    def pytest_configure(self) -> None:
        """Begin the report, so that an old one is never taken for this session's."""
        path = self.session.report
        if path is None or hasattr(self.config, "workerinput"):
            return
        try:
            self.record.write(path)
        except OSError as error:
            message = f"--mailprobe-report: {path} cannot be written: {error.strerror}"
            raise pytest.UsageError(message) from None

    def pytest_report_header(self) -> str:
        """Say how real mail is treated, before anything is collected."""
        if self.session.complaint:
            return f"mailprobe: {self.session.complaint}"
        document = self.session.config.document
        file = str(document.path) if document else "no mailprobe.toml"
        live = "; live fixtures need no marker" if self.session.live else ""
        return f"mailprobe: {self.session.mode} if unhealthy; {file}{live}"

    def pytest_report_collectionfinish(self) -> list[str]:
        """Say which providers are needed, and what becomes of a test without one."""
        if not self._needed or self.config.getoption("verbose") < 0:
            return []
        needs = ", ".join(
            f"{label} ({summary.count(number, 'test')})"
            for label, number in self._needed.items()
        )
        return [f"mailprobe: {self.session.mode} if unhealthy: {needs}"]

    # --- one test -------------------------------------------------------------------

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Look at what the test needs, and excuse it if that is proven to be down."""
        why: list[str] = []
        item.stash[_EXCUSED], item.stash[_LOOKED] = "", False
        item.stash[_WELL] = well = {}
        for one in item.stash.get(_DEMANDS, ()):
            look = self._first(one.subject)
            stands = look.stands(one.functions)
            for stand in stands:
                name = f"mailprobe.{one.subject.label}.{stand.function}"
                item.user_properties.append((name, summary.prop(stand)))
            well[one.subject.label] = all(stand.well for stand in stands)
            proven = excuses(stands)
            if proven:
                why.append(summary.reason(look, proven))
                if self.session.mode != "report":
                    how = "skipped" if self.session.mode == "skip" else "failed"
                    label = one.subject.label
                    self.record.cost(label, look.check, item.nodeid, how)
        if why and self.session.mode != "report":
            item.stash[_EXCUSED] = "; ".join(why)
            if self.session.mode == "skip":
                pytest.skip(item.stash[_EXCUSED])
            pytest.fail(item.stash[_EXCUSED], pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Look again after a failure, and say in it what was seen."""
        report = yield
        excused = item.stash.get(_EXCUSED, "")
        if excused:
            if report.when == "setup":
                show_excuse(item, report, excused)
            return report
        demands = item.stash.get(_DEMANDS, ())
        if report.failed and demands and not item.stash.get(_LOOKED, False):
            item.stash[_LOOKED] = True
            failed = datetime.now(UTC)
            add_section(report, "\n".join(self._after(item, demands, failed)))
            report.user_properties = list(item.user_properties)
        return report

    def _after(
        self, item: pytest.Item, demands: tuple[Demand, ...], failed: datetime
    ) -> list[str]:
        """Look at all that the test needs, then say what the looks mean together."""
        before = item.stash.get(_WELL, {})
        # What was never looked at is what failed: there is nothing to look at again.
        known = [one for one in demands if one.subject.label in before]
        try:
            looks = [self.session.looks.after(one.subject, failed) for one in known]
        except MailprobeError as error:
            return [f"mail could not be looked at again: {error}"]
        well = True
        for one, look in zip(known, looks, strict=True):
            self._saw(look)
            stands = look.stands(one.functions)
            well = well and all(stand.well for stand in stands)
            for stand in stands:
                name = f"mailprobe.{one.subject.label}.{stand.function}.after"
                item.user_properties.append((name, summary.prop(stand)))
            if excuses(stands):
                label = one.subject.label
                self.record.cost(label, look.check, item.nodeid, "failed")
        return [
            line
            for one, look in zip(known, looks, strict=True)
            for line in summary.section(
                look,
                one.functions,
                failed=failed,
                before=before[one.subject.label],
                alone=well,
                others=self._others(one.subject),
            )
        ]

    # --- the end --------------------------------------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Hand the record to the main process, or write the report."""
        for label, look in self._last.items():
            line = summary.standing(look, self._others(look.subject))
            self.record.says(label, look.began, line)
        output = getattr(self.config, "workeroutput", None)
        if output is not None:
            output["mailprobe"] = self.record.told()
        elif self.session.report is not None:
            self.record.write(self.session.report)

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Write one line for each provider, and below it what its outage cost."""
        said = list(self.record.summary())
        if said:
            terminalreporter.section("mail")
        for line, costs in said:
            terminalreporter.write_line(line)
            for cost in costs:
                terminalreporter.write_line(f"  {cost}")

    # --- looking --------------------------------------------------------------------

    def look(self, name: str) -> Check[ProviderReport]:
        """
        Return what this session saw of a provider or mailbox; look if it did not.

        Raises:
            UsageError, ConfigError: If it is neither, or cannot be looked at.
        """
        found = self._subjects.get(name) or subject(name, self.session.config)
        self._subjects[name] = found
        look = self.session.looks.first(found)
        self._saw(look)
        return look.check

    async def travel(
        self, sender: str, recipient: str, timeout: float | None
    ) -> Check[TripReport]:
        """Make a round trip and remember it."""
        check = await self.session.travel(sender, recipient, timeout)
        self.record.saw(f"{sender} to {recipient}", check)
        return check

    def _first(self, wanted: Subject) -> Look:
        try:
            look = self.session.looks.first(wanted)
        except MailprobeError as error:
            pytest.fail(f"{MARKER}: {error}", pytrace=False)
        self._saw(look)
        return look

    def _saw(self, look: Look) -> None:
        self.record.saw(look.subject.label, look.check)
        self._last[look.subject.label] = look

    def _others(self, wanted: Subject) -> list[Look]:
        unlike = {one.key: one for one in self._subjects.values()}
        unlike.pop(wanted.key, None)
        return self.session.looks.known(unlike.values())


def health(request: pytest.FixtureRequest) -> MailHealth:
    """Return what was seen of the providers that the test needs."""
    live = _permitted(request)
    checks = {d.subject.label: live.look(d.subject.label) for d in _demands(request)}
    return MailHealth(checks=MappingProxyType(checks), _look=live.look)


def round_trip(request: pytest.FixtureRequest) -> MailRoundTrip:
    """Return what sends a canary mail and sees it arrive."""
    live = _permitted(request)
    found = (d.subject.mailbox for d in _demands(request))
    names = tuple(name for name in found if name)

    async def travel(
        sender: str, recipient: str, timeout: float | None
    ) -> Check[TripReport]:
        first = chosen(names, sender)
        return await live.travel(first, recipient or first, timeout)

    return MailRoundTrip(travel)


def _permitted(request: pytest.FixtureRequest) -> LivePlugin:
    """Return the plugin, if this test may leave the machine."""
    found = request.config.pluginmanager.get_plugin("mailprobe-live")
    assert isinstance(found, LivePlugin)  # noqa: S101 - the door registers it
    if not (_demands(request) or found.session.live):
        pytest.skip(
            f"{request.fixturename} looks at real providers: mark the test with "
            f"{MARKER}, or give --mailprobe-live"
        )
    if found.session.complaint:
        pytest.fail(f"mailprobe: {found.session.complaint}", pytrace=False)
    return found


def _demands(request: pytest.FixtureRequest) -> Iterable[Demand]:
    node: pytest.Item = request.node
    return node.stash.get(_DEMANDS, ())
