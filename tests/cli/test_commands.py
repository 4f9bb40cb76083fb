"""The commands on a mail world: each in each format, and the status they end with."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

from mailprobe.cli import main
from mailprobe.lab import BadCertificate, Delay, Junk, Refuse, Reply, ThreadedLab
from mailprobe.render.schema import schema

ADA = "ada@libero.test"
BOB = "bob@posta.test"
PORTS = {"smtp": "submission", "imap": "imap"}

COMMANDS = [
    ["mx", "libero.test"],
    ["mx", "libero.test", "--connect"],
    ["smtp", "{smtp}", "--security", "tls"],
    ["smtp", "{smtp}", "--security", "tls", "--login", ADA],
    ["imap", "{imap}", "--security", "tls"],
    ["imap", ADA],
    ["imap", "ada-libero"],
    ["tls", "{smtp}", "--security", "tls"],
    ["roundtrip", ADA],
    ["roundtrip", ADA, BOB],
    ["roundtrip", "ada-libero", "bob-posta"],
    ["check", "libero.test"],
    ["check", "libero-test", "--login", ADA],
    ["check", ADA],
]


def _words(command: list[str], lab: ThreadedLab) -> list[str]:
    places = {
        name: str(lab.endpoint("libero.test", service))
        for name, service in PORTS.items()
    }
    return [word.format(**places) for word in command]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_text(
    command: list[str],
    lab: ThreadedLab,
    settings: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A healthy world ends with status 0, and the first line says OK."""
    assert main([*_words(command, lab), "--config", settings]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("OK ")
    assert captured.err == ""


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_json(
    command: list[str],
    lab: ThreadedLab,
    settings: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What real probes report is as the schema says, on one line."""
    words = [*_words(command, lab), "--config", settings, "--format", "json"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert list(Draft202012Validator(schema()).iter_errors(json.loads(out))) == []
    assert lab.store.account(ADA).password not in out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_nagios(
    command: list[str],
    lab: ThreadedLab,
    settings: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A healthy world is OK to a monitoring core, with performance data."""
    words = [*_words(command, lab), "--config", settings, "--format", "nagios"]
    assert main(words) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert re.fullmatch(r"MAILPROBE OK - [^|]+ \| 'duration'=[\d.]+s;;;0( .+)?", first)


def test_transcript(
    lab: ThreadedLab, settings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lines exchanged are shown on request, without the password."""
    assert main(["imap", ADA, "--config", settings, "--transcript"]) == 0
    out = capsys.readouterr().out
    assert "CAPABILITY" in out
    assert lab.store.account(ADA).password not in out


def test_down(
    lab: ThreadedLab, settings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A service that refuses is down: status 2, CRITICAL, the deciding step marked."""
    words = ["smtp", *_words(["{smtp}"], lab), "--security", "tls"]
    with lab.fault(Reply("GREETING", 554, "5.3.2 closed", service="submission")):
        assert main([*words, "--config", settings]) == 2
        assert re.search(r"[>▶] greeting .*5\.3\.2 closed", capsys.readouterr().out)
        words += ["--config", settings, "--format", "nagios"]
        assert main(words) == 2
        assert capsys.readouterr().out.startswith("MAILPROBE CRITICAL - smtp ")


def test_degraded(
    lab: ThreadedLab, settings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mail in the junk folder is degraded: status 1."""
    with lab.fault(Junk()):
        assert main(["roundtrip", ADA, "--config", settings]) == 1
    assert capsys.readouterr().out.startswith("DEGRADED")


def test_expired_certificate(
    lab: ThreadedLab, settings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A certificate that has ended is told as such."""
    words = ["tls", *_words(["{imap}"], lab), "--security", "tls"]
    with lab.fault(BadCertificate("expired")):
        assert main([*words, "--config", settings]) == 2
    assert "tls_expired" in capsys.readouterr().out


def test_our_own_trouble(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong password is ours: nothing is claimed about the provider."""
    words = ["imap", ADA, "--config", settings, "--password-command", "echo wrong"]
    assert main(words) == 3
    assert capsys.readouterr().out.startswith("UNKNOWN")


def test_without_settings(
    lab: ThreadedLab,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Options alone suffice: hosts by SRV, the password from the environment."""
    monkeypatch.setenv("LAB_PASSWORD", lab.store.account(ADA).password)
    words = ["roundtrip", ADA, "--password-env", "LAB_PASSWORD"]
    words += ["--nameserver", lab.nameserver, "--ca-file", str(lab.ca_file)]
    assert main(words) == 0
    assert "landed       inbox" in capsys.readouterr().out


@pytest.mark.usefixtures("lab")
def test_ping(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each trip is a line; the closing lines sum up."""
    words = ["ping", ADA, BOB, "--count", "2", "--interval", "0", "--config", settings]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"PING {ADA} -> {BOB}"
    for number, line in enumerate(lines[1:3], start=1):
        assert re.fullmatch(rf"seq={number} time=[\d.]+ ms inbox", line)
    assert lines[3:5] == [f"--- {ADA} -> {BOB} ---", "2 sent, 2 back, 0 % lost"]
    assert re.fullmatch(r"min/avg/max/mdev = ([\d.]+/){3}[\d.]+ ms", lines[5])


@pytest.mark.usefixtures("lab")
def test_ping_as_stream(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON, each trip is a document on a line of its own, and nothing else is."""
    words = ["ping", ADA, "--count", "2", "--interval", "0", "--config", settings]
    assert main([*words, "--format", "json"]) == 0
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["probe"] for one in documents] == ["round_trip", "round_trip"]


def test_ping_lost(
    lab: ThreadedLab, settings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mail that does not come back is told in words, and ends with status 2."""
    words = ["ping", ADA, "--count", "1", "--config", settings, "--timeout", "1"]
    with lab.fault(Delay()):
        assert main(words) == 2
    out = capsys.readouterr().out
    assert "\nseq=1 down: " in out
    assert "\n1 sent, 0 back, 100 % lost\n" in out


def test_refused_connection(
    lab: ThreadedLab, settings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A whole check says which of the four functions is lost."""
    with lab.fault(Refuse(service="submission")):
        words = ["check", "libero.test", "--login", ADA, "--config", settings]
        assert main([*words, "--format", "json"]) == 2
    four = json.loads(capsys.readouterr().out)["availabilities"]
    assert four["submit"]["status"] == "down"
    assert four["read"]["status"] == "ok"


BAD = {
    "empty label": (["mx", "a..b"], "empty label"),
    "long label": (["mx", "a" * 64 + ".it"], "longer than 63"),
    "long name": (["mx", "abc." * 80 + "it"], "longer than 253"),
    "broken idn": (["mx", "bücher-\u2603-.it"], "bücher"),
    "blank": (["mx", "exa mple.it"], "exa mple"),
    "no such provider": (["check", "liber"], "did you mean libero"),
    "no ca file": (["mx", "a.it", "--ca-file", "no.pem"], "no.pem"),
    "no certificate": (["mx", "a.it", "--ca-file", __file__], "CA file"),
    "name server": (["mx", "a.it", "--nameserver", "ns"], "name server 'ns'"),
    "name server port": (["mx", "a.it", "--nameserver", "::1:0:x"], "::1:0:x"),
    "ehlo name": (["mx", "a.it", "--ehlo-name", "a b"], "a b"),
    "no secret": (["imap", "a@b.test"], "--password-env"),
    "no variable": (["imap", "a@b.test", "--password-env", "NO_VAR"], "NO_VAR"),
    "no secret file": (["imap", "a@b.it", "--password-file", "no/pw"], "no/pw"),
    "no command": (["imap", "a@b.it", "--password-command", "no-cmd"], "no-cmd"),
    "no mailbox": (["roundtrip", "canary"], "canary"),
    "no address": (["roundtrip", "a@"], "name@domain"),
    "no kind": (["explain", "imap_nope"], "did you mean imap_no"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad input is one clear line on standard error and status 3."""
    words, said = BAD[name]
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert main(words) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("mailprobe: ")
    assert captured.err.count("\n") == 1
    assert said in captured.err
    assert "internal error" not in captured.err
