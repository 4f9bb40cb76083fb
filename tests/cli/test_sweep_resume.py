"""``mailprobe sweep``: a run that goes on is one run with the earlier ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from mailprobe.cli import main
from mailprobe.lab import Refuse
from mailprobe.render.outcome import START, outcome_in
from tests.cli.processes import ENDS, start
from tests.cli.test_sweep import documents

if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.lab import ThreadedLab

PROGRAM = (sys.executable, "-m", "mailprobe", "sweep")
EVERY_KIND = """\
mx LIBERO.test.
müller.test
smtp nowhere.libero.test:2525
imap ada-libero
imap bob@posta.test
imap ada-posta
imap nowhere.libero.test
tls nowhere.libero.test:465
trip ada-libero bob-posta
trip bob-posta ada-posta
provider virgilio.test
provider virgilio.test bob-virgilio
provider posta.test
"""


def test_no_kind_of_target_is_repeated(
    lab: ThreadedLab, settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever a check finds out of its target, going on knows it again."""
    del lab
    targets, file = tmp_path / "targets.txt", tmp_path / "checks.ndjson"
    targets.write_text(EVERY_KIND, "utf-8")
    words = ["--config", settings, "--attempts", "1"]
    main(["sweep", str(targets), "--output", str(file), *words])
    first = file.read_bytes()
    assert len(first.splitlines()) == len(EVERY_KIND.splitlines())
    capsys.readouterr()
    main(["sweep", str(targets), "--resume", str(file), *words])
    assert "(13 of them by earlier runs)" in capsys.readouterr().out
    assert file.read_bytes() == first


