"""The report of an incident as one HTML page that needs nothing from elsewhere."""

from __future__ import annotations

from datetime import UTC
from html import escape
from typing import TYPE_CHECKING, Final

from mailprobe.render.account import Items, Plot, Quote, Table, Text, title
from mailprobe.render.account import sections as words
from mailprobe.render.arrivals import svg

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mailprobe.model.account import IncidentReport
    from mailprobe.render.account import Block
    from mailprobe.render.times import Zone

_PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
 padding: 0 1rem; color: #1b1b1b; background: #ffffff; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; }}
th, td {{ text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top;
 border-bottom: 1px solid #8886; }}
blockquote {{ margin: 1rem 0; padding: .5rem 1rem; border-left: 4px solid #2a9d8f; }}
svg {{ width: 100%; height: auto; }}
@media (prefers-color-scheme: dark) {{
 body {{ color: #e6e6e6; background: #1b1b1b; }}
}}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>"""


def encode(report: IncidentReport, zone: Zone = UTC) -> str:
    """Return the report as a page; text of strangers is escaped, nothing is loaded."""
    parts = []
    for section in words(report, zone):
        parts.append(f"<h2>{escape(section.title)}</h2>")
        for block in section.blocks:
            parts += _block(block, report, zone)
    return _PAGE.format(title=escape(title(report)), body="\n".join(parts))


def _block(block: Block, report: IncidentReport, zone: Zone) -> Iterator[str]:
    match block:
        case Text():
            yield f"<p>{escape(block.text)}</p>"
        case Quote():
            said = f'<blockquote lang="{escape(block.language)}">'
            yield f"{said}{escape(block.text)}</blockquote>"
        case Items():
            items = "".join(f"<li>{escape(item)}</li>" for item in block.items)
            yield f"<ul>{items}</ul>"
        case Table():
            head = _row(block.heads, "th") if any(block.heads) else ""
            yield f"<table>{head}{''.join(_row(row) for row in block.rows)}</table>"
        case Plot():
            yield svg(report.points, zone)


def _row(cells: Iterable[str], tag: str = "td") -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"
