"""
The door pytest comes in by: names, options and markers, and nothing behind them.

pytest loads this file in every suite of the environment it is installed in. So it
imports nothing but pytest, which is there already; what a test asks for is loaded
when it asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailprobe.testing import MailHealth, MailLab, MailRoundTrip, MailServer
    from mailprobe.testing.live import LivePlugin

MODES: Final = ("skip", "fail", "report")
DOMAINS: Final = (
    "example.test",
    "example.com",
    "example.org",
    "libero.test",
    "virgilio.test",
)
"""Those of RFC 2606 that tests are full of, and two brands that share a platform."""

LIVE: Final = "mailprobe-live"
OPTIONS: Final = ("--mailprobe", "--mailprobe-live", "--mailprobe-report")
LIVE_FIXTURES: Final = frozenset({"mail_health", "mail_round_trip"})
NEEDS_MAIL: Final = (
    "needs_mail(name, *functions): this test talks to a real mail provider, or to a "
    'mailbox of mailprobe.toml; functions are "submit", "accept", "deliver" and '
    '"read", all of them by default'
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the ini settings, all of which begin with mailprobe."""
    group = parser.getgroup("mailprobe", "tests that depend on mail")
    group.addoption(
        "--mailprobe",
        choices=MODES,
        default=None,
        help="what an unhealthy provider does to the tests that need it "
        "(default: the ini setting of this name, else skip)",
    )
    group.addoption(
        "--mailprobe-live",
        action="store_true",
        default=False,
        help="let fixtures leave this machine without a needs_mail marker",
    )
    group.addoption(
        "--mailprobe-report",
        metavar="FILE.json",
        default=None,
        help="write what was seen of the providers to a file (mailprobe/1)",
    )
    group.addoption(
        "--mailprobe-config",
        metavar="FILE",
        default=None,
        help="the mailprobe.toml that names the mailboxes",
    )
    parser.addini("mailprobe", f"one of {', '.join(MODES)}", default="skip")
    parser.addini("mailprobe_config", "the mailprobe.toml to use", default="")
    parser.addini(
        "mailprobe_cache",
        "seconds for which the next session believes what was seen of a provider, "
        "if all was well (default: 120)",
        default="",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; open the live half if an option asks for it."""
    config.addinivalue_line("markers", NEEDS_MAIL)
    if any(config.getoption(option) for option in OPTIONS):
        _live(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Open the live half if any test asks for it; bad markers are errors here."""
    if config.pluginmanager.has_plugin(LIVE) or _any_live(items):
        _live(config).collect(items)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - a type of pytest-xdist
    """Hand on what a worker of pytest-xdist saw of the providers."""
    told = getattr(node, "workeroutput", {}).get("mailprobe")
    if told is not None:
        _live(node.config).heard(told)


def _any_live(items: Sequence[pytest.Item]) -> bool:
    # Classes and modules are few: with every item they would be asked each time.
    parents = {item.parent for item in items if item.parent is not None}
    return any(parent.get_closest_marker("needs_mail") for parent in parents) or any(
        not LIVE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
        or any(mark.name == "needs_mail" for mark in item.own_markers)
        for item in items
    )


def _live(config: pytest.Config) -> LivePlugin:
    """Return the live half, loaded and registered when it is first wanted."""
    known = config.pluginmanager.get_plugin(LIVE)
    if known is None:
        from mailprobe.testing import live  # noqa: PLC0415 - only who asks pays

        known = live.LivePlugin(config)
        config.pluginmanager.register(known, LIVE)
    return cast("LivePlugin", known)


@pytest.fixture(scope="session")
def mail_lab_domains() -> tuple[str, ...]:
    """Name the mail domains of the lab; override it to add those of your own."""
    return DOMAINS


@pytest.fixture(scope="session")
def mail_lab_server(
    pytestconfig: pytest.Config, mail_lab_domains: tuple[str, ...]
) -> Iterator[MailServer]:
    """Run mail servers for the whole session: for what a suite starts once."""
    from mailprobe.testing import fixtures  # noqa: PLC0415 - only who asks pays

    yield from fixtures.server(pytestconfig, mail_lab_domains)


@pytest.fixture
def mail_lab(mail_lab_server: MailServer) -> Iterator[MailLab]:
    """Give the test a mail world of its own."""
    from mailprobe.testing import fixtures  # noqa: PLC0415 - only who asks pays

    yield from fixtures.lab(mail_lab_server)


@pytest.fixture
def mail_health(request: pytest.FixtureRequest) -> MailHealth:
    """Give what mailprobe saw of the providers this test needs."""
    from mailprobe.testing import live  # noqa: PLC0415 - only who asks pays

    return live.health(request)


@pytest.fixture
def mail_round_trip(request: pytest.FixtureRequest) -> MailRoundTrip:
    """Send a canary mail for real, and see it arrive."""
    from mailprobe.testing import live  # noqa: PLC0415 - only who asks pays

    return live.round_trip(request)
