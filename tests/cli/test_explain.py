"""Explaining failures and listing providers."""

from __future__ import annotations

import json

import pytest

from mailprobe.cli import main
from mailprobe.model.failure import Kind


@pytest.mark.parametrize("kind", Kind)
def test_every_kind(kind: Kind, capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind a report can carry is explained, with its status."""
    assert main(["explain", kind.value]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{kind.value}\n")
    assert "\n  status  " in out


def test_list_of_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a kind, all are listed, one line each."""
    assert main(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [kind.value for kind in Kind]
    assert max(map(len, lines)) <= 88


def test_written_with_hyphens(capsys: pytest.CaptureFixture[str]) -> None:
    """A kind is found however it is spelt, and given to programs as JSON."""
    assert main(["explain", "IMAP-NO", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "imap_no"


def test_providers(capsys: pytest.CaptureFixture[str]) -> None:
    """The table names every provider; brands of one platform stand together."""
    assert main(["providers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split()[0] for line in lines]
    assert abs(names.index("libero") - names.index("virgilio")) == 1


def test_provider_by_domain(capsys: pytest.CaptureFixture[str]) -> None:
    """A provider is found by any of its domains; sources and date are told."""
    assert main(["providers", "inwind.it"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("libero: ")
    assert "\n  source " in out
    assert "\n  last checked " in out


def test_providers_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """For programs, a preset is one object on one line."""
    assert main(["providers", "libero", "--format", "json"]) == 0
    written = json.loads(capsys.readouterr().out)
    assert written["id"] == "libero"
    assert written["imap"][0]["port"] == 993
