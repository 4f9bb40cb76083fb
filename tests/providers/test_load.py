"""Preset files of one's own, and what is said about bad ones."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailprobe import providers
from mailprobe.model.errors import ConfigError
from mailprobe.model.provider import Catalogue, Preset
from mailprobe.model.target import Endpoint
from mailprobe.providers import builtin, load
from mailprobe.providers.document import SIZE_LIMIT, parse
from mailprobe.providers.presets import catalogue

SMALL = """\
id = "ours"
name = "Our Mail"
operator = "We"
sources = ["handbook"]
last_checked = 2026-11-22
"""


def write(folder: Path, text: str | bytes) -> Path:
    """Write a preset file."""
    path = folder / "ours.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def complaint(path: Path) -> str:
    """Return what is said about the file, without its folder."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value).removeprefix(f"{path.parent}/")


def test_the_smallest_preset(tmp_path: Path) -> None:
    """Five keys make a preset; it is its own platform."""
    found = load(write(tmp_path, SMALL)).get("ours")
    assert found.platform == "ours"
    assert found.last_checked == "2026-11-22"
    assert found.username == "email"
    assert found.auth == ("password",)
    assert found.enabled


def test_every_key(tmp_path: Path) -> None:
    """All keys of a preset are read; names lose their case and final dot."""
    text = (
        SMALL.replace("2026-11-22", '"2026-11-22"')
        + """
platform = "cluster"
country = "IT"
domains = ["Example.ORG.", "xn--mnchen-3ya.example"]
mx = ["MX.example.org"]
mx_suffix = "example.org"
username = "mixed"
smtp = [{ host = "192.0.2.1", port = 2525, security = "none" }]
auth = ["oauth2"]
limits = ["Slowly."]
quirks = ["None."]
enabled = false

[[imap]]
host = "imap.example.org"
port = 143
security = "starttls"
"""
    )
    found = load(write(tmp_path, text)).get("example.org")
    assert found.domains == ("example.org", "xn--mnchen-3ya.example")
    assert found.expects_mx("mx.example.org")
    assert found.mx_suffix == "example.org"
    assert found.imap == (Endpoint("imap.example.org", 143, "starttls"),)
    assert found.smtp == (Endpoint("192.0.2.1", 2525, "none"),)
    assert (found.platform, found.country) == ("cluster", "IT")
    assert (found.username, found.auth) == ("mixed", ("oauth2",))
    assert (found.limits, found.quirks) == (("Slowly.",), ("None.",))
    assert found.last_checked == "2026-11-22"
    assert not found.enabled


def test_the_documented_file_is_read() -> None:
    """The example in the documentation of the package uses every key, rightly."""
    example = (
        str(providers.__doc__).partition("::\n")[2].partition("\n\nIn ``smtp``")[0]
    )
    document = parse(Path("ours.toml"), dedent(example).encode())
    assert set(document.data) == {field.name for field in fields(Preset)}
    assert catalogue(document).get("example.org").name == "Example Mail"


def test_several_presets_and_a_platform_in_one_file(tmp_path: Path) -> None:
    """Tables named provider and platform make one catalogue."""
    second = SMALL.replace("ours", "theirs")
    machines = '[[platform]]\nid = "shared"\nname = "Shared machines"\n'
    text = f"[[provider]]\n{SMALL}\n[[provider]]\n{second}\n{machines}"
    found = load(write(tmp_path, text))
    assert [preset.id for preset in found.presets] == ["ours", "theirs"]
    assert found.platform("shared")


def test_a_preset_of_ones_own_replaces_a_built_in_one(tmp_path: Path) -> None:
    """Merged into the built-in catalogue, the same id wins."""
    own = load(write(tmp_path, SMALL.replace("ours", "libero")))
    both = builtin().merged(own)
    assert both.get("libero").operator == "We"
    assert both.get("virgilio").operator == "Italiaonline S.p.A."


