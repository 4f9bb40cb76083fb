"""``mailprobe.toml``: what it may say, and what is said about it."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable
from hashlib import sha256
from pathlib import Path
from typing import cast

import pytest

from mailprobe.config import Config
from mailprobe.model.errors import ConfigError
from mailprobe.model.secret import Secret
from mailprobe.model.target import Endpoint
from mailprobe.prober import Prober

PLANTED = "hunter2-planted"

FULL = """\
[prober]
nameservers = ["127.0.0.53", "192.0.2.1:5300", "::1", "[2001:db8::1]:53"]
ca_file = "ca.pem"
ehlo_name = "probe.example.org"
timeout = 60
mx_port = 2525
canary_key = "env:CANARY_KEY"
presets = ["ours.toml"]

[mailbox.canary]
address = "canary@libero.it"
password = "env:CANARY_PASSWORD"

[mailbox.hand]
address = "Ada@example.org"
password = "file:secret"
imap = { host = "imap.example.org", port = 1993 }
smtp = { host = "smtp.example.org", security = "starttls" }
imap_user = "ada"
smtp_user = "ada2"
auth = "cram-md5"

[mailbox.ours]
address = "x@ours.example"
token = "command:fetch-token"
"""

OURS = """\
id = "ours"
name = "Our Mail"
operator = "We"
domains = ["ours.example"]
imap = [{ host = "imap.ours.example", port = 993 }]
sources = ["handbook"]
last_checked = 2026-11-22
"""


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no test see the configuration of whoever runs it."""
    for name in (
        "MAILPROBE_CONFIG",
        "XDG_CONFIG_HOME",
        "CANARY_PASSWORD",
        "CANARY_KEY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def write(folder: Path, text: str | bytes, name: str = "mailprobe.toml") -> Path:
    """Write a file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def sentence(caught: pytest.ExceptionInfo[ConfigError], folder: Path) -> str:
    """Return the message without the folder: one line, no planted secret."""
    said = str(caught.value).replace(f"{folder}/", "")
    assert PLANTED not in said
    assert "\n" not in said
    return said


@pytest.fixture
def full(tmp_path: Path) -> Config:
    """Load a file that uses every key."""
    write(tmp_path, OURS, "ours.toml")
    write(tmp_path, PLANTED + "\n", "secret")
    write(tmp_path, "", "ca.pem")
    return Config.load(write(tmp_path, FULL))


# --- what it may say ------------------------------------------------------------


def test_prober_options(
    full: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The prober table becomes keyword arguments; paths start from the file."""
    monkeypatch.setenv("CANARY_KEY", PLANTED)
    assert full.prober_options() == {
        "nameservers": ("127.0.0.53", "192.0.2.1:5300", "::1", "[2001:db8::1]:53"),
        "ca_file": str(tmp_path / "ca.pem"),
        "ehlo_name": "probe.example.org",
        "mx_port": 2525,
        "canary_key": sha256(PLANTED.encode()).digest(),
    }
    assert full.prober.timeout == 60.0


def test_a_prober_takes_the_options(
    full: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every option is an argument of the prober, of the type it wants."""
    monkeypatch.setenv("CANARY_KEY", PLANTED)
    options = full.prober_options()
    del options["ca_file"]  # empty here; reading it is the prober's own affair
    Prober(catalogue=full.catalogue, **options)


def test_a_canary_key_that_is_not_there(full: Config, tmp_path: Path) -> None:
    """A missing key names its line."""
    with pytest.raises(ConfigError) as caught:
        full.prober_options()
    assert sentence(caught, tmp_path) == (
        "mailprobe.toml, line 7, prober.canary_key: the environment variable "
        "CANARY_KEY is not set; export it first"
    )


def test_nothing_said_is_nothing_set(tmp_path: Path) -> None:
    """An empty file is a configuration without settings."""
    config = Config.load(write(tmp_path, ""))
    assert config.prober_options() == {}
    assert config.mailboxes == ()
    assert config.catalogue.find("libero")


def test_a_mailbox_takes_its_hosts_from_the_preset(
    full: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address and a password are enough where the provider is known."""
    monkeypatch.setenv("CANARY_PASSWORD", PLANTED)
    box = full.mailbox("canary")
    assert box.password == Secret(PLANTED)
    assert str(box.imap) == "imapmail.libero.it:993"
    assert str(box.smtp) == "smtp.libero.it:465"


def test_a_mailbox_given_by_hand(full: Config) -> None:
    """Hosts, login names and mechanism can all be given; ports have defaults."""
    box = full.mailbox("hand")
    assert box.password == Secret(PLANTED)
    assert box.imap == Endpoint("imap.example.org", 1993, "tls")
    assert box.smtp == Endpoint("smtp.example.org", 587, "starttls")
    assert (box.imap_user, box.smtp_user, box.auth) == ("ada", "ada2", "CRAM-MD5")


def test_preset_files_count_for_mailboxes(full: Config) -> None:
    """Presets of one's own give hosts as built-in ones do."""
    assert str(full.mailbox("ours").imap) == "imap.ours.example:993"
    assert full.catalogue.find("ours")
    assert full.catalogue.find("libero")


def test_a_mailbox_is_found_by_address_in_any_case(full: Config) -> None:
    """The address is as good as the name."""
    assert full.mailbox("ada@EXAMPLE.org") == full.mailbox("hand")


@pytest.mark.asyncio
async def test_a_token_is_fetched_at_login(tmp_path: Path) -> None:
    """A token is looked up each time, never when the file is read."""
    text = '[mailbox.a]\naddress = "a@gmail.com"\ntoken = "file:token"\n'
    token = Config.load(write(tmp_path, text)).mailbox("a").token
    assert token
    write(tmp_path, PLANTED, "token")
    assert await cast("Awaitable[object]", token()) == Secret(PLANTED)


@pytest.mark.asyncio
async def test_a_token_that_fails_names_file_line_and_key(tmp_path: Path) -> None:
    """Trouble at login time still leads to the line in the file."""
    text = '[mailbox.a]\naddress = "a@gmail.com"\ntoken = "env:NO_SUCH_TOKEN"\n'
    token = Config.load(write(tmp_path, text)).mailbox("a").token
    assert token
    with pytest.raises(ConfigError) as caught:
        await cast("Awaitable[object]", token())
    assert sentence(caught, tmp_path) == (
        "mailprobe.toml, line 3, mailbox.a.token: the environment variable "
        "NO_SUCH_TOKEN is not set; export it first"
    )


def test_secrets_are_not_needed_to_read_the_file(full: Config) -> None:
    """A secret that is missing matters when its mailbox is used, not before."""
    assert [box.name for box in full.mailboxes] == ["canary", "hand", "ours"]
    with pytest.raises(ConfigError) as caught:
        full.mailbox("canary")
    assert str(caught.value).endswith(
        "mailprobe.toml, line 12, mailbox.canary.password: the environment variable "
        "CANARY_PASSWORD is not set; export it first"
    )


def test_no_secret_is_shown(full: Config) -> None:
    """Neither the configuration nor a mailbox of it prints a secret."""
    box = full.mailbox("hand")
    assert PLANTED not in f"{full!r} {full} {box!r} {box}"


# --- complaints about mailboxes -------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("canari", "no mailbox is called 'canari'; did you mean canary?"),
        ("zzz", "no mailbox is called 'zzz'; the file has canary, hand, ours"),
        (
            "canary@liber.it",
            (
                "no mailbox is called 'canary@liber.it'; "
                "did you mean 'canary@libero.it'?"
            ),
        ),
    ],
)
def test_an_unknown_mailbox(full: Config, tmp_path: Path, name: str, said: str) -> None:
    """A name that is not there is answered with near ones."""
    with pytest.raises(ConfigError) as caught:
        full.mailbox(name)
    assert sentence(caught, tmp_path) == f"mailprobe.toml: {said}"


