"""``mailprobe ledger``: verify, head, sign, prune, show."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mailprobe.cli import main
from tests.monitor.stories import Place, told
from tests.monitor.test_seal import PRIVATE, PUBLIC


@pytest.fixture
def ledger(tmp_path: Path) -> Place:
    """A ledger with 9 entries and a report whose time is up."""
    place = Place(str(tmp_path / "ledger.db"))

    async def write() -> None:
        async with place.open() as made:
            await told(made, 2)
            await made.attach("t0", b"{}", failed=False)

    asyncio.run(write())
    return place


@pytest.fixture
def keys(tmp_path: Path) -> tuple[str, str]:
    """A private and a public key."""
    key = Ed25519PrivateKey.generate()
    (tmp_path / "key").write_bytes(key.private_bytes(*PRIVATE))
    (tmp_path / "public").write_bytes(key.public_key().public_bytes(*PUBLIC))
    return str(tmp_path / "key"), str(tmp_path / "public")


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    """Run the command; return what it wrote."""
    assert main(["ledger", *words]) == status
    written = capsys.readouterr()
    return written.out + written.err


def test_verify(ledger: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """0 and one line if all is well; 2 and the entry if something was altered."""
    out = said(capsys, "verify", ledger.where)
    assert out.startswith("10 entries, as they were written; the chain ends with ")
    ledger.tamper("UPDATE ledger_entry SET at = at + 1 WHERE seq = 4")
    out = said(capsys, "verify", ledger.where, status=2)
    assert out.splitlines() == [
        "entry 4: the entry was altered, or is not the one that was written here",
        "NOT as it was written: see entry 4",
    ]
    out = said(capsys, "verify", ledger.where, "--format", "json", status=2)
    found = json.loads(out)
    assert (found["sound"], found["found"]["faults"][0]["seq"]) == (False, 4)


def test_signed_heads(
    ledger: Place,
    keys: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """A signed head shows later that the chain still has it; a forged one fails."""
    signed = tmp_path / "signed"
    line = said(capsys, "sign", ledger.where, "--key", keys[0])
    signed.write_text(f"{line}\n")
    check = ("verify", ledger.where, "--signed", str(signed), "--public-key", keys[1])
    assert "has 1 signed heads" in said(capsys, *check)
    signed.write_text(line.replace('"seq":10', '"seq":11'))
    assert f"not genuine: {signed}, line 1" in said(capsys, *check, status=2)


def test_head(ledger: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """The end of the chain, now or on a day, for people and programs."""
    now = said(capsys, "head", ledger.where).split()
    assert now[:2] == ["10", "2023-01-23T12:00:00Z"]
    day = ("--day", "2023-01-22", "--format", "json")
    assert json.loads(said(capsys, "head", ledger.where, *day))["seq"] == 0


def test_prune(ledger: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Reports go when their time is up; entries stay, and the ledger verifies."""
    out = said(capsys, "prune", ledger.where)
    assert out == "1 reports removed; all entries stay\n"
    assert said(capsys, "verify", ledger.where).startswith("11 entries")
    out = said(capsys, "prune", ledger.where, "--format", "json")
    assert json.loads(out) == {"removed": 0}


def test_show(ledger: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """The newest entries, all or by kind, mail and time."""
    lines = said(capsys, "show", ledger.where, "--last", "2").splitlines()
    assert [line.split()[0] for line in lines] == ["9", "10"]
    out = said(capsys, "show", ledger.where, "--token", "t1", "--format", "json")
    found = [json.loads(line) for line in out.splitlines()]
    assert [one["kind"] for one in found] == ["intended", "accepted", "seen"]
    assert found[0]["seq"] == 6
    since = ("--since", "2023-01-23T12:02", "--kind", "seen")
    assert len(said(capsys, "show", ledger.where, *since).splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("verify",), "set MAILPROBE_LEDGER"),
        (("verify", "nowhere.db"), "there is no ledger at nowhere.db"),
        (("sign", "{}"), "sign needs --key FILE"),
        (("verify", "{}", "--signed", "x"), "both --signed and --public-key"),
        (("show", "{}", "--kind", "sent"), "no kind of entry 'sent'; write one of"),
        (("show", "{}", "--since", "soon"), "'soon' is no time"),
        (("head", "mysql://a@b/c"), "cannot be kept in 'mysql'"),
    ],
)
def test_what_cannot_be_done(
    ledger: Place,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    sentence: str,
) -> None:
    """One sentence says what to write, and the status is 3."""
    monkeypatch.delenv("MAILPROBE_LEDGER", raising=False)
    filled = [word.format(ledger.where) for word in words]
    out = said(capsys, *filled, status=3)
    assert sentence in out
    assert out.count("\n") == 1


def test_the_ledger_of_the_environment(
    ledger: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A URL with a password need not be an argument."""
    monkeypatch.setenv("MAILPROBE_LEDGER", ledger.where)
    assert said(capsys, "head").startswith("10 ")