def test_marks_of_windows_editors_are_no_error(tmp_path: Path) -> None:
    """A byte order mark and CRLF are passed over."""
    text = b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode()
    assert load(write(tmp_path, text)).get("ours")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('domain = ["a.it"]', "6, domain: unknown key; did you mean domains?"),
        (
            'smtp = [{ host = "a.it", port = 465, tls = true }]',
            "6, smtp[1].tls: unknown key; known here: host, port, security",
        ),
        (
            (
                'imap = [\n  { host = "a.it", port = 993 },\n'
                '  { host = "b.it", port = 70000 },\n]'
            ),
            (
                "8, imap[2].port: port 70000 is out of range; "
                "write a number from 1 to 65535"
            ),
        ),
        (
            'imap = [{ host = "a.it", port = true }]',
            "6, imap[1].port: must be an integer, not a boolean",
        ),
        (
            'imap = [{ host = "a.it", port = 0xffffffffffffffffffff }]',
            "6, imap[1].port: must be an integer of at most 64 bits",
        ),
        ('imap = [{ host = "a.it" }]', "6, imap[1]: the key port is missing"),
        (
            'smtp = [{ host = "a.it", port = 465, security = "ssl" }]',
            (
                "6, smtp[1].security: security 'ssl' is not known; "
                "write one of tls, starttls, none"
            ),
        ),
        (
            'smtp = [{ host = "a b", port = 465 }]',
            "6, smtp[1].host: host 'a b' is not a host name or an address",
        ),
        ('smtp = ["a.it:465"]', "6, smtp[1]: must be a table, not a string"),
        (
            'smtp = "a.it:465"',
            "6, smtp: must be an array of tables, not a string",
        ),
        (
            'domains = [\n  "a.it",\n  "b..it",\n]',
            "8, domains[2]: 'b..it' is not a domain name",
        ),
        (
            'mx = ["mx.città.it"]',
            (
                "6, mx[1]: 'mx.città.it' is not a domain name; "
                "write it in ASCII form (xn--...)"
            ),
        ),
        ("mx = [25]", "6, mx[1]: must be a string, not an integer"),
        ('mx = "a.it"', "6, mx: must be an array of strings, not a string"),
        ('mx_suffix = ".a.it"', "6, mx_suffix: '.a.it' is not a domain name"),
        (
            'username = "local"',
            "6, username: 'local' is not known; write one of email, localpart, mixed",
        ),
        (
            'auth = ["password", "oauth"]',
            (
                "6, auth[2]: 'oauth' is not known; "
                "write one of password, app-password, oauth2"
            ),
        ),
        (
            'country = "Italy"',
            "6, country: 'Italy' is not a country; write two capitals such as IT",
        ),
        ('enabled = "no"', "6, enabled: must be true or false, not a string"),
    ],
)
def test_bad_values_are_named_with_line_and_key(
    tmp_path: Path, more: str, said: str
) -> None:
    """One sentence says which file, line and key, what is wrong, what to write."""
    assert complaint(write(tmp_path, SMALL + more)) == f"ours.toml, line {said}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"ours"', "1", ", line 1, id: must be a string, not an integer"),
        (
            '"ours"',
            '"our mail"',
            ", line 1, id: 'our mail' is not an id; write small letters, digits and -",
        ),
        ('name = "Our Mail"\n', "", ": the key name is missing"),
        ('"Our Mail"', '" "', ", line 2, name: must not be empty"),
        ('sources = ["handbook"]\n', "", ": the key sources is missing"),
        (
            '["handbook"]',
            '["", " "]',
            ", line 4, sources: must say where the facts come from",
        ),
        ("last_checked = 2026-11-22\n", "", ": the key last_checked is missing"),
        (
            "2026-11-22",
            '"yesterday"',
            ", line 5, last_checked: 'yesterday' is not a date; write it as 2026-11-22",
        ),
        (
            "2026-11-22",
            "2026-11-22T10:00:00Z",
            ", line 5, last_checked: must be a date, not a date with a time",
        ),
        (
            "2026-11-22",
            "20261122",
            ", line 5, last_checked: must be a date, not an integer",
        ),
        ("2026-11-22", "", ", line 5, column 16: not valid TOML: Invalid value"),
    ],
)
def test_what_every_preset_must_say(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    """Keys that are needed must be there and must be meant."""
    text = SMALL.replace(old, new)
    assert complaint(write(tmp_path, text)) == f"ours.toml{said}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"[[provider]]\n{SMALL}[[provider]]\n{SMALL}",
            "line 8, provider[2].id: 'ours' is the id of another preset",
        ),
        (
            (
                f'[[provider]]\n{SMALL}domains = ["a.it"]\n[[provider]]\n'
                f'{SMALL.replace("ours", "theirs")}domains = [\n"b.it",\n"A.it"]\n'
            ),
            "line 16, provider[2].domains[2]: 'a.it' belongs to another preset already",
        ),
        (
            f"extra = 1\n[[provider]]\n{SMALL}",
            "line 1, extra: unknown key; known here: platform, provider",
        ),
        (
            "provider = 3",
            "line 1, provider: must be an array of tables, not an integer",
        ),
        (
            '[[platform]]\nid = "x"\nname = "X"\nsource = []',
            (
                "line 4, platform[1].source: unknown key; "
                "known here: evidence, id, name, quirks"
            ),
        ),
    ],
)
def test_files_of_several_presets(tmp_path: Path, text: str, said: str) -> None:
    """Tables are counted from 1, and no two may claim the same name."""
    assert complaint(write(tmp_path, text)) == f"ours.toml, {said}"