def test_a_mailbox_of_an_empty_file(tmp_path: Path) -> None:
    """A file without mailboxes says so."""
    with pytest.raises(ConfigError) as caught:
        Config.load(write(tmp_path, "")).mailbox("a")
    said = "no mailbox is called 'a'; the file has no [mailbox.NAME] table"
    assert sentence(caught, tmp_path) == f"mailprobe.toml: {said}"


def test_an_address_of_two_mailboxes(tmp_path: Path) -> None:
    """An address that fits two names is not decided by chance."""
    text = '[mailbox.a]\naddress = "x@a.it"\n[mailbox."b c"]\naddress = "X@a.it"\n'
    with pytest.raises(ConfigError) as caught:
        Config.load(write(tmp_path, text)).mailbox("x@A.it")
    said = "'x@A.it' is the address of a, 'b c'; use one of these names"
    assert sentence(caught, tmp_path) == f"mailprobe.toml: {said}"


def test_a_failing_command_shows_no_output(tmp_path: Path) -> None:
    """What a command printed before it failed stays unseen."""
    script = write(tmp_path, f"print('{PLANTED}'); raise SystemExit(3)", "script.py")
    command = f"command:'{sys.executable}' '{script}'"
    text = f'[mailbox.a]\naddress = "a@b.it"\npassword = "{command}"\n'
    with pytest.raises(ConfigError) as caught:
        Config.load(write(tmp_path, text)).mailbox("a")
    assert sentence(caught, tmp_path) == (
        f"mailprobe.toml, line 3, mailbox.a.password: the command {sys.executable!r} "
        "failed with exit status 3; run it by hand to see why"
    )


