"""Rows for other programs: complete, one line each, and no formula."""

from __future__ import annotations

import csv
import io
import json

import pytest

from mailprobe.model.entry import Bounced, Sampled
from mailprobe.model.passage import Passage
from mailprobe.render.rows import FORMULA, Csv, Row, ndjson
from tests.judge import passages
from tests.monitor.stories import sampled
from tests.render.accounts import HOSTILE

NUMBERED = ("seq", "kind")


def read(text: str) -> list[list[str]]:
    """Read what was written, as a spreadsheet would."""
    return list(csv.reader(io.StringIO(text)))


def test_fields_of_fields_are_columns() -> None:
    """A sample is spread over columns, each named by its path; None is empty."""
    table = Csv((Sampled,), NUMBERED)
    head = read(table.head)[0]
    (cells,) = read(table.line(Row({"seq": 7, "kind": "sampled"}, sampled(1))))
    found = dict(zip(head, cells, strict=True))
    assert found["seq"] == "7"
    assert found["sample.party.platform"] == "italiaonline"
    assert found["sample.outcome"] == "pass"
    assert found["sample.sender.name"] == ""
    assert found["sample.control"] == "false"


def test_kinds_share_their_columns() -> None:
    """With several kinds there is a column for every field that any of them has."""
    table = Csv((Sampled, Bounced), NUMBERED)
    head = read(table.head)[0]
    assert head[:3] == ["seq", "kind", "at"]
    assert len(head) == len(set(head))
    (cells,) = read(table.line(Row({"seq": 1, "kind": "bounced"}, passages.bounced())))
    found = dict(zip(head, cells, strict=True))
    assert (found["status"], found["sample.why"]) == ("5.4.7", "")


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t=", "\r\n=", " ="])
def test_nothing_is_taken_for_a_formula(begin: str) -> None:
    """What a server said stays text in a spreadsheet, on one line."""
    mail = passages.passage(
        passages.accepted(), passages.bounced(said=f"{begin}1+1{HOSTILE}")
    )
    table = Csv((Passage,))
    line = table.line(Row({}, mail))
    assert line.isprintable()
    (cells,) = read(line)
    assert not [cell for cell in cells if cell.startswith(FORMULA)]
    assert "1+1" in cells[-1]


def test_a_number_is_no_formula() -> None:
    """Numbers stay numbers."""
    mail = passages.passage(passages.accepted(), passages.seen())
    head = read(Csv((Passage,)).head)[0]
    (cells,) = read(Csv((Passage,)).line(Row({}, mail)))
    found = dict(zip(head, cells, strict=True))
    assert float(found["delay"]) >= 0
    assert json.loads(found["copies"])[0]["uid"] == 7


def test_ndjson_is_one_line_of_ascii() -> None:
    """A row is an object on one line, whatever is in it."""
    line = ndjson(Row({"seq": 1}, passages.bounced(said=HOSTILE + "\n\u2028")))
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line)["said"].startswith(HOSTILE)