def test_earlier_runs_count(
    lab: ThreadedLab, settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit status, the table and the picture are those of all runs together."""
    targets, file = tmp_path / "targets.txt", tmp_path / "checks.ndjson"
    picture = tmp_path / "times.svg"
    targets.write_text("posta.test\n", "utf-8")
    words = ["--config", settings, "--attempts", "1"]
    with lab.fault(Refuse(service="mx", domain="posta.test")):
        assert main(["sweep", str(targets), "--output", str(file), *words]) == 2
    targets.write_text("posta.test\nlibero.test\nimap ada-libero\n", "utf-8")
    capsys.readouterr()
    resumed = ["sweep", str(targets), "--resume", str(file), *words]
    assert main([*resumed, "--plot", str(picture)]) == 2
    said = capsys.readouterr().out
    assert "3 targets  2 ok  1 down  (1 of them by earlier runs)" in said
    assert "blame: provider 1" in said
    assert "mx posta.test" in said
    numbers = [text.text or "" for text in ET.parse(picture).iter() if text.text]  # noqa: S314
    assert sum(int(text) for text in numbers if text.isdigit()) == 3


def test_a_target_that_stands_twice_is_due_twice(settings: str, tmp_path: Path) -> None:
    """An end between the two leaves one of them to do."""
    targets, file = tmp_path / "targets.txt", tmp_path / "checks.ndjson"
    words = ["--config", settings, "--format", "json"]
    targets.write_text("libero.test\n", "utf-8")
    main(["sweep", str(targets), "--output", str(file), *words])
    targets.write_text("libero.test\nmx libero.test\n", "utf-8")
    for _ in range(2):
        main(["sweep", str(targets), "--resume", str(file), *words])
        assert len(documents(file.read_text("ascii"))) == 2


@pytest.mark.parametrize(("number", "status"), ENDS)
def test_a_signal_in_the_middle(
    lab: ThreadedLab, settings: str, tmp_path: Path, number: int, status: int
) -> None:
    """After an end and going on, each target has exactly one line."""
    del lab
    targets, file = tmp_path / "targets.txt", tmp_path / "checks.ndjson"
    lines = [f"nobody{n}.test" for n in range(200)] + ["imap bob-posta", "libero.test"]
    targets.write_text("\n".join(lines), "utf-8")
    words = ["--config", settings, "--format", "json", "--at-once", "4"]
    run = ["sweep", str(targets), "--output", str(file), *words]
    with start(*run) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.Signals(number))
        process.stdout.read()
        errors = process.stderr.read()
    assert process.returncode == status
    assert errors.startswith("mailprobe: stopped after ")
    assert 0 < len(documents(file.read_text("ascii"))) < len(lines)
    assert main(["sweep", str(targets), "--resume", str(file), *words]) == 2
    names = Counter(one["asked"] for one in documents(file.read_text("ascii")))
    assert len(names) == len(lines)
    assert set(names.values()) == {1}


@pytest.mark.parametrize("length", [3, len(START), 200, -1])
def test_a_torn_line_is_cut_off(settings: str, tmp_path: Path, length: int) -> None:
    """What a killed run left of a line goes; a line that lacks its end alone stays."""
    targets, file = tmp_path / "targets.txt", tmp_path / "checks.ndjson"
    targets.write_text("libero.test\nposta.test\n", "utf-8")
    words = ["--config", settings, "--format", "json"]
    main(["sweep", str(targets), "--output", str(file), *words])
    first, second = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(first + second[:length])
    main(["sweep", str(targets), "--resume", str(file), *words])
    found = documents(file.read_text("ascii"))
    assert sorted(one["asked"] for one in found) == ["mx libero.test", "mx posta.test"]
    assert (file.read_bytes() == first + second) == (length == -1)


def test_checks_of_no_list_are_not_gone_on_with(
    lab: ThreadedLab, settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A check that does not say what was asked belongs to no sweep."""
    del lab
    assert main(["mx", "libero.test", "--format", "json", "--config", settings]) == 0
    file = tmp_path / "checks.ndjson"
    file.write_text(capsys.readouterr().out, "ascii")
    targets = tmp_path / "targets.txt"
    targets.write_text("libero.test\n", "utf-8")
    words = ["sweep", str(targets), "--resume", str(file), "--config", settings]
    assert main(words) == 3
    assert "line 1: this is no output of a sweep" in capsys.readouterr().err


def test_a_list_is_not_written_to(
    settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that holds something else than checks is left as it is."""
    targets = tmp_path / "targets.txt"
    targets.write_text("libero.test\n", "utf-8")
    words = ["sweep", str(targets), "--output", str(targets), "--config", settings]
    assert main(words) == 3
    assert "has something else in it than checks" in capsys.readouterr().err
    assert targets.read_text("utf-8") == "libero.test\n"


@pytest.mark.parametrize("words", [["--output", "/dev/full"], ["--format", "json"]])
def test_a_full_disk(settings: str, tmp_path: Path, words: list[str]) -> None:
    """One sentence says what could not be written, and the status is 3."""
    targets = tmp_path / "targets.txt"
    targets.write_text("libero.test\nposta.test\n", "utf-8")
    with open("/dev/full", "w", encoding="ascii") as full:  # noqa: PTH123
        ended = subprocess.run(  # noqa: S603 - our own interpreter
            [*PROGRAM, str(targets), *words, "--config", settings],
            stdout=full if "json" in words else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 3
    assert ended.stderr.endswith(" cannot be written: No space left on device\n")
    assert ended.stderr.count("\n") == 1


def test_nobody_reads(settings: str, tmp_path: Path) -> None:
    """A closed pipe ends the run with one sentence that says how to go on."""
    targets, file = tmp_path / "targets.txt", tmp_path / "checks.ndjson"
    targets.write_text("libero.test\n", "utf-8")
    read, write = os.pipe()
    os.close(read)
    try:
        words = ["--config", settings, "--format", "json", "--output", str(file)]
        ended = subprocess.run(  # noqa: S603 - our own interpreter
            [*PROGRAM, str(targets), *words],
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(write)
    assert ended.returncode == 141
    assert ended.stderr == (
        "mailprobe: nobody reads the output any more after 1 check; to go on: "
        f"mailprobe sweep {targets} --resume {file}\n"
    )
    assert len(documents(file.read_text("ascii"))) == 1


@pytest.mark.parametrize("name", ["empty.txt", "empty.toml"])
def test_a_list_without_targets(
    settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Nothing that was not looked at is well: the status is 3."""
    targets = tmp_path / name
    targets.write_text("# none yet\n", "utf-8")
    assert main(["sweep", str(targets), "--config", settings]) == 3
    assert f"{targets} has no target in it" in capsys.readouterr().err


def test_a_list_in_toml(
    settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tables are looked at like lines, each within its own time."""
    targets = tmp_path / "targets.toml"
    targets.write_text(
        '[[target]]\nmx = "libero.test"\n[[target]]\nimap = "ada-libero"\n'
        "timeout = 1e-9\n",
        "utf-8",
    )
    words = ["sweep", str(targets), "--format", "json", "--config", settings]
    main(words)
    found = {one["asked"]: one for one in documents(capsys.readouterr().out)}
    assert found["mx libero.test"]["status"] == "ok"
    assert found["imap ada-libero"]["status"] != "ok"


def test_a_line_and_its_check_count_alike(
    lab: ThreadedLab, settings: str, tmp_path: Path
) -> None:
    """What is read from a line of JSON is what is counted of the check itself."""
    del lab
    targets, file = tmp_path / "targets.txt", tmp_path / "checks.ndjson"
    targets.write_text("provider virgilio.test bob-virgilio\n", "utf-8")
    main(["sweep", str(targets), "--output", str(file), "--config", settings])
    line = file.read_bytes()
    one = outcome_in(line)
    said = json.loads(line)
    assert (one.name, one.status) == (said["asked"], said["status"])
    assert {"rcpt", "login", "transit"} <= {phase.value for phase, _ in one.times}
    assert line.startswith(START)


def test_only_a_picture_is_drawn_to(
    settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list that stands behind --plot is not taken for the file to write."""
    targets = tmp_path / "targets.txt"
    targets.write_text("libero.test\n", "utf-8")
    assert main(["sweep", "--plot", str(targets), "--config", settings]) == 3
    assert "does not end in .svg" in capsys.readouterr().err
    assert targets.read_text("utf-8") == "libero.test\n"
