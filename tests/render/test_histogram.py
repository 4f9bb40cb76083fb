"""How long checks took, as a picture."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from mailprobe.render.histogram import svg
from mailprobe.render.tally import Spread

SPACE = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("times", [(), (0.01,), (0.001, 0.001, 3.0), (0.0, 9e4)])
def test_the_picture_shows_every_count(times: tuple[float, ...]) -> None:
    """The document is well formed, and the counts above its bars are all there."""
    spread = Spread()
    for time in times:
        spread.add(time)
    root = ET.fromstring(svg(spread))  # noqa: S314 - our own
    assert root.tag == f"{SPACE}svg"
    bars = [rect for rect in root.iter(f"{SPACE}rect") if rect.get("fill") == "teal"]
    counts = [str(number) for _, number in spread.bars()]
    assert len(bars) == len(counts)
    said = [text.text for text in root.iter(f"{SPACE}text")][1:]
    assert said[::2] == counts
    assert sum(map(int, counts)) == len(times)
    wide, high = int(root.get("width", "")), int(root.get("height", ""))
    for bar in bars:
        x, y = float(bar.get("x", "")), float(bar.get("y", ""))
        assert 0 <= x <= wide - float(bar.get("width", ""))
        assert 0 <= y <= high - float(bar.get("height", ""))


def test_no_text_breaks_the_picture() -> None:
    """Marks of XML and control characters stand in it as text."""
    title = "</text><script>&\"'\x1b\x00"
    root = ET.fromstring(svg(Spread(), title))  # noqa: S314 - our own
    text = root.find(f"{SPACE}text")
    assert text is not None
    assert str(text.text).startswith("</text><script>&\"'")
    assert not list(root.iter(f"{SPACE}script"))
