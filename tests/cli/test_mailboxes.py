"""Which mailbox a word means, and where its secret comes from."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

from mailprobe.cli.arguments import Parser, secret_options
from mailprobe.cli.mailboxes import mailbox
from mailprobe.config import Config
from mailprobe.model.errors import ConfigError, UsageError
from mailprobe.model.provider import Catalogue, Preset
from mailprobe.model.secret import Secret
from mailprobe.model.target import Endpoint

CATALOGUE = Catalogue(
    presets=(
        Preset(
            id="posta",
            name="Posta",
            operator="Posta",
            platform="posta",
            domains=("posta.test",),
            imap=(Endpoint("imap.posta.test", 993),),
            sources=("a test",),
            last_checked="2026-01-01",
        ),
    )
)
SETTINGS = """
[mailbox.canary]
address = "canary@posta.test"
password = "env:A_SECRET_THAT_IS_NOT_SET"
"""


def _args(*words: str, prefix: str = "") -> argparse.Namespace:
    parser = Parser(prog="test")
    secret_options(parser, prefix)
    return parser.parse_args(words)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings with one mailbox, whose secret is missing."""
    file = tmp_path / "mailprobe.toml"
    file.write_text(SETTINGS)
    return Config.load(file)


def test_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address takes its hosts from the preset, its secret from an option."""
    monkeypatch.setenv("CANARY", "s3cret")
    box = mailbox(
        "a@posta.test", _args("--password-env", "CANARY"), Config(), CATALOGUE
    )
    assert box.password == Secret("s3cret")
    assert box.imap == Endpoint("imap.posta.test", 993)


def test_file_and_command(tmp_path: Path) -> None:
    """A secret comes from a file or a command as well."""
    file = tmp_path / "secret"
    file.write_text("from file\n")
    command = f"{sys.executable} -c 'print(\"from command\")'"
    by_file = mailbox(
        "a@b.test", _args("--password-file", str(file)), Config(), CATALOGUE
    )
    by_command = mailbox(
        "a@b.test", _args("--password-command", command), Config(), CATALOGUE
    )
    assert by_file.password == Secret("from file")
    assert by_command.password == Secret("from command")


def test_token_command() -> None:
    """A token is fetched anew at each login, not now."""
    box = mailbox(
        "a@b.test", _args("--token-command", "no-such-program"), Config(), CATALOGUE
    )
    assert box.password is None
    assert callable(box.token)


def test_second_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipient of a trip has options of its own."""
    monkeypatch.setenv("CANARY", "s3cret")
    args = _args("--to-password-env", "CANARY", prefix="to-")
    box = mailbox("a@b.test", args, Config(), CATALOGUE, prefix="to_")
    assert box.password == Secret("s3cret")


@pytest.mark.parametrize("word", ["canary", "canary@posta.test"])
def test_option_instead_of_settings(
    word: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret from an option is used in place of the one in the settings."""
    monkeypatch.setenv("CANARY", "s3cret")
    box = mailbox(word, _args("--password-env", "CANARY"), config, CATALOGUE)
    assert (box.address, box.password) == ("canary@posta.test", Secret("s3cret"))


@pytest.mark.parametrize("word", ["canary", "canary@posta.test"])
def test_missing_secret_of_settings(word: str, config: Config) -> None:
    """A secret that the settings point to must be there."""
    with pytest.raises(ConfigError, match="A_SECRET_THAT_IS_NOT_SET"):
        mailbox(word, _args(), config, CATALOGUE)


def test_missing_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a secret and without a terminal, one sentence says how to give it."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    with pytest.raises(ConfigError, match="--password-env"):
        mailbox("a@b.test", _args(), Config(), CATALOGUE)


def test_unknown_name(config: Config) -> None:
    """A name that is neither in the settings nor an address is refused."""
    with pytest.raises(ConfigError, match="did you mean canary"):
        mailbox("canry", _args(), config, CATALOGUE)


def test_no_address() -> None:
    """An address needs both its parts."""
    with pytest.raises(UsageError, match="write name@domain"):
        mailbox("a@", _args(), Config(), CATALOGUE)


def test_one_secret_only() -> None:
    """Two sources of one secret contradict each other."""
    with pytest.raises(UsageError, match="not allowed with"):
        _args("--password-env", "A", "--password-file", "b")