def test_a_broken_preset_file_is_named_with_who_names_it(tmp_path: Path) -> None:
    """The complaint leads from the configuration to the line of the preset file."""
    write(tmp_path, OURS + "colour = 1", "ours.toml")
    text = '[prober]\npresets = [\n  "ours.toml",\n]\n'
    with pytest.raises(ConfigError) as caught:
        _ = Config.load(write(tmp_path, text)).catalogue
    assert sentence(caught, tmp_path).startswith(
        "mailprobe.toml, line 3, prober.presets[1]: "
        "ours.toml, line 8, colour: unknown key"
    )


def test_a_ca_file_that_is_not_there(tmp_path: Path) -> None:
    """A CA file is looked at when the prober is made."""
    config = Config.load(write(tmp_path, '[prober]\nca_file = "ca.pem"\n'))
    with pytest.raises(ConfigError) as caught:
        config.prober_options()
    assert sentence(caught, tmp_path) == (
        "mailprobe.toml, line 2, prober.ca_file: ca.pem cannot be read: "
        "No such file or directory"
    )


# --- complaints about the file --------------------------------------------------


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file and a directory are named as what they are."""
    with pytest.raises(ConfigError) as caught:
        Config.load(tmp_path / "no.toml")
    reason = "cannot be read: No such file or directory"
    assert sentence(caught, tmp_path) == f"no.toml: {reason}"
    with pytest.raises(ConfigError) as caught:
        Config.load(tmp_path)
    assert str(caught.value) == f"{tmp_path}: is a directory; name a file"


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="root may read every file"
)
def test_a_file_without_permission(tmp_path: Path) -> None:
    """The reason of the operating system is passed on."""
    path = write(tmp_path, "")
    path.chmod(0)
    with pytest.raises(ConfigError) as caught:
        Config.load(path)
    said = "mailprobe.toml: cannot be read: Permission denied"
    assert sentence(caught, tmp_path) == said


# --- where it is found ----------------------------------------------------------


def test_the_order_of_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named on purpose, then lying here, then the user's own."""
    here, home = tmp_path / "here", tmp_path / "xdg"
    named = write(tmp_path, "[prober]\nmx_port = 1\n", "named.toml")
    write(here, "[prober]\nmx_port = 2\n")
    write(home / "mailprobe", "[prober]\nmx_port = 3\n")
    write(tmp_path / "home/.config/mailprobe", "[prober]\nmx_port = 4\n")
    elsewhere = tmp_path / "elsewhere"

    monkeypatch.setenv("XDG_CONFIG_HOME", "relative/is/ignored")
    assert Config.find(elsewhere).prober.mx_port == 4
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    assert Config.find(elsewhere).prober.mx_port == 3
    assert Config.find(here).prober.mx_port == 2
    monkeypatch.chdir(here)
    assert Config.find().prober.mx_port == 2
    monkeypatch.setenv("MAILPROBE_CONFIG", str(named))
    assert Config.find().prober.mx_port == 1
    monkeypatch.setenv("MAILPROBE_CONFIG", "")
    assert Config.find().prober.mx_port == 2


def test_no_file_at_all(tmp_path: Path) -> None:
    """Without a file there are no settings, and a mailbox says where was looked."""
    config = Config.find(tmp_path)
    assert config.prober_options() == {}
    assert config.catalogue.find("libero")
    with pytest.raises(ConfigError) as caught:
        config.mailbox("canary")
    assert sentence(caught, tmp_path) == (
        "no mailbox is called 'canary': there is no mailprobe.toml "
        "(looked for mailprobe.toml and home/.config/mailprobe/mailprobe.toml)"
    )


def test_a_named_file_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file named on purpose is not passed over in silence."""
    monkeypatch.setenv("MAILPROBE_CONFIG", str(tmp_path / "no.toml"))
    with pytest.raises(ConfigError) as caught:
        Config.find(tmp_path)
    reason = "cannot be read: No such file or directory"
    assert sentence(caught, tmp_path) == f"no.toml: {reason}"


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX file owners")
def test_a_file_of_another_user_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that lies around could name commands: its owner must be us or root."""
    path = write(tmp_path, "")
    owner = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    if owner == 0:
        os.chown(path, 12345, -1)
    with pytest.raises(ConfigError) as caught:
        Config.find(tmp_path)
    assert sentence(caught, tmp_path) == (
        "mailprobe.toml: belongs to another user; "
        "if you trust it, name it in $MAILPROBE_CONFIG"
    )
    monkeypatch.setenv("MAILPROBE_CONFIG", str(path))
    assert Config.find(tmp_path)
