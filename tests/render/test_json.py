"""What programs get: one object per check, complete, valid, without secrets."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mailprobe.render.json import document, encode
from mailprobe.render.schema import schema
from tests.render.samples import (
    PASSWORD,
    SAMPLES,
    TOKEN,
    hostile,
    imap_good,
    imap_store_down,
    mx_good,
    provider_down,
    trip_good,
    trip_missing,
)
from tests.render.strictly import strictly

TOLERANT = schema()
VALIDATOR = strictly(TOLERANT)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_document_is_as_the_schema_says(name: str) -> None:
    """What is written has exactly the keys and types the schema names."""
    written = json.loads(encode(SAMPLES[name]()))
    assert list(VALIDATOR.iter_errors(written)) == []


def test_schema_is_a_schema() -> None:
    """The schema is a valid one of draft 2020-12."""
    Draft202012Validator.check_schema(TOLERANT)


def test_schema_lets_keys_be_added() -> None:
    """A reader with today's schema takes tomorrow's documents."""
    written = json.loads(encode(imap_good())) | {"key_of_tomorrow": 1}
    assert list(Draft202012Validator(TOLERANT).iter_errors(written)) == []


@pytest.mark.parametrize("gone", ["status", "steps", "facts", "verdict_rule", "at"])
def test_schema_demands_what_is_always_written(gone: str) -> None:
    """A document that lacks a key of the format is not valid."""
    written = json.loads(encode(imap_good()))
    del written[gone]
    assert not VALIDATOR.is_valid(written)


@pytest.mark.parametrize("name", SAMPLES)
def test_one_line_of_ascii(name: str) -> None:
    """Documents can be streamed as lines, whatever servers said."""
    line = encode(SAMPLES[name]())
    assert line.isascii()
    assert line.isprintable()


@pytest.mark.parametrize("name", SAMPLES)
def test_no_secret(name: str) -> None:
    """Neither password nor token nor login name is ever written."""
    line = encode(SAMPLES[name]())
    assert PASSWORD not in line
    assert TOKEN not in line
    assert "Secret" not in line


def test_head_of_a_document() -> None:
    """The verdict stands at the top, with the step that decided."""
    written = document(imap_store_down())
    assert {key: written[key] for key in list(written)[:9] if key != "why"} == {
        "schema": "mailprobe/1",
        "probe": "imap",
        "target": {
            "host": "imap.libero.test",
            "port": 993,
            "security": "tls",
            "mailbox": {
                "address": "ada@libero.test",
                "imap": {"host": "imap.libero.test", "port": 993, "security": "tls"},
                "smtp": {"host": "smtp.libero.test", "port": 465, "security": "tls"},
                "auth": "PLAIN",
            },
        },
        "started_at": "2026-03-01T12:30:15.123Z",
        "duration_s": 0.022,
        "status": "down",
        "blame": "provider",
        "at": {"phase": "select", "peer": "imap.libero.test:993"},
    }


def test_failed_step() -> None:
    """A step tells its failure with the server's reply taken apart."""
    assert document(imap_store_down())["steps"][-1] == {
        "phase": "select",
        "peer": "imap.libero.test:993",
        "began_s": 0.02,
        "took_s": 0.0012,
        "failure": {
            "kind": "imap_no",
            "phase": "select",
            "reply": {
                "code": "NO",
                "enhanced": "UNAVAILABLE",
                "text": "mailbox store is down",
            },
            "detail": "",
        },
        "seen": [],
        "optional": False,
    }


def test_unknown_is_null() -> None:
    """A figure that is not a number is null, and so is one that was not seen."""
    facts = document(trip_missing())["facts"]
    assert facts["waited"] is None
    assert facts["transit"] is None


def test_computed_facts() -> None:
    """What a trip works out stands beside what it measured."""
    facts = document(trip_good())["facts"]
    assert (facts["transit"], facts["acceptance_to_sight"]) == (0.2458, 0.2418)


def test_keys_left_out() -> None:
    """Transcript and availabilities are there only with something in them."""
    assert not {"transcript", "availabilities"} & document(mx_good()).keys()
    assert len(document(trip_good())["transcript"]) == 2
    four = document(provider_down())["availabilities"]
    assert [four[name]["status"] for name in four] == ["ok", "ok", "down", "down"]


def test_provider_holds_its_checks() -> None:
    """A provider's document holds the whole documents of its parts."""
    facts = document(provider_down())["facts"]
    assert facts["mx"] == document(mx_good())
    assert [check["status"] for check in facts["imap"]] == ["down"]


@given(st.text(st.characters(exclude_categories=())))
def test_any_server_text(text: str) -> None:
    """Whatever a server says, strict readers take the line, and it says the same."""
    line = encode(hostile(text))
    line.encode("ascii")
    back = json.loads(line)["facts"]["ehlo_name"]
    back.encode("utf-8")
    if all(not 0xD800 <= ord(character) <= 0xDFFF for character in text):
        assert back == text
