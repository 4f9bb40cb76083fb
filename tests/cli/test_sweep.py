"""``mailprobe sweep``: lists, streams, going on after an end, the last screen."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from mailprobe.cli import main
from mailprobe.lab import Refuse, Reply
from mailprobe.render.schema import schema
from tests.cli.processes import ENDS, start

if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.lab import ThreadedLab

LIST = """\
# ours
libero.test
mx posta.test        # the third one
imap ada-libero
provider virgilio.test bob-virgilio
trip ada-libero bob-posta
"""


@pytest.fixture
def targets(tmp_path: Path) -> Path:
    """A list of targets in the lab."""
    file = tmp_path / "targets.txt"
    file.write_text(LIST, "utf-8")
    return file


def documents(text: str) -> list[dict[str, Any]]:
    """Return what stands in lines of JSON."""
    return [json.loads(line) for line in text.splitlines()]


def test_every_target_is_a_line_of_json(
    settings: str, targets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One object for each target, valid against the schema, and nothing else."""
    status = main(["sweep", str(targets), "--format", "json", "--config", settings])
    said = capsys.readouterr()
    assert (status, said.err) == (0, "")
    found = documents(said.out)
    assert sorted(one["probe"] for one in found) == [
        "imap",
        "mx",
        "mx",
        "provider",
        "round_trip",
    ]
    for one in found:
        jsonschema.validate(one, schema())


def test_the_last_screen(
    lab: ThreadedLab, settings: str, targets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong is told as it comes; counts, phases and the slowest at the end."""
    targets.write_text(LIST.replace("trip ada-libero bob-posta\n", ""), "utf-8")
    lab.inject(Refuse(service="mx", domain="posta.test"))
    words = ["sweep", str(targets), "--plot", "--attempts", "1", "--config", settings]
    assert main(words) == 2
    said = capsys.readouterr().out
    assert said.startswith("DOWN     mx posta.test (provider): None of the 2 addresses")
    assert "4 targets  3 ok  1 down" in said
    assert "blame: provider 1" in said
    for word in ("phase", "50 %", "99 %", "starttls", "slowest", "how long the checks"):
        assert word in said
    assert "\x1b" not in said


@pytest.mark.parametrize("plot", [[], ["--plot"]])
def test_the_last_screen_beside_json(
    settings: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    plot: list[str],
) -> None:
    """On a terminal, or if asked for, it stands beside the JSON, never among it."""
    file = tmp_path / "two.txt"
    file.write_text("libero.test\nposta.test\n", "utf-8")
    monkeypatch.setattr("sys.stderr.isatty", lambda: not plot, raising=False)
    words = ["sweep", str(file), "--format", "json", *plot, "--config", settings]
    assert main(words) == 0
    said = capsys.readouterr()
    assert sorted(one["asked"] for one in documents(said.out)) == [
        "mx libero.test",
        "mx posta.test",
    ]
    assert "2 targets  2 ok" in said.err
    for word in ("phase", "50 %", "99 %", "slowest"):
        assert word in said.err
    assert ("how long the checks" in said.err) is bool(plot)


def test_a_run_goes_on_where_it_ended(
    settings: str, targets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stands in the output of an earlier run is not repeated, a torn line is."""
    first = tmp_path / "first.txt"
    first.write_text("libero.test\nimap ada-libero\n", "utf-8")
    file = tmp_path / "checks.ndjson"
    words = ["--config", settings, "--output", str(file)]
    assert main(["sweep", str(first), *words]) == 0
    whole = file.read_text("ascii")
    assert len(documents(whole)) == 2
    lost = whole.splitlines()[1]
    file.write_text(whole.splitlines()[0] + "\n" + lost[:100], "ascii")
    capsys.readouterr()
    assert (
        main(["sweep", str(targets), "--resume", str(file), "--config", settings]) == 0
    )
    assert "5 targets  5 ok  (1 of them by earlier" in capsys.readouterr().out
    found = documents(file.read_text("ascii"))
    assert sorted(one["asked"] for one in found) == [
        "imap ada-libero",
        "mx libero.test",
        "mx posta.test",
        "provider virgilio.test bob-virgilio",
        "trip ada-libero bob-posta",
    ]
    assert (
        main(["sweep", str(targets), "--resume", str(file), "--config", settings]) == 0
    )
    assert "5 targets  5 ok  (5 of them by earlier" in capsys.readouterr().out
    assert documents(file.read_text("ascii")) == found


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("smpt libero.test", "line 1: 'smpt' is no kind of target; write a domain, or"),
        ("\n\nmx a..b", "line 3: domain 'a..b' has an empty label"),
        ("mx", "line 1: 'mx' cannot be read; write mx DOMAIN"),
        ("trip ada-libero", "line 1: 'trip ada-libero' cannot be read; write trip"),
        ("tls libero.test", "line 1: 'libero.test' has no port that can be read"),
        ("smtp libero.test:x", "line 1: 'libero.test:x' has no port"),
        ("smtp libero.test ssl", "line 1: security 'ssl' is not known"),
        ("imap nobody", "line 1: "),
        ("x" * 3000, "line 1: it is longer than 2000 bytes"),
    ],
)
def test_a_line_that_cannot_be_meant_stops_a_file(
    lab: ThreadedLab,
    settings: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    complaint: str,
) -> None:
    """One sentence with file and line, before anything is sent."""
    file = tmp_path / "bad.txt"
    file.write_text(f"{text}\nlibero.test\n", "utf-8")
    before = lab.store.counters["mx"].connections
    assert main(["sweep", str(file), "--config", settings]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"mailprobe: {file}, {complaint}")
    assert said.err.count("\n") == 1
    assert lab.store.counters["mx"].connections == before


