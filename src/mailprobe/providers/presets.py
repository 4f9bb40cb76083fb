"""A TOML document to presets and platforms, strictly."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Final, cast, get_args

from mailprobe.model.errors import UsageError
from mailprobe.model.provider import (
    Catalogue,
    Meaning,
    Platform,
    Preset,
    ReplyMeaning,
    UserRule,
)
from mailprobe.model.target import PORT_MAX, Endpoint, SecurityName
from mailprobe.providers.document import Document, Table, shown

_ENDPOINT_KEYS: Final = ("host", "port", "security")
_PRESET_KEYS: Final = frozenset(field.name for field in fields(Preset))
_PLATFORM_KEYS: Final = frozenset(field.name for field in fields(Platform))
_FILE_KEYS: Final = frozenset({"provider", "platform"})
_AUTH: Final = ("password", "app-password", "oauth2")
_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST: Final = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")


def catalogue(document: Document) -> Catalogue:
    """
    Read the presets and platforms of a document.

    Raises:
        ConfigError: If it says something that cannot be meant.
    """
    root, data = document.root, document.data
    if "provider" in data or isinstance(data.get("platform"), list):
        root.only(_FILE_KEYS)
        tables = root.tables("provider")
        platforms = root.tables("platform")
    else:
        tables, platforms = (root,), ()
    found = tuple(preset(table) for table in tables)
    _refuse_twins(tables, found)
    return Catalogue(
        presets=found, platforms=tuple(platform(table) for table in platforms)
    )


def preset(table: Table) -> Preset:
    """Read one preset."""
    table.only(_PRESET_KEYS)
    preset_id = _id(table)
    return Preset(
        id=preset_id,
        name=_filled(table, "name"),
        operator=_filled(table, "operator"),
        platform=table.text("platform", preset_id),
        country=_country(table),
        domains=_hosts(table, "domains"),
        mx=_hosts(table, "mx"),
        mx_suffix=_suffix(table),
        username=_username(table),
        smtp=_endpoints(table, "smtp"),
        imap=_endpoints(table, "imap"),
        auth=_auth(table),
        limits=table.texts("limits"),
        quirks=table.texts("quirks"),
        replies=tuple(map(reply_meaning, table.tables("replies"))),
        sources=_sources(table),
        last_checked=table.day("last_checked"),
        enabled=table.flag("enabled", default=True),
    )


def reply_meaning(table: Table) -> ReplyMeaning:
    """Read what a provider means by words of its own."""
    table.only(("text", "means"))
    text = _filled(table, "text")
    try:
        re.compile(text)
    except re.error as error:
        table.refuse("text", f"{shown(text)} is not a regular expression: {error}")
    means = table.text("means")
    _one_of(table, "means", means, get_args(Meaning))
    return ReplyMeaning(text=text, means=cast("Meaning", means))


def platform(table: Table) -> Platform:
    """Read one platform."""
    table.only(_PLATFORM_KEYS)
    return Platform(
        id=_id(table),
        name=_filled(table, "name"),
        evidence=table.texts("evidence"),
        quirks=table.texts("quirks"),
    )


def endpoint(table: Table, ports: dict[str, int] | None = None) -> Endpoint:
    """
    Read a service: host, port and security ("tls" if left out).

    Args:
        table: The table to read.
        ports: Ports to take by security mode if none is given; without this
            the port must be given.
    """
    table.only(_ENDPOINT_KEYS)
    security = table.text("security", "tls")
    # An unknown mode has no port; the complaint below is about the mode.
    port = table.integer("port", ports.get(security, PORT_MAX) if ports else None)
    host = table.text("host")
    try:
        return Endpoint(host, port, cast("SecurityName", security))
    except UsageError as error:
        # The model's messages begin with the name of the argument.
        key = str(error).partition(" ")[0]
        table.refuse(key, str(error))


def _id(table: Table) -> str:
    value = table.text("id")
    if not _ID.fullmatch(value):
        complaint = f"{shown(value)} is not an id; write small letters, digits and -"
        table.refuse("id", complaint)
    return value


def _filled(table: Table, key: str) -> str:
    value = table.text(key)
    if not value.strip():
        table.refuse(key, "must not be empty")
    return value


def _country(table: Table) -> str:
    value = table.text("country", "")
    if value and not _COUNTRY.fullmatch(value):
        complaint = f"{shown(value)} is not a country; write two capitals such as IT"
        table.refuse("country", complaint)
    return value


def _host(table: Table, key: str, value: str, item: int | None = None) -> str:
    name = value.lower().removesuffix(".")
    if not _HOST.fullmatch(name):
        advice = "" if value.isascii() else "; write it in ASCII form (xn--...)"
        table.refuse(key, f"{shown(value)} is not a domain name{advice}", item=item)
    return name


def _hosts(table: Table, key: str) -> tuple[str, ...]:
    values = enumerate(table.texts(key))
    return tuple(_host(table, key, value, item) for item, value in values)


def _suffix(table: Table) -> str:
    value = table.text("mx_suffix", "")
    return _host(table, "mx_suffix", value) if value else ""


def _username(table: Table) -> UserRule:
    value = table.text("username", "email")
    known = get_args(UserRule)
    _one_of(table, "username", value, known)
    return cast("UserRule", value)


def _endpoints(table: Table, key: str) -> tuple[Endpoint, ...]:
    return tuple(endpoint(item) for item in table.tables(key))


def _auth(table: Table) -> tuple[str, ...]:
    values = table.texts("auth", ("password",))
    for item, value in enumerate(values):
        _one_of(table, "auth", value, _AUTH, item)
    return values


def _one_of(
    table: Table, key: str, value: str, known: tuple[str, ...], item: int | None = None
) -> None:
    if value not in known:
        complaint = f"{shown(value)} is not known; write one of {', '.join(known)}"
        table.refuse(key, complaint, item=item)


def _sources(table: Table) -> tuple[str, ...]:
    values = table.texts("sources", None)
    if not any(value.strip() for value in values):
        table.refuse("sources", "must say where the facts come from")
    return values


def _refuse_twins(tables: tuple[Table, ...], presets: tuple[Preset, ...]) -> None:
    """One id or domain must not lead to two presets of the same file."""
    owners: dict[str, int] = {}
    for index, (table, found) in enumerate(zip(tables, presets, strict=True)):
        if owners.setdefault(found.id, index) != index:
            table.refuse("id", f"{shown(found.id)} is the id of another preset")
        for item, name in enumerate(found.domains):
            if owners.setdefault(name, index) != index:
                complaint = f"{shown(name)} belongs to another preset already"
                table.refuse("domains", complaint, item=item)
