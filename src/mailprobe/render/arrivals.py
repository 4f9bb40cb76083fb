"""
The plot of arrival against sending: of characters, or as SVG without script.

A mail that comes at once lies on the diagonal; what was held and came in one morning
lies on a level line; the slope of a line is how fast a backlog drains.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from mailprobe.model.passage import Fate
from mailprobe.render.times import Zone, minute, moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailprobe.model.account import Point

COLUMNS: Final = 60
ROWS: Final = 16
MARKS: Final = {
    Fate.DELIVERED: ".",
    Fate.LATE: "o",
    Fate.JUNK: "j",
    Fate.RECOVERED: "r",
    Fate.BOUNCED: "b",
    Fate.PRESUMED_LOST: "x",
    Fate.IN_FLIGHT: "?",
    Fate.UNCONFIRMED: "?",
    Fate.REJECTED: "-",
}
"""Later ones cover earlier ones of the same place."""
_LEGEND: Final = (
    ". in time  o late  j junk  r recovered   below the line, by when they were sent: "
    "b returned  x lost  ? unknown  - refused"
)
_COLOURS: Final = {
    Fate.DELIVERED: "#2a9d8f",
    Fate.LATE: "#e08e0b",
    Fate.JUNK: "#a06cd5",
    Fate.RECOVERED: "#4c78d8",
    Fate.BOUNCED: "#d1495b",
    Fate.PRESUMED_LOST: "#d1495b",
    Fate.IN_FLIGHT: "#888888",
    Fate.UNCONFIRMED: "#888888",
    Fate.REJECTED: "#888888",
}
_SECOND: Final = timedelta(seconds=1)
_WIDE: Final = 640  # pixels of the field
_HIGH: Final = 360
_LEFT: Final = 120
_TOP: Final = 20
_FOOT: Final = 70  # for those that did not arrive, and the times


class _Scale:
    """Where a time lies, from 0 to 1; the same on both axes."""

    def __init__(self, points: Sequence[Point]) -> None:
        sent = [one.sent_at for one in points]
        came = [one.arrived_at for one in points if one.arrived_at is not None]
        self.begin, self.end = min(sent), max(*sent, *came, min(sent) + _SECOND)
        self.last = max(*sent, min(sent) + _SECOND)

    def up(self, at: datetime) -> float:
        return (at - self.begin) / (self.end - self.begin)

    def right(self, at: datetime) -> float:
        return (at - self.begin) / (self.last - self.begin)

    def middle(self) -> datetime:
        return self.begin + (self.end - self.begin) / 2


def terminal(points: Sequence[Point], zone: Zone = UTC) -> Iterator[str]:
    """Yield the plot as lines of ASCII; nothing without mails."""
    if not points:
        return
    scale = _Scale(points)
    field = [[" "] * COLUMNS for _ in range(ROWS)]
    foot = [" "] * COLUMNS
    order = list(MARKS)
    for one in sorted(points, key=lambda point: order.index(point.fate)):
        column = min(int(scale.right(one.sent_at) * COLUMNS), COLUMNS - 1)
        if one.arrived_at is None:
            foot[column] = MARKS[one.fate]
        else:
            row = min(max(int(scale.up(one.arrived_at) * ROWS), 0), ROWS - 1)
            field[row][column] = MARKS[one.fate]
    marks = {ROWS - 1: scale.end, ROWS // 2: scale.middle(), 0: scale.begin}
    yield "arrived"
    for row in reversed(range(ROWS)):
        label = minute(marks[row], zone) if row in marks else ""
        yield f"{label:>16} |{''.join(field[row])}".rstrip()
    yield f"{'':>16} +{'-' * COLUMNS}"
    yield f"{'did not arrive':>16}  {''.join(foot)}".rstrip()
    left, right = minute(scale.begin, zone), moment(scale.last, zone)
    yield f"{'sent':>16}  {left}{right:>{COLUMNS - len(left)}}"
    yield _LEGEND


def svg(points: Sequence[Point], zone: Zone = UTC) -> str:
    """
    Return the plot as an SVG element, to stand in a page; empty without mails.

    It draws in the colour of the text around it, so it is seen on light and dark.
    """
    if not points:
        return ""
    scale = _Scale(points)
    high = _TOP + _HIGH + _FOOT
    wide = _LEFT + _WIDE + 20
    root = ET.Element(
        "svg",
        {"viewBox": f"0 0 {wide} {high}", "role": "img", "font-size": "11"},
        xmlns="http://www.w3.org/2000/svg",
        fill="currentColor",
    )
    ET.SubElement(root, "title").text = "when mails arrived, by when they were sent"
    _axes(root, scale, zone)
    for one in points:
        x = _LEFT + scale.right(one.sent_at) * _WIDE
        y = _TOP + _HIGH + 18.0
        told = f"sent {moment(one.sent_at, zone)}: {one.fate}"
        if one.arrived_at is not None:
            y = _TOP + _HIGH - max(scale.up(one.arrived_at), 0.0) * _HIGH
            told += f", arrived {moment(one.arrived_at, zone)}"
        at = {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "2.5"}
        dot = ET.SubElement(root, "circle", at, fill=_COLOURS[one.fate])
        ET.SubElement(dot, "title").text = told
    return ET.tostring(root, encoding="unicode")


def _axes(root: ET.Element, scale: _Scale, zone: Zone) -> None:
    foot, right = _TOP + _HIGH, _LEFT + _WIDE
    corner = f"M {_LEFT} {_TOP} V {foot} H {right}"
    line = {"d": corner, "fill": "none", "stroke": "currentColor"}
    ET.SubElement(root, "path", line)
    at_once = scale.up(scale.last)  # where mail lies that takes no time
    dashed = {
        "d": f"M {_LEFT} {foot} L {right} {foot - at_once * _HIGH:.1f}",
        "stroke": "currentColor",
        "stroke-dasharray": "4 4",
        "opacity": "0.4",
    }
    ET.SubElement(root, "path", dashed)
    for share, at in ((0.0, scale.begin), (0.5, scale.middle()), (1.0, scale.end)):
        _text(root, _LEFT - 6, int(foot - share * _HIGH) + 4, minute(at, zone), "end")
    _text(root, _LEFT - 6, foot + 22, "did not arrive", "end")
    _text(root, _LEFT, foot + 44, f"sent {minute(scale.begin, zone)}", "start")
    _text(root, right, foot + 44, moment(scale.last, zone), "end")
    left = _LEFT
    for fate, colour in _COLOURS.items():
        if fate in {Fate.UNCONFIRMED, Fate.REJECTED, Fate.PRESUMED_LOST}:
            continue
        dot = {"cx": str(left), "cy": str(foot + 60), "r": "3", "fill": colour}
        ET.SubElement(root, "circle", dot)
        _text(root, left + 7, foot + 64, _NAMES[fate], "start")
        left += 30 + 7 * len(_NAMES[fate])


_NAMES: Final = {
    Fate.DELIVERED: "in time",
    Fate.LATE: "late",
    Fate.JUNK: "junk",
    Fate.RECOVERED: "recovered",
    Fate.BOUNCED: "returned or lost",
    Fate.IN_FLIGHT: "unknown or refused",
}


def _text(root: ET.Element, x: int, y: int, text: str, anchor: str) -> None:
    at = {"x": str(x), "y": str(y), "text-anchor": anchor}
    ET.SubElement(root, "text", at).text = text
