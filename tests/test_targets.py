"""Targets as people write them: what is one target, and what cannot be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailprobe.config import Config
from mailprobe.model.errors import ConfigError, UsageError
from mailprobe.model.target import ImapTarget, MxTarget, SmtpTarget, TripTarget
from mailprobe.target_tables import KEYS, read_tables
from mailprobe.targets import USES, Boxes, read_line

SETTINGS = """\
[mailbox.canary]
address = "canary@example.org"
password = "env:CANARY"
[mailbox.office]
address = "office@example.net"
password = "env:CANARY"
[mailbox."imap.example.org"]
address = "odd@example.org"
password = "env:CANARY"
[mailbox.mute]
address = "mute@example.org"
"""


@pytest.fixture
def boxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Boxes:
    """Three mailboxes, and one without a password."""
    monkeypatch.setenv("CANARY", "secret")
    file = tmp_path / "mailprobe.toml"
    file.write_text(SETTINGS, "utf-8")
    return Boxes(Config.load(file))


@pytest.mark.parametrize(
    ("known", "ways"),
    [
        ("mx xn--mller-kva.example", ["müller.example", "mx MÜLLER.example."]),
        ("mx libero.it", ["libero.it", "mx Libero.It", "LIBERO.IT."]),
        (
            "smtp a.example:25 starttls",
            ["smtp A.example", "smtp a.example:25", "smtp a.example:25 starttls"],
        ),
        ("smtp a.example:465 tls", ["smtp a.example:465", "smtp a.example:465 tls"]),
        (
            "smtp a.example:465 tls canary",
            [
                "smtp a.example:465 tls canary",
                "smtp a.example:465 tls canary@example.org",
            ],
        ),
        (
            "imap a.example:993 tls",
            ["imap a.example", "imap a.example:993", "imap A.example. tls"],
        ),
        ("imap [::1]:993 tls", ["imap ::1", "imap [::1]", "imap [0::1]:993 tls"]),
        ("imap canary", ["imap canary", "imap canary@example.org"]),
        ("imap localhost:993 tls", ["imap localhost:993", "imap localhost tls"]),
        ("imap canary:993 tls", ["imap canary:993"]),
        ("imap imap.example.org", ["imap imap.example.org"]),
        ("imap imap.example.org:993 tls", ["imap imap.example.org:993"]),
        ("tls a.example:587 starttls", ["tls a.example:587"]),
        (
            "trip canary office",
            ["trip canary office", "trip canary@example.org office@example.net"],
        ),
        ("provider libero", ["provider libero", "provider LIBERO"]),
        (
            "provider xn--mller-kva.example canary",
            ["provider müller.example canary", "provider müller.example. canary"],
        ),
    ],
)
def test_a_target_has_one_name(boxes: Boxes, known: str, ways: list[str]) -> None:
    """However a target is written, it is known by one line, which means the same."""
    for way in ways:
        asked = read_line(way, boxes)
        assert asked.line == known
        again = read_line(known, boxes)
        assert (again.line, type(again.target)) == (known, type(asked.target))


@pytest.mark.parametrize("word", ["localhost", "canray"])
def test_one_word_is_not_guessed_to_be_a_host(boxes: Boxes, word: str) -> None:
    """A word that is no mailbox and may be a host is refused, with both ways out."""
    with pytest.raises(UsageError) as raised:
        read_line(f"imap {word}", boxes)
    assert f"no mailbox is called '{word}'" in str(raised.value)
    assert f"If a host is meant, give its port: {word}:993" in str(raised.value)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("imap mute", "mailbox mute has no password and no token"),
        ("smtp a.example canary", "security 'canary' is not known"),
        ("tls a.example:465 none", "security 'none' shows no certificate"),
        ("smtp a.example:0", "port 0 is out of range"),
        ("smtp a.example:25 tls canary x", "cannot be read; write smtp HOST"),
    ],
)
def test_what_cannot_be_meant(boxes: Boxes, line: str, complaint: str) -> None:
    """A line is refused with one sentence that says what may be written."""
    with pytest.raises(UsageError, match=complaint):
        read_line(line, boxes)


TABLES = """\
[[target]]
mx = "libero.it"

[[target]]
smtp = "smtp.libero.it"
port = 465
security = "tls"
mailbox = "canary"
timeout = 20

