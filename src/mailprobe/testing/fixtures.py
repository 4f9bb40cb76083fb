"""What stands behind the fixtures of the mail world."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import mailprobe
from mailprobe.model.errors import UsageError
from mailprobe.testing.server import MailServer, serve
from mailprobe.testing.world import MailLab

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence


PACKAGE: Final = str(Path(mailprobe.__file__).parent)


class Bookkeeper:
    """
    The hooks that bring the servers' surprises into the test that caused them.

    Registered while a lab runs; a suite without one does not pay for it.

    Args:
        server: The servers of the session.
    """

    def __init__(self, server: MailServer) -> None:
        self._server = server

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Fail a test that surprised the servers; add them to one that failed."""
        try:
            yield
        except BaseException as error:
            if isinstance(error, UsageError):
                _end_at_caller(error)
            if found := self._take():
                item.add_report_section("call", "mail lab", "\n".join(found))
            raise
        if found := self._take():
            pytest.fail(_complaint(found), pytrace=False)

    def _take(self) -> list[str]:
        world = self._server.current
        return world.take_surprises() if world is not None else []


def _end_at_caller(error: UsageError) -> None:
    """Cut the traceback of bad use behind the line that is to be mended."""
    entry, last = error.__traceback__, None
    while entry is not None:
        # Generated methods have no file: those of our dataclasses, here.
        file = entry.tb_frame.f_code.co_filename
        if file != "<string>" and not file.startswith(PACKAGE):
            last = entry
        entry = entry.tb_next
    if last is not None:
        last.tb_next = None


def _complaint(found: Sequence[str]) -> str:
    head = "the mail lab was surprised by this test"
    if len(found) == 1:
        return f"{head}: {found[0]}"
    return "\n".join([f"{head}:", *(f"  {line}" for line in found)])


def server(config: pytest.Config, domains: Sequence[str]) -> Iterator[MailServer]:
    """Run the servers of a session."""
    __tracebackhide__ = True
    with serve(domains) as servers:
        keeper = Bookkeeper(servers)
        config.pluginmanager.register(keeper, "mailprobe-lab")
        try:
            yield servers
        finally:
            config.pluginmanager.unregister(keeper)


def lab(servers: MailServer) -> Iterator[MailLab]:
    """Give a test a world of its own."""
    servers.renew()
    world = servers.current = MailLab(servers)
    try:
        yield world
        late = world.take_surprises()
    finally:
        servers.current = None
        world.end()
        servers.renew()
    if late:
        pytest.fail(_complaint(late), pytrace=False)
