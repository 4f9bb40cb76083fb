"""The report of an incident in each format: whole, and safe whatever anybody said."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from mailprobe.model.account import Point
from mailprobe.model.answer import Alarm, Day, History, StatusReport, Watch, Watching
from mailprobe.model.availability import Availability
from mailprobe.model.incident import State
from mailprobe.model.passage import Balance, Fate
from mailprobe.model.sample import Function, Party
from mailprobe.model.verdict import Status
from mailprobe.render import (
    account_html,
    account_markdown,
    account_text,
    arrivals,
    diary,
    listing,
    screen,
)
from mailprobe.render.account import sections
from mailprobe.render.json import answer
from tests.render.accounts import BEGAN, HOSTILE, HOUR, account, hostile

STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
WRITERS = {
    "text": account_text.encode,
    "markdown": account_markdown.encode,
    "html": account_html.encode,
    "json": lambda report: answer("report", report),
}


@pytest.mark.parametrize("name", WRITERS)
def test_nothing_steers_a_terminal(name: str) -> None:
    """No control character and no change of direction is in any format."""
    written = WRITERS[name](hostile())
    assert STEERING.search(written) is None
    assert len(written) < 40_000


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_every_section_is_in_each_format(name: str) -> None:
    """The formats say the same, in the same order."""
    written = WRITERS[name](hostile())
    places = [written.index(section.title) for section in sections(hostile())]
    assert places == sorted(places)


class _Page(HTMLParser):
    """What a browser sees."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [
            value or ""
            for name, value in attrs
            if name in {"href", "src", "srcset", "data"} or name.startswith("on")
        ]


def test_html_needs_nothing_and_runs_nothing() -> None:
    """A page has no script, no link and nothing to load; text of strangers is text."""
    written = account_html.encode(hostile())
    page = _Page()
    page.feed(written)
    assert not {"script", "a", "img", "link", "iframe"} & set(page.tags)
    assert page.links == []
    assert "&lt;script&gt;alert(1)" in written
    assert "default-src 'none'" in written
    assert "prefers-color-scheme: dark" in written
    assert 'lang="it"' in written
    assert "url(" not in written


def test_markdown_takes_text_for_text() -> None:
    """A link, HTML, emphasis or a cell cannot be made by who is quoted."""
    written = account_markdown.encode(hostile())
    assert "<script" not in written.replace(r"\<", "")
    assert re.search(r"(?<!\\)\]\(", written) is None
    assert "http://" not in written
    for line in written.splitlines():
        if line.startswith("| ") and HOSTILE[5:10] in line:
            assert len(re.findall(r"(?<!\\)\|", line)) in {3, 4}


def test_svg_is_well_formed() -> None:
    """The plot is one element of SVG with a dot for each mail."""
    root = ET.fromstring(arrivals.svg(hostile().points))  # noqa: S314 - our own
    dots = [one for one in root.iter() if one.get("r") == "2.5"]
    assert len(dots) == 3
    assert arrivals.svg(()) == ""


def test_the_terminal_plot_shows_what_was_held() -> None:
    """Mails held until one moment lie on one level; the lost ones lie below."""
    noon = BEGAN + 12 * HOUR
    points = [
        Point(sent_at=BEGAN + n * HOUR, arrived_at=noon, fate=Fate.LATE)
        for n in range(10)
    ]
    at = BEGAN + 13 * HOUR
    points.append(Point(sent_at=at, arrived_at=at, fate=Fate.DELIVERED))
    points.append(Point(sent_at=BEGAN, arrived_at=None, fate=Fate.PRESUMED_LOST))
    drawn = list(arrivals.terminal(points))
    assert len(drawn) == arrivals.ROWS + 5
    (level,) = [line for line in drawn[:-1] if "o" in line.partition("|")[2]]
    assert level.count("o") == 10
    (foot,) = [line for line in drawn if line.lstrip().startswith("did not arrive")]
    assert foot.endswith("x")
    assert "2023-01-23 13:05 UTC" in drawn[-2]


