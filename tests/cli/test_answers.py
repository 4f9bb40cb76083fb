"""``status``, ``history``, ``incidents``, ``report``, ``export`` and ``note``."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from mailprobe.cli import main
from mailprobe.model.entry import Counted, Ran, Sampled
from mailprobe.model.sample import Backlog, Function, Outcome, Party, Sample
from mailprobe.monitor.ledger import Ledger
from mailprobe.render.schema import answers_schema
from tests.monitor.outages import BEGIN, END, built
from tests.render.strictly import strictly

if TYPE_CHECKING:
    from collections.abc import Callable

INCIDENT = "2023-01-22-italiaonline"


VALIDATOR = strictly(answers_schema())


@pytest.fixture(scope="module")
def over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in which an outage is over; nobody writes to it."""
    return built(tmp_path_factory.mktemp("over") / "ledger.db")


@pytest.fixture
def said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Run a command in an empty folder; give what it wrote, which ends as it should."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    for name in ("MAILPROBE_LEDGER", "MAILPROBE_CONFIG"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str, status: int = 0) -> str:
        assert main(words) == status
        written = capsys.readouterr()
        return written.out + written.err

    return run


def young(path: Path, outcome: Outcome = Outcome.PASS) -> Path:
    """Make a ledger that was written to just now."""
    now = datetime.now(UTC) - timedelta(seconds=1)
    samples = [
        Sampled(
            at=now,
            sample=Sample(
                at=now,
                known_at=now,
                function=Function.READ,
                outcome=outcome,
                party=Party(name="libero", platform="italiaonline"),
                account=f"canary{n}@libero.test",
            ),
        )
        for n in range(2)
    ]

    async def write() -> None:
        async with Ledger.open(path, durable=False) as ledger:
            backlog = Backlog(at=now, platform="italiaonline", waiting=0)
            start = Ran(at=now, running=True, version="1")
            await ledger.append(start, *samples, Counted(at=now, backlog=backlog))

    asyncio.run(write())
    return path


def test_status(said: Callable[..., str], tmp_path: Path) -> None:
    """One screen, and the exit status of a check."""
    good = str(young(tmp_path / "good.db"))
    out = said("status", "--ledger", good)
    assert out.startswith("OK ")
    assert "2/2 (34-100 %)" in out
    assert "monitor  runs; last looked" in out
    bad = str(young(tmp_path / "bad.db", Outcome.FAIL))
    out = said("status", "--ledger", bad, status=1)
    assert out.startswith("DEGRADED read fails for all 2 canaries of libero")
    assert "0/2 (0-66 %)" in out


def test_status_when_nobody_looks(said: Callable[..., str], over: Path) -> None:
    """3 and the reason: what was last known is not what is now."""
    out = said("status", "--ledger", str(over), status=3)
    assert out.startswith("UNKNOWN  The monitor has not looked for too long")
    assert "1152 sent, 1008 delivered, 119 late, 24 returned, 1 lost" in out


def test_incidents(said: Callable[..., str], over: Path) -> None:
    """A line for each: whose, since when, how long, and whether it is over."""
    out = said("incidents", "--ledger", str(over), "--zone", "Europe/Rome")
    head, line = out.splitlines()
    assert head.split()[:4] == ["incident", "state", "fault", "of"]
    assert line.split("  ")[0] == INCIDENT
    assert "2023-01-22 23:00  12 h 25 min  2023-01-23 17:25" in line
    assert said("incidents", "gmail", "--ledger", str(over)) == "no incident\n"


def test_report(said: Callable[..., str], over: Path) -> None:
    """All sections, in the zone that was asked for, with names people know."""
    out = said("report", "last", "--ledger", str(over), "--zone", "Europe/Rome")
    assert out.startswith(f"Incident {INCIDENT}\n")
    assert "the provider: Italiaonline (Libero Mail, Virgilio Mail)" in out
    assert "dalle 23:00 di domenica 22 gennaio 2023 alle 11:25 di lunedì" in out
    assert "24: 550 <b>no</b> \\x1b[31m such" in out
    for kind, begin in (("html", "<!DOCTYPE html>"), ("markdown", "# Incident")):
        out = said("report", INCIDENT, "--ledger", str(over), "--format", kind)
        assert out.startswith(begin)


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("history", "--since", "2023-01-22", "--until", "2023-01-25"),
        ("history", "libero", "--since", "2023-01-22", "--until", "2023-01-25"),
        ("incidents",),
        ("incidents", "nobody"),
        ("report", "last"),
    ],
)
def test_json_is_as_the_schema_says(
    words: tuple[str, ...], over: Path, said: Callable[..., str]
) -> None:
    """Every answer has exactly the keys and types that the schema names."""
    status = 3 if words == ("status",) else 0
    out = said(*words, "--ledger", str(over), "--format", "json", status=status)
    written = json.loads(out)
    assert written["answer"] == words[0]
    assert list(VALIDATOR.iter_errors(written)) == []


def test_the_schema_of_answers_is_one() -> None:
    """It is valid, and demands what is always written."""
    Draft202012Validator.check_schema(answers_schema())
    assert not VALIDATOR.is_valid({"schema": "mailprobe/1", "answer": "status"})


