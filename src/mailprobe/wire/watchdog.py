"""One timer for all the steps of a conversation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class Watch:
    """One task that has to be done with something by a certain time."""

    __slots__ = ("_cancelling", "_task", "bitten", "due")

    def __init__(self, task: asyncio.Task[Any], due: float) -> None:
        self._task = task
        self._cancelling = task.cancelling()
        self.due = due
        self.bitten = False
        """Whether time was up."""

    def bite(self) -> None:
        """Cancel the task where it waits."""
        self.bitten = True
        self._task.cancel()

    def alone(self) -> bool:
        """Take the cancellation back; return whether nobody else asked for one."""
        return self._task.uncancel() <= self._cancelling


class Watchdog:
    """
    Cancels whoever is not done in time, as `asyncio.timeout` does.

    It is asked before and after each command of a conversation, and nearly all are
    answered at once. So its timer is not taken back with each answer: it goes off when
    the first command would have been late, and then goes by what is still open.
    """

    def __init__(self) -> None:
        self._open: list[Watch] = []
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, seconds: float) -> Watch:
        """Give the current task so many seconds; to be ended by `leave`."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None  # noqa: S101 - whoever talks to a server is a task
        watch = Watch(task, loop.time() + seconds)
        self._open.append(watch)
        timer = self._timer
        if timer is None or watch.due < timer.when():
            if timer is not None:
                timer.cancel()
            self._timer = loop.call_at(watch.due, self._look, loop)
        return watch

    def leave(self, watch: Watch, error: BaseException | None) -> bool:
        """
        End a watch; return whether what ended it was that time was up.

        Args:
            watch: What `watch` gave.
            error: What it ended with. Of a cancellation that somebody else asked for
                as well, nothing is taken back.
        """
        self._open.remove(watch)
        if not watch.bitten:
            return False
        return watch.alone() and isinstance(error, asyncio.CancelledError)

    def rest(self) -> None:
        """Take the timer back while nothing is open; the next watch sets it again."""
        if self._timer is not None and not self._open:
            self._timer.cancel()
            self._timer = None

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self._timer is not None  # noqa: S101 - it has just gone off
        # A loop lets timers go off a little early, by its clock's resolution.
        now = max(loop.time(), self._timer.when())
        self._timer = None
        for watch in self._open:
            if watch.due <= now and not watch.bitten:
                watch.bite()
        left = [watch.due for watch in self._open if not watch.bitten]
        if left:
            self._timer = loop.call_at(min(left), self._look, loop)