[[target]]
imap = "canary"

[[target]]
imap = "localhost"
port = 993

[[target]]
tls = "smtp.libero.it"
port = 587

[[target]]
trip = "canary"
to = "office"

[[target]]
provider = "libero"
mailbox = "canary"
"""


def test_tables_mean_what_lines_mean(boxes: Boxes, tmp_path: Path) -> None:
    """A target is known by the same line whether a line or a table asked for it."""
    file = tmp_path / "targets.toml"
    file.write_text(TABLES, "utf-8")
    found = read_tables(file, boxes)
    assert [asked.line for asked in found] == [
        "mx libero.it",
        "smtp smtp.libero.it:465 tls canary",
        "imap canary",
        "imap localhost:993 tls",
        "tls smtp.libero.it:587 starttls",
        "trip canary office",
        "provider libero canary",
    ]
    assert [asked.target for asked in found] == [
        read_line(asked.line, boxes).target for asked in found
    ]
    assert [asked.timeout for asked in found] == [None, 20, *[None] * 5]
    kinds = (type(asked.target) for asked in found[:6])
    smtp = found[1].target
    assert [*kinds][::5] == [MxTarget, TripTarget]
    assert isinstance(smtp, SmtpTarget)
    assert smtp.mailbox is not None
    assert isinstance(found[2].target, ImapTarget)
    assert set(KEYS) == set(USES)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[targets]]", "line 1, targets: unknown key; did you mean target?"),
        ('[[target]]\nmx = "a..b"', "line 2, target[1].mx: domain 'a..b' has an empty"),
        (
            '[[target]]\nmx = "a.it"\n[[target]]\nsmpt = "a.it"',
            "line 4, target[2].smpt: unknown key; did you mean smtp?",
        ),
        (
            "[[target]]\nport = 25",
            "line 1, target[1]: nothing says what it is; write one of mx, smtp",
        ),
        (
            '[[target]]\nmx = "a.it"\nsmtp = "b.it"',
            "line 3, target[1].smtp: mx stands there already",
        ),
        (
            '[[target]]\nmx = "a.it"\nport = 25',
            "line 3, target[1].port: means nothing beside mx",
        ),
        (
            '[[target]]\nsmtp = "a.it"\nport = 0',
            "line 3, target[1].port: port 0 is out of range",
        ),
        (
            '[[target]]\nsmtp = "a.it"\nport = "25"',
            "line 3, target[1].port: must be an integer, not a string",
        ),
        (
            '[[target]]\nsmtp = "a.it"\nsecurity = "ssl"',
            "line 3, target[1].security: security 'ssl' is not known",
        ),
        ('[[target]]\ntls = "a.it"', "line 1, target[1]: the key port is missing"),
        ('[[target]]\ntrip = "canary"', "line 1, target[1]: the key to is missing"),
        (
            '[[target]]\ntrip = "canary"\nto = "ofice"',
            "line 3, target[1].to: ",
        ),
        ('[[target]]\nimap = "localhost"', "line 2, target[1].imap: "),
        (
            '[[target]]\nmx = "a.it"\ntimeout = 0',
            "line 3, target[1].timeout: must be more than 0",
        ),
    ],
)
def test_a_table_that_cannot_be_meant(
    boxes: Boxes, tmp_path: Path, text: str, complaint: str
) -> None:
    """One sentence names the file, the line, the table and the key."""
    file = tmp_path / "targets.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as raised:
        read_tables(file, boxes)
    assert str(raised.value).startswith(f"{file}, {complaint}")


def test_the_page_can_be_read(boxes: Boxes, tmp_path: Path) -> None:
    """The how-to page shows a table and a line of every kind, and they can be read."""
    page = Path(__file__).parent.parent / "docs" / "how-to" / "sweep.md"
    text = page.read_text("utf-8")
    file = tmp_path / "targets.toml"
    file.write_text(text.partition("```toml\n")[2].partition("```")[0], "utf-8")
    found = [asked.line for asked in read_tables(file, boxes)]
    assert {line.split()[0] for line in found} == set(USES)
    lines = text.partition("```text\n")[2].partition("```")[0].splitlines()
    assert [read_line(line.partition("#")[0], boxes) for line in lines]
