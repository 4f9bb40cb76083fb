"""The tables of ``mailprobe.toml``, and what is said about bad ones."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailprobe import config
from mailprobe.config import Config
from mailprobe.model.errors import ConfigError
from mailprobe.providers.document import SIZE_LIMIT, parse
from mailprobe.settings import settings as settings_of
from mailprobe.tables import Settings

PLANTED = "hunter2-planted"


def complaint(folder: Path, text: str | bytes) -> str:
    """Return what is said about a file: one line, no planted secret."""
    path = folder / "mailprobe.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError) as caught:
        Config.load(path)
    said = str(caught.value)
    assert PLANTED not in said
    assert "\n" not in said
    return said.removeprefix(f"{folder}/")


def test_the_documented_file_is_read() -> None:
    """The example in the documentation of the module uses every key, rightly."""
    example = dedent(str(config.__doc__).partition("::\n")[2].partition("\n\nHosts")[0])
    document = parse(Path("mailprobe.toml"), example.encode())
    found = settings_of(document)
    assert all(getattr(found.prober, field.name) for field in fields(found.prober))
    assert all(getattr(found.mailboxes[0], f.name) for f in fields(found.mailboxes[0]))


WAYS = (
    "a secret does not stand in the file itself; "
    'write "env:NAME", "file:PATH" or "command:PROGRAM ARGUMENTS"'
)
SERVER = (
    "is not an IP address with an optional port, such as 127.0.0.53 or 127.0.0.1:5300"
)
RANGE = "is out of range; write a number from 1 to 65535"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nameserver = []", "nameserver: unknown key; did you mean nameservers?"),
        (
            'nameservers = "127.0.0.1"',
            "nameservers: must be an array of strings, not a string",
        ),
        ('nameservers = ["dns.it"]', f"nameservers[1]: 'dns.it' {SERVER}"),
        ('nameservers = ["::1", "[]"]', f"nameservers[2]: '[]' {SERVER}"),
        ('nameservers = ["127.0.0.1:0"]', f"nameservers[1]: '127.0.0.1:0' {SERVER}"),
        ('nameservers = ["[::1]:65536"]', f"nameservers[1]: '[::1]:65536' {SERVER}"),
        ("ca_file = true", "ca_file: must be a string, not a boolean"),
        (
            'ehlo_name = "my host"',
            "ehlo_name: 'my host' is not a host name such as probe.example.org",
        ),
        (
            'ehlo_name = "a.it\\r\\nQUIT"',
            "ehlo_name: 'a.it\\r\\nQUIT' is not a host name such as probe.example.org",
        ),
        ('timeout = "60"', "timeout: must be a number, not a string"),
        ("timeout = true", "timeout: must be a number, not a boolean"),
        ("timeout = 0", "timeout: must be more than 0 and at most 86400 seconds"),
        ("timeout = nan", "timeout: must be more than 0 and at most 86400 seconds"),
        ("timeout = inf", "timeout: must be more than 0 and at most 86400 seconds"),
        ("timeout = 300_000", "timeout: must be more than 0 and at most 86400 seconds"),
        ("mx_port = 65536", f"mx_port: port 65536 {RANGE}"),
        ("mx_port = 25.0", "mx_port: must be an integer, not a float"),
        (f'canary_key = "{PLANTED}"', f"canary_key: {WAYS}"),
        ("presets = [1]", "presets[1]: must be a string, not an integer"),
    ],
)
def test_bad_prober_settings(tmp_path: Path, line: str, said: str) -> None:
    """Every complaint about the prober table names line and key."""
    found = complaint(tmp_path, f"# settings\n[prober]\n{line}\n")
    assert found == f"mailprobe.toml, line 3, prober.{said}"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f'password = "{PLANTED}"', f"password: {WAYS}"),
        (f'password = "vault:{PLANTED}"', f"password: {WAYS}"),
        (f'token = "{PLANTED}"', f"token: {WAYS}"),
        (f'password = ["{PLANTED}"]', "password: must be a string, not an array"),
        ("password = 12345", "password: must be a string, not an integer"),
        (f'pasword = "{PLANTED}"', "pasword: unknown key; did you mean password?"),
        (
            'auth = "NTLM"',
            (
                "auth: 'NTLM' is not known; "
                "write one of PLAIN, LOGIN, CRAM-MD5, XOAUTH2, OAUTHBEARER"
            ),
        ),
        ('imap = "imap.a.it"', "imap: must be a table, not a string"),
        ("imap = { port = 993 }", "imap: the key host is missing"),
        ('imap = { host = "a.it", port = 0 }', f"imap.port: port 0 {RANGE}"),
        (
            'imap = { host = "a.it", security = "ssl" }',
            (
                "imap.security: security 'ssl' is not known; "
                "write one of tls, starttls, none"
            ),
        ),
        (
            'smtp = { host = "a.it", sekurity = "tls" }',
            "smtp.sekurity: unknown key; did you mean security?",
        ),
        ("smtp_user = 1", "smtp_user: must be a string, not an integer"),
    ],
)
def test_bad_mailboxes(tmp_path: Path, line: str, said: str) -> None:
    """Every complaint about a mailbox names line and key, and quotes no secret."""
    found = complaint(tmp_path, f'[mailbox.a]\naddress = "a@b.it"\n{line}\n')
    assert found == f"mailprobe.toml, line 3, mailbox.a.{said}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[mailbox.a]", ", line 1, mailbox.a: the key address is missing"),
        (
            '[mailbox."my box"]\naddress = "a.it"',
            (
                ", line 2, mailbox.'my box'.address: 'a.it' is not a mail address; "
                "write name@domain"
            ),
        ),
        (
            '[mailbox]\naddress = "a@b.it"',
            ", line 2, mailbox.address: must be a table, not a string",
        ),
        ("[[mailbox]]", ", line 1, mailbox: must be a table, not an array"),
        ("prober = 1979-05-27", ", line 1, prober: must be a table, not a date"),
        ("[probber]", ", line 1, probber: unknown key; did you mean prober?"),
        (
            (
                "[mailbox.a.imap]\nhost = 'a.it'\nport = 70000\n[mailbox.a]\n"
                "address = 'a@b.it'"
            ),
            f", line 3, mailbox.a.imap.port: port 70000 {RANGE}",
        ),
        (
            "[prober]\ntimeout = \n",
            ", line 2, column 11: not valid TOML: Invalid value",
        ),
        (
            f"[mailbox.a]\npassword = {PLANTED}",
            ", line 2, column 12: not valid TOML: Invalid value",
        ),
        (
            b'[mailbox.a]\r\naddress = "a@b.it"\r\npassword = "caf\xe9"',
            ", line 3: not valid UTF-8; save the file as UTF-8",
        ),
        (
            b"#" * (SIZE_LIMIT + 1),
            ": larger than 1024 KiB; is it the right file?",
        ),
    ],
)
def test_bad_files(tmp_path: Path, text: str | bytes, said: str) -> None:
    """Broken files and misplaced tables give one sentence each."""
    assert complaint(tmp_path, text) == f"mailprobe.toml{said}"


KEYS = st.sampled_from(
    [
        *("nameservers", "ca_file", "ehlo_name", "timeout", "mx_port", "canary_key"),
        *("presets", "address", "password", "token", "auth", "imap", "smtp"),
        *("imap_user", "host", "port", "security", "x", "'y z'"),
    ]
)
VALUES = st.sampled_from(
    [
        *("1", "-1", "1e400", "nan", "true", "''", "'a'", "'a@b.it'", "'env:A'"),
        *("[]", "['::1']", "['a']", "[1]", "{}", "{ host = 'a' }", "07:32:00"),
        *("{ host = 'a', port = 99999 }", "'file:\\u0000'", '"command:\\""', '"\\n"'),
        "9" * 4000,
        "0x" + "f" * 5000,
    ]
)
LINES = st.one_of(
    st.sampled_from(["[prober]", "[mailbox.a]", "[mailbox.a.imap]", "[mailbox]"]),
    st.tuples(KEYS, VALUES).map(" = ".join),
    st.text(max_size=8),
)


@settings(deadline=None)
@given(st.binary() | st.lists(LINES).map(lambda lines: "\n".join(lines).encode()))
def test_any_bytes_give_settings_or_a_sentence(content: bytes) -> None:
    """Whatever stands in the file, it is settings or one printable complaint."""
    try:
        found: object = settings_of(parse(Path("x.toml"), content))
    except ConfigError as error:
        found = str(error)
    assert isinstance(found, Settings) or str(found).startswith("x.toml")
    assert "\n" not in str(found)