def test_a_plot_of_one_mail() -> None:
    """The least there can be is drawn, too."""
    points = [Point(sent_at=BEGAN, arrived_at=BEGAN, fate=Fate.DELIVERED)]
    assert any("|." in line for line in arrivals.terminal(points))
    assert list(arrivals.terminal(())) == []


def test_what_was_declared_is_compared() -> None:
    """How long it went on after it had been declared over is said."""
    report = hostile()
    said = account_text.encode(report)
    assert "By what we see it still fails." in said
    end = BEGAN + 5 * HOUR
    over = replace(
        report.incident,
        state=State.CLOSED,
        ended_at=end,
        closed_at=end + HOUR,
        relapses=(BEGAN + 3 * HOUR,),
    )
    said = " ".join(account_text.encode(replace(report, incident=over)).split())
    assert "it failed for 4 h longer, until 2023-01-23 05:05 UTC" in said
    assert "It was truly over 5 h after it had been declared so" in said
    assert "It came back after that at 2023-01-23 03:05 UTC." in said


def test_what_is_long_is_folded_and_not_cut() -> None:
    """What a provider said, which brands suffer, an alarm: all of it can be read."""
    words = [f"word{n}" for n in range(30)]
    report = hostile()
    said = replace(report.incident.statements[0], text=" ".join(words))
    report = replace(report, incident=replace(report.incident, statements=(said,)))
    status = replace(_status(), alarms=(Alarm(at=BEGAN, what=" ".join(words)),))
    for written in (account_text.encode(report), screen.encode(status)):
        for word in words:
            assert re.search(rf"\b{word}\b", written)
        assert max(len(line) for line in written.splitlines() if "word" in line) <= 120


def test_what_is_not_known_is_said() -> None:
    """Times without looks, mails without a fate and doubts have a section."""
    said = account_text.encode(hostile()).partition("What is not known")[2]
    said = " ".join(said.split())
    assert "(1 h) whether read worked: no look could tell" in said
    assert "(1 h): no monitor was running" in said
    assert "Looks that could not tell whether it worked: 3." in said
    assert "What becomes of mails still on the way: 1." in said
    assert "Only the first 3 mails were read." in said


def _status() -> StatusReport:
    party = Party(name=HOSTILE, platform=HOSTILE)
    return StatusReport(
        at=BEGAN,
        status=Status.DOWN,
        why=HOSTILE,
        watch=Watch(state=Watching.RUNNING, since=BEGAN, looked_at=BEGAN),
        availabilities=tuple(
            Availability(
                party=party,
                function=function,
                working=0,
                of=3,
                low=0.0,
                high=0.56,
                status=Status.DOWN,
            )
            for function in Function
        ),
        incidents=(hostile().incident,) * 12,
    )


def test_the_other_screens_steer_nothing() -> None:
    """Status, list and days show the text of strangers written out."""
    days = tuple(
        Day(begins_at=BEGAN + timedelta(days=n), events=hostile().events)
        for n in range(2)
    )
    history = History(since=BEGAN, until=BEGAN + 48 * HOUR, party="", days=days)
    for written in (
        screen.encode(_status()),
        listing.encode([hostile().incident]),
        diary.encode(history),
    ):
        assert STEERING.search(written) is None
        assert "\\x1b[2J<script>" in written


def test_a_screen_is_one_screen() -> None:
    """However much fails, what is shown is bounded, and the rest is counted."""
    written = screen.encode(_status())
    assert "and 2 more; see mailprobe incidents" in written
    assert "0/3 (0-56 %)" in written
    assert listing.encode([]) == "no incident"


def test_json_is_one_line_of_ascii() -> None:
    """A stream of answers can be read by lines."""
    for name, value in (("report", hostile()), ("status", _status())):
        line = answer(name, value)
        assert line.isascii()
        assert "\n" not in line
        assert json.loads(line)["answer"] == name


def test_a_report_without_mails() -> None:
    """Where nothing was sent, it is said, and no empty table is drawn."""
    said = account_text.encode(account(balance=Balance(submitted=0)))
    assert "No mail was sent in that time." in said