def test_an_empty_file_is_no_preset(tmp_path: Path) -> None:
    """Nothing is not taken for a preset."""
    assert complaint(write(tmp_path, "")) == "ours.toml: the key id is missing"


def test_broken_utf8(tmp_path: Path) -> None:
    """A file in another encoding is named with the line of its first bad byte."""
    path = write(tmp_path, b'# ours\nname = "Citt\xe0"\n')
    said = "ours.toml, line 2: not valid UTF-8; save the file as UTF-8"
    assert complaint(path) == said


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The path that does not exist is named."""
    said = "ours.toml: cannot be read: No such file or directory"
    assert complaint(tmp_path / "ours.toml") == said


def test_a_directory(tmp_path: Path) -> None:
    """A directory is named as one."""
    assert complaint(tmp_path) == f"{tmp_path.name}: is a directory; name a file"


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    """A file beyond the bound is refused, one at the bound is read."""
    filler = b"#" * (SIZE_LIMIT - len(SMALL.encode()) - 1) + b"\n"
    assert load(write(tmp_path, filler + SMALL.encode())).get("ours")
    said = "ours.toml: larger than 1024 KiB; is it the right file?"
    assert complaint(write(tmp_path, b"#" + filler + SMALL.encode())) == said


def test_a_path_that_cannot_be() -> None:
    """A path with a NUL is refused, on one printable line."""
    with pytest.raises(ConfigError) as caught:
        load("a\0b\n")
    said = r"'a\x00b\n': cannot be read: not a usable path"
    assert str(caught.value) == said


@pytest.mark.parametrize("opening", ["[", "{a="])
def test_deep_nesting_is_an_error_like_others(opening: str) -> None:
    """Brackets without end exhaust nothing."""
    with pytest.raises(ConfigError, match="not valid TOML"):
        parse(Path("x.toml"), b"x = " + opening.encode() * 20_000)


def test_integers_without_end_are_an_error_like_others() -> None:
    """A number of thousands of digits is refused by the parser, in words."""
    with pytest.raises(ConfigError, match="not valid TOML"):
        parse(Path("x.toml"), b"x = " + b"9" * 5_000)


def outcome(content: bytes) -> Catalogue | str:
    """Return what is read of a file, or what is said about it."""
    try:
        return catalogue(parse(Path("x.toml"), content))
    except ConfigError as error:
        return str(error)


WORDS = st.sampled_from(
    [
        *("id", "name", "operator", "platform", "provider", "sources", "domains"),
        *("last_checked", "smtp", "imap", "host", "port", "security"),
        *("'tls'", '"a.it"', "465", "0x1ffffffffffffffffff", "2026-11-22", "nan"),
        *("=", ".", ",", "[", "]", "[[", "]]", "{", "}", "#", '"', "'", '"""', "\\"),
        *("\n", " "),
    ]
)
TOMLISH = st.lists(WORDS | st.text(max_size=3)).map("".join)


@settings(deadline=None)
@given(st.binary() | TOMLISH.map(str.encode))
def test_any_bytes_give_a_catalogue_or_a_sentence(content: bytes) -> None:
    """Whatever stands in a file, it is presets or one printable complaint."""
    found = outcome(content)
    assert isinstance(found, Catalogue) or found.startswith("x.toml")
    assert "\n" not in str(found)


VALUES = st.sampled_from(
    [
        *("1", "'a'", "''", "nan", "true", "2026-11-22", "[]", "['a']", "[[]]", "{}"),
        *("[{}]", "[{ host = 'a', port = 1 }]", "[{ host = 'a', port = 0 }]"),
        *("[{ host = '', port = 1 }]", "{ host = 'a' }", "['password', 1]"),
    ]
)
KEYS = st.sampled_from(
    ["smtp", "imap", "mx", "mx_suffix", "username", "auth", "enabled", "x", "'y z'"]
)


@settings(deadline=None)
@given(st.dictionaries(KEYS, VALUES))
def test_any_values_give_a_catalogue_or_a_sentence(pairs: dict[str, str]) -> None:
    """Whatever a key holds, the answer is presets or one complaint about a line."""
    text = SMALL + "\n".join(f"{key} = {value}" for key, value in pairs.items())
    found = outcome(text.encode())
    assert isinstance(found, Catalogue) or found.startswith("x.toml, line ")
