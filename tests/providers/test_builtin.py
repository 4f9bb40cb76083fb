"""The presets that come with mailprobe."""

from __future__ import annotations

import re
from datetime import date
from importlib import resources

import pytest

from mailprobe.model.errors import UsageError
from mailprobe.model.provider import Preset
from mailprobe.model.target import Mailbox, Security
from mailprobe.providers import builtin

PRESETS = builtin().presets
IDS = [preset.id for preset in PRESETS]
each_preset = pytest.mark.parametrize("preset", PRESETS, ids=IDS)

HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
PORTS = {
    "smtp": {Security.TLS: {465}, Security.STARTTLS: {587}},
    "imap": {Security.TLS: {993}, Security.STARTTLS: {143}},
}


def test_the_large_providers_are_all_there() -> None:
    """The providers mailprobe was made for have presets."""
    wanted = (
        "libero virgilio tim alice tin tiscali fastweb aruba gmail outlook yahoo "
        "icloud gmx-net gmx-com web-de orange free fastmail"
    )
    assert set(wanted.split()) <= set(IDS)


def test_every_file_is_named_as_its_preset() -> None:
    """One file holds one preset and bears its id."""
    folder = resources.files("mailprobe.providers")
    names = {file.name for file in folder.iterdir() if file.name.endswith(".toml")}
    assert names == {f"{preset_id}.toml" for preset_id in IDS} | {"platform.toml"}


def test_presets_are_read_once() -> None:
    """Every call returns the same catalogue."""
    assert builtin() is builtin()


def test_presets_are_sorted_by_id() -> None:
    """Lists of presets come in an order people can search."""
    assert sorted(IDS) == IDS


def test_no_domain_leads_to_two_presets() -> None:
    """A domain belongs to one preset."""
    domains = [domain for preset in PRESETS for domain in preset.domains]
    assert len(domains) == len(set(domains))


@each_preset
def test_host_names_are_valid(preset: Preset) -> None:
    """All names are lower-case host names of at least two labels."""
    hosts = [endpoint.host for endpoint in (*preset.smtp, *preset.imap)]
    suffix = [preset.mx_suffix] if preset.mx_suffix else []
    for name in (*hosts, *preset.domains, *preset.mx, *suffix):
        assert HOST.fullmatch(name), name


@each_preset
def test_ports_match_security(preset: Preset) -> None:
    """Implicit TLS and STARTTLS stand on the ports registered for them."""
    for endpoint in preset.smtp:
        assert endpoint.port in PORTS["smtp"][Security(endpoint.security)]
    for endpoint in preset.imap:
        assert endpoint.port in PORTS["imap"][Security(endpoint.security)]


@each_preset
def test_facts_are_dated_and_sourced(preset: Preset) -> None:
    """Every preset says where its facts come from and when they were read."""
    assert date(2026, 1, 1) <= date.fromisoformat(preset.last_checked)
    assert preset.sources
    assert all(source.strip() for source in preset.sources)


@each_preset
def test_sentences_are_sentences(preset: Preset) -> None:
    """Limits and quirks are whole sentences of one line."""
    for text in (*preset.limits, *preset.quirks):
        assert text[0].isupper() or text[0] == '"' or HOST.match(text.split()[0])
        assert text.endswith(".")
        assert text.isprintable()


@each_preset
def test_enabled_presets_can_send_and_read(preset: Preset) -> None:
    """A preset that is probed by default has submission and IMAP."""
    assert not preset.enabled or (preset.smtp and preset.imap)


@each_preset
def test_presets_are_found_by_id_and_every_domain(preset: Preset) -> None:
    """An id or any domain, in any case, leads to the preset."""
    for name in (preset.id, *preset.domains):
        assert builtin().find(name) is preset
        assert builtin().get(f" {name.upper()}. ") is preset


@pytest.mark.parametrize(
    ("name", "near"),
    [("libro", "libero"), ("gmial.com", "gmail.com"), ("virgillio.it", "virgilio.it")],
)
def test_near_misses_are_suggested(name: str, near: str) -> None:
    """A misspelt name is answered with the one that was meant."""
    with pytest.raises(UsageError, match=f"did you mean .*{re.escape(near)}"):
        builtin().get(name)


def test_two_brands_share_one_platform() -> None:
    """Libero and Virgilio stand on the same machines, which are described."""
    libero, virgilio = builtin().get("libero"), builtin().get("virgilio")
    assert libero.platform == virgilio.platform == "italiaonline"
    platform = builtin().platform("italiaonline")
    assert platform
    assert platform.evidence
    assert platform.quirks


def test_every_platform_has_a_member() -> None:
    """No platform is described that no preset stands on."""
    used = {preset.platform for preset in PRESETS}
    assert {platform.id for platform in builtin().platforms} <= used


@pytest.mark.parametrize(
    ("address", "imap", "smtp", "imap_user", "smtp_user"),
    [
        ("a@libero.it", "imapmail.libero.it:993", "smtp.libero.it:465", "", ""),
        ("a@tim.it", "imap.tim.it:143", "smtp.tim.it:587", "", ""),
        ("a@web.de", "imap.web.de:993", "smtp.web.de:465", "a", "a"),
        ("a@me.com", "imap.mail.me.com:993", "smtp.mail.me.com:587", "a", ""),
    ],
)
def test_a_mailbox_takes_hosts_and_login_names_from_its_preset(
    address: str, imap: str, smtp: str, imap_user: str, smtp_user: str
) -> None:
    """An address alone is enough to know where it is served."""
    box = Mailbox.at(address)
    assert (str(box.imap), str(box.smtp)) == (imap, smtp)
    assert (box.imap_user, box.smtp_user) == (imap_user, smtp_user)


def test_an_unknown_domain_is_no_error() -> None:
    """A domain without a preset leaves the hosts open."""
    box = Mailbox.at("a@example.org")
    assert box.imap is None
    assert box.smtp is None