def test_history(said: Callable[..., str], over: Path) -> None:
    """Each day with its looks, its mails, and what incidents did."""
    span = ("--since", "2023-01-22", "--until", "2023-01-24")
    out = said("history", *span, "--ledger", str(over))
    first, second = out.split("\n\n")
    assert first.startswith("2023-01-22 Sun\n")
    assert "83.3 % (3 of 3 hit)" in first
    assert "mails  288 sent, 264 delivered, 19 late, 4 returned, 1 lost" in first
    assert f"22:05  {INCIDENT} begins; fails: read (libero, virgilio)" in first
    assert f"{INCIDENT} is over; fails: nothing" in second


def test_export_of_mails(said: Callable[..., str], over: Path) -> None:
    """Every mail once, in order, as NDJSON and as CSV."""
    out = said("export", "mails", "--ledger", str(over))
    rows = [json.loads(line) for line in out.splitlines()]
    assert len(rows) == 1152
    times = [row["intended_at"] for row in rows]
    assert times == sorted(times)
    out = said("export", "mails", "--format", "csv", "--ledger", str(over))
    table = list(csv.DictReader(io.StringIO(out)))
    assert [row["token"] for row in table] == [row["token"] for row in rows]
    assert sum(row["fate"] == "bounced" for row in table) == 24


def test_export_of_entries(said: Callable[..., str], over: Path) -> None:
    """Entries of a kind and a time, with their numbers."""
    span = ("--since", BEGIN.isoformat(), "--until", END.isoformat())
    words = ("export", "entries", "--ledger", str(over), *span)
    rows = [json.loads(line) for line in said(*words, "--kind", "changed").splitlines()]
    changes = [row["event"]["change"] for row in rows]
    assert changes == ["opened", "spread", "recovering", "closed"]
    out = said(*words, "--kind", "bounced", "--kind", "ran", "--format", "csv")
    table = list(csv.DictReader(io.StringIO(out)))
    assert len(table) == 25
    assert out.isascii()
    assert {row["kind"] for row in table} == {"bounced", "ran"}
    assert "\x1b" not in out
    everything = said("export", "entries", "--ledger", str(over), "--format", "csv")
    assert len(everything.splitlines()) > 8000


def test_note(said: Callable[..., str], over: Path, tmp_path: Path) -> None:
    """What was said is in the next report, beside what was seen."""
    copy = shutil.copy(over, tmp_path / "copy.db")
    words = ("note", "libero", "All is \x1b[1mwell", "--resolved")
    at = ("--at", "2023-01-23T07:00", "--ledger", str(copy))
    out = said(*words, *at)
    assert out == "noted: libero, resolved, 2023-01-23 07:00 UTC: All is \\x1b[1mwell\n"
    told = " ".join(said("report", "last", "--ledger", str(copy)).split())
    assert "resolved All is \\x1b[1mwell" in told
    assert "it failed for 3 h 25 min longer" in told
    out = said("note", "nobody", "well", "--ledger", str(copy), status=3)
    assert "nothing is known of 'nobody'; the ledger has: gmail, infocert" in out


def test_the_ledger_of_the_settings(
    said: Callable[..., str], over: Path, tmp_path: Path
) -> None:
    """Without --ledger the settings say where it is, relative to themselves."""
    shutil.copy(over, tmp_path / "kept.db")
    (tmp_path / "mailprobe.toml").write_text('[monitor]\nledger = "kept.db"\n', "utf-8")
    assert INCIDENT in said("incidents")
    assert said("status", status=3).startswith("UNKNOWN")
    (tmp_path / "mailprobe.toml").write_text("[prober]\n", "utf-8")
    assert "which ledger?" in said("incidents", status=3)


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("history",),
        ("incidents",),
        ("report", "last"),
        ("export", "mails"),
        ("note", "libero", "well"),
    ],
)
def test_none_is_made(
    words: tuple[str, ...], said: Callable[..., str], tmp_path: Path
) -> None:
    """Asking where there is no ledger is one sentence, and leaves no file."""
    missing = tmp_path / "missing.db"
    out = said(*words, "--ledger", str(missing), status=3)
    assert out.startswith("mailprobe: there is no ledger at ")
    assert len(out.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("incidents", "--zone", "Europe/Atlantis"), "is no time zone"),
        (("incidents", "--zone", "../../etc/passwd"), "is no time zone"),
        (("history", "--since", "yesterday"), "is no time"),
        (("history", "--until", "0001-01-02"), "write a year from 1970"),
        (("history", "--since", "9999-12-30", "--until", "9999-12-31"), "to 9998"),
        (("report", "nobody"), "there is no incident 'nobody'"),
        (("export", "mails", "--kind", "ran"), "mails have none"),
        (("export", "entries", "--kind", "rum"), "there is no kind of entry 'rum'"),
        (("status", "--stale", "-1"), "is not a number of seconds"),
    ],
)
def test_what_cannot_be_meant(
    words: tuple[str, ...], why: str, said: Callable[..., str], over: Path
) -> None:
    """One sentence and status 3."""
    out = said(*words, "--ledger", str(over), status=3)
    assert why in out
    assert len(out.splitlines()) == 1


def test_without_the_extra(
    said: Callable[..., str], over: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without SQLAlchemy it says what to install."""
    for name in [one for one in sys.modules if one.startswith("mailprobe.monitor.")]:
        if name.rpartition(".")[2] in {"hands", "place", "schema", "store", "reading"}:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    out = said("status", "--ledger", str(over), status=3)
    assert "pip install 'mailprobe[monitor]'" in out
