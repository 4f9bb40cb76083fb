"""What markers ask for, read against a mailprobe.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mailprobe.config import Config
from mailprobe.model.errors import UsageError
from mailprobe.testing.demand import FUNCTIONS, Demand, demand, merged, subject

if TYPE_CHECKING:
    from pathlib import Path

PRESET = """
[[provider]]
id = "small"
name = "Small"
operator = "Small Ltd"
domains = ["small.test", "aside.test"]
smtp = [{ host = "smtp.small.test", port = 465, security = "tls" }]
sources = ["none"]
last_checked = 2026-01-01
"""

SETTINGS = """
[prober]
presets = ["presets.toml"]

[mailbox.canary]
address = "canary@libero.it"
password = "file:secret"

[mailbox.office]
address = "ada@office.test"
password = "file:secret"

[mailbox.rented]
address = "ada@iol.it"
token = "command:false"

[mailbox.libero]
address = "second@libero.it"
password = "env:MAILPROBE_TEST_NOWHERE"
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings with mailboxes, and a provider without IMAP."""
    (tmp_path / "presets.toml").write_text(PRESET, "utf-8")
    (tmp_path / "secret").write_text("geheim\n", "utf-8")
    (tmp_path / "mailprobe.toml").write_text(SETTINGS, "utf-8")
    return Config.load(tmp_path / "mailprobe.toml")


def _ask(config: Config, *args: Any, **kwargs: Any) -> Demand:  # noqa: ANN401
    return demand(args, kwargs, config)


def test_a_mailbox(config: Config) -> None:
    """A mailbox is looked at with its login, in all functions unless some are named."""
    whole = _ask(config, "canary")
    assert whole.functions == FUNCTIONS
    assert (whole.subject.provider, whole.subject.mailbox) == ("libero", "canary")
    assert _ask(config, "canary@libero.it").subject.mailbox == "canary"
    assert _ask(config, "canary", "read", "submit").functions == ("submit", "read")


def test_a_mailbox_without_a_preset(config: Config) -> None:
    """A mailbox of a domain nobody knows stands for that domain."""
    assert subject("office", config).provider == "office.test"
    assert subject("office.test", config).mailbox == "office"


def test_a_provider_with_a_mailbox(config: Config) -> None:
    """A provider is looked at with the first mailbox there."""
    for name in ("libero.it", "LIBERO.IT."):
        assert subject(name, config).mailbox == "canary"


def test_names_that_mean_the_same_share_a_look(config: Config) -> None:
    """One look serves a mailbox, its address and its provider."""
    keys = {subject(n, config).key for n in ("canary", "canary@libero.it", "libero.it")}
    assert len(keys) == 1


def test_a_provider_without_a_mailbox(config: Config) -> None:
    """Without a mailbox all is asked that can be seen from outside."""
    assert _ask(config, "gmail").functions == ("submit", "accept", "read")
    assert subject("gmail", config).mailbox == ""


def test_what_a_preset_does_not_have(config: Config) -> None:
    """What a preset names no service for is not asked for, and cannot be."""
    assert _ask(config, "small").functions == ("submit", "accept")
    with pytest.raises(UsageError, match="names no IMAP service, so read cannot be"):
        _ask(config, "small", "read")


def test_a_second_domain_of_a_preset(config: Config) -> None:
    """A domain is looked at under its own name, for its MX may be another one's."""
    assert subject("aside.test", config).provider == "aside.test"
    assert subject("small.test", config).provider == "small"


def test_a_command_is_not_run_to_read_a_marker(config: Config) -> None:
    """A secret that a command gives is left for when it is needed."""
    assert subject("rented", config).mailbox == "rented"


def test_a_missing_secret(config: Config) -> None:
    """A secret that is not there is named with file, line and key."""
    where = r"mailprobe\.toml, line \d+, mailbox\.libero\.password: "
    with pytest.raises(UsageError, match=where + "the environment variable"):
        _ask(config, "libero")


def test_delivery_needs_a_login(config: Config) -> None:
    """Delivery at a provider without a mailbox is an error that says what to add."""
    with pytest.raises(UsageError, match=r"\[mailbox.NAME\] with address = .*gmail"):
        _ask(config, "gmail", "deliver")


def test_without_a_file() -> None:
    """Providers can be looked at from outside without any settings."""
    assert _ask(Config(), "gmail", "accept").functions == ("accept",)
    with pytest.raises(UsageError, match="no provider preset is called 'canary'"):
        _ask(Config(), "canary")


def test_demands_of_one_name_come_together(config: Config) -> None:
    """Several markers of one name ask for the functions of all of them."""
    found = merged(
        [
            _ask(config, "canary", "read"),
            _ask(config, "gmail", "accept"),
            _ask(config, "canary", "submit"),
        ]
    )
    assert [(one.subject.label, one.functions) for one in found] == [
        ("canary", ("submit", "read")),
        ("gmail", ("accept",)),
    ]
