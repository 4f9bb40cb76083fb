"""How long checks took, as bars: of characters, or as SVG without script or style."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from mailprobe.render.clean import visible
from mailprobe.render.spans import Line, Look, Span, seconds, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.render.tally import Spread

TITLE: Final = "how long the checks took"
BAR_MAX: Final = 40  # characters

_WIDE: Final = 48  # pixels from bar to bar: room for "177.8 ms" below
_HIGH: Final = 240  # of the longest bar
_EDGE: Final = 24
_FOOT: Final = _HIGH + 64
_LEAST: Final = 1.0  # few are more than none


def histogram(spread: Spread, look: Look) -> Iterator[Line]:
    """Yield the bars as lines: where each begins, its count, its length."""
    bars = list(spread.bars())
    most = max((number for _, number in bars), default=0)
    mark = "\u2588" if look.unicode else "#"
    rows: list[list[Span]] = []
    for begin, number in bars:
        bar = mark * math.ceil(BAR_MAX * number / most)
        rows.append([("", seconds(begin)), ("", str(number)), ("good", bar)])
    yield ()
    yield (("faint", f"  {TITLE}"),)
    yield from table(rows, width=look.width)


def svg(spread: Spread, title: str = TITLE) -> str:
    """
    Return the bars as an SVG document: the count above each, its begin below.

    Args:
        spread: How long the checks took.
        title: What stands above; any text.
    """
    bars = list(spread.bars())
    most = max((number for _, number in bars), default=1)
    wide, high = 2 * _EDGE + _WIDE * max(len(bars), 6), _FOOT + 40
    size = {"width": str(wide), "height": str(high)}
    root = ET.Element("svg", size, xmlns="http://www.w3.org/2000/svg")
    root.set("font-family", "sans-serif")
    root.set("font-size", "11")
    said = visible(title)  # XML has no control characters, escaped or not
    ET.SubElement(root, "title").text = said
    ET.SubElement(root, "rect", size, fill="white")
    _text(root, _EDGE, 24, said, anchor="start")
    for place, (begin, number) in enumerate(bars):
        left, tall = _EDGE + _WIDE * place, 0.0
        if number:
            tall = max(_HIGH * number / most, _LEAST)
        at = {"x": str(left), "y": f"{_FOOT - tall:.1f}", "width": str(_WIDE - 4)}
        bar = ET.SubElement(root, "rect", at, height=f"{tall:.1f}", fill="teal")
        ET.SubElement(bar, "title").text = f"from {seconds(begin)}: {number}"
        middle = left + _WIDE // 2 - 2
        _text(root, middle, int(_FOOT - tall) - 4, str(number))
        _text(root, middle, _FOOT + 16, seconds(begin))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _text(root: ET.Element, x: int, y: int, text: str, anchor: str = "middle") -> None:
    at = {"x": str(x), "y": str(y), "text-anchor": anchor}
    ET.SubElement(root, "text", at).text = text
