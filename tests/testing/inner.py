"""Inner pytest sessions whose real providers are those of the lab."""

from __future__ import annotations

import asyncio
import gc
import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

# A session in this process forgets what it imported; imported here, it stays, and
# no class comes to exist twice.
import mailprobe.probes.provider
import mailprobe.testing.live  # noqa: F401
from mailprobe.lab import Reply

if TYPE_CHECKING:
    import pytest

    from mailprobe.lab import ThreadedLab

UNAVAILABLE: Final = Reply(
    "AUTH", "NO", "[UNAVAILABLE] later", service="imap", domain="posta.test"
)
"""An outage: nobody can read at one domain, while all else works there."""

SENTENCE: Final = r"cannot check logins now \(NO \[UNAVAILABLE\] later\)"
"""Part of the verdict's sentence, as a regular expression."""

TWO: Final = """
    import pytest

    @pytest.mark.needs_mail("ada-posta", "read")
    def test_reads():
        pass

    @pytest.mark.needs_mail("ada-libero", "read")
    def test_elsewhere():
        pass
"""
"""Two tests, of which the outage above befalls the first."""

OURS: Final = """
    import pytest

    @pytest.mark.needs_mail("mine", "read")
    def test_passes():
        pass

    @pytest.mark.needs_mail("mine", "read")
    def test_fails():
        assert False, "seen by the test"
"""
"""One test that passes and one that fails, with a mailbox of their own."""

MANY: Final = """
    import pytest

    @pytest.mark.parametrize("n", range(12))
    @pytest.mark.needs_mail("ada-posta", "read")
    def test_reads(n):
        pass

    @pytest.mark.needs_mail("posta-test", "submit")
    def test_provider():
        pass
"""
"""Many tests of one provider, by two names."""

INI: Final = """
[pytest]
asyncio_mode = {mode}
asyncio_default_fixture_loop_scope = function
filterwarnings = error
mailprobe_cache = {cache}
{more}
"""


# Tests in their order; and Hypothesis, which nobody uses there, takes long to load.
_ALONE: Final = ("-p", "no:randomly", "-p", "no:hypothesispytest")


@dataclass(frozen=True, slots=True)
class Inner:
    """
    A folder with tests, a ``mailprobe.toml`` for the lab, and sessions that run there.

    Attributes:
        pytester: Runs the sessions.
        lab: The mail world that the settings lead to.
    """

    pytester: pytest.Pytester
    lab: ThreadedLab

    @property
    def settings(self) -> Path:
        """The ``mailprobe.toml``."""
        return self.pytester.path / "mailprobe.toml"

    def ini(self, *, mode: str = "strict", cache: str = "0", more: str = "") -> None:
        """Write the ini file: no warning passes, no look outlives its session."""
        self.pytester.makeini(INI.format(mode=mode, cache=cache, more=more))

    def run(self, *args: str, plugins: Sequence[object] = ()) -> pytest.RunResult:
        """Run a session in this process, its tests in the order of the file."""
        try:
            return self.pytester.runpytest_inprocess(*_ALONE, *args, plugins=plugins)
        finally:
            forget_loops()

    def apart(self, *args: str) -> pytest.RunResult:
        """Run a session in a process of its own."""
        return self.pytester.runpytest_subprocess(*_ALONE, *args)

    def looks(self) -> int:
        """How often a healthy mailbox was looked at so far: each look sends a mail."""
        return self.lab.store.counters["submission"].messages

    def logins(self) -> int:
        """How many times credentials were presented to the IMAP servers so far."""
        return self.lab.store.counters["imap"].auth_attempts

    def connections(self) -> int:
        """How many connections the lab has taken so far."""
        return sum(counter.connections for counter in self.lab.store.counters.values())

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Make sure that nothing reaches the lab while the block runs."""
        before = self.connections()
        yield
        assert self.connections() == before

    def document(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of a report."""
        text = (self.pytester.path / name).read_text("utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def secrets(self) -> list[str]:
        """Return the passwords that the settings lead to."""
        files = self.pytester.path.glob("*.password")
        return [file.read_text("utf-8").strip() for file in files]


def add_mailbox(inside: Inner, name: str, address: str, **more: str) -> None:
    """Add a mailbox to the settings; *more* replaces its keys."""
    account = inside.lab.store.account(address)
    secret = inside.pytester.path / f"{address}.password"
    secret.write_text(f"{account.password}\n", "utf-8")
    keys = {"address": f'"{address}"', "password": f'"file:{secret.name}"', **more}
    lines = [f"{key} = {value}" for key, value in keys.items() if value]
    text = inside.settings.read_text("utf-8")
    added = "\n".join(["", f"[mailbox.{name}]", *lines, ""])
    inside.settings.write_text(text + added, "utf-8")


def forget_loops() -> None:
    """Let go of the loops that old releases of pytest-asyncio leave open."""
    asyncio.set_event_loop(None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