def test_a_bad_line_of_a_stream_is_told_at_once(settings: str, tmp_path: Path) -> None:
    """It is told while the stream goes on; what comes behind it is looked at."""
    file = tmp_path / "checks.ndjson"
    words = ["sweep", "-", "--config", settings, "--output", str(file)]
    with start(*words, "--format", "json", stdin=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write("libero.test\na b c\n")
        process.stdin.flush()
        said = process.stderr.readline()
        assert said.startswith("mailprobe: standard input, line 2: 'a' is no kind")
        process.stdin.write("x" * 100_000 + "\nposta.test")
        process.stdin.close()
        found = documents(process.stdout.read())
        said = process.stderr.read()
    assert said.startswith("mailprobe: standard input, line 3: it is longer than")
    assert process.returncode == 3
    names = sorted(one["asked"] for one in found)
    assert names == ["mx libero.test", "mx posta.test"]


def test_a_stream_may_be_a_file(
    settings: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is put on standard input is read as a stream; a bad line makes it 3."""
    stream = tmp_path / "stream"
    stream.write_text("libero.test\na b c\nposta.test\n", "utf-8")
    with stream.open(encoding="utf-8") as put:
        monkeypatch.setattr("sys.stdin", put)
        status = main(["sweep", "-", "--format", "json", "--config", settings])
    said = capsys.readouterr()
    assert status == 3
    assert len(documents(said.out)) == 2
    assert said.err.startswith("mailprobe: standard input, line 2: 'a' is no kind")


@pytest.mark.parametrize(("number", "status"), ENDS)
def test_a_stream_without_end(
    settings: str, tmp_path: Path, number: int, status: int
) -> None:
    """Checks come while the stream goes on; a signal ends it, and nothing is lost."""
    file = tmp_path / "checks.ndjson"
    words = ["sweep", "-", "--config", settings, "--output", str(file)]
    with start(*words, "--format", "json", stdin=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("libero.test\n")
        process.stdin.flush()
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.Signals(number))
        process.wait()
        errors = process.stderr.read() if process.stderr else ""
    assert process.returncode == status
    assert first["target"]["domain"] == "libero.test"
    assert documents(file.read_text("ascii")) == [first]
    assert errors == (
        "mailprobe: stopped after 1 check; to go on: mailprobe sweep - "
        f"--resume {file}\n"
    )


def test_words_of_strangers_do_not_steer_the_terminal(
    lab: ThreadedLab, settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An escape sequence in a refusal is written out."""
    file = tmp_path / "one.txt"
    file.write_text("imap ada-libero\n", "utf-8")
    lab.inject(Reply("GREETING", "BYE", "\x1b[2J gone", service="imap"))
    assert main(["sweep", str(file), "--config", settings]) == 2
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert r"\x1b[2J" in said


@pytest.mark.parametrize("option", ["--output", "--resume"])
def test_a_file_that_cannot_be_used(
    settings: str,
    targets: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    option: str,
) -> None:
    """One sentence, and nothing is sent."""
    path = str(tmp_path / "no" / "such")
    assert main(["sweep", str(targets), option, path, "--config", settings]) == 3
    assert f"{path} cannot be " in capsys.readouterr().err


def test_only_the_output_of_a_sweep_is_gone_on_with(
    settings: str, targets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list of targets given by mistake stays as it is."""
    words = ["sweep", str(targets), "--resume", str(targets), "--config", settings]
    assert main(words) == 3
    assert "line 1: this is no output of a sweep" in capsys.readouterr().err
    assert targets.read_text("utf-8") == LIST
