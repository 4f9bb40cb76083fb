"""Verdicts in words: pure functions from a check to text. They never judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mailprobe.model.report import Report
from mailprobe.model.verdict import Check
from mailprobe.render import json, nagios, text

FORMATS: Final[Mapping[str, Callable[[Check[Report]], str]]] = {
    "text": text.encode,
    "json": json.encode,
    "nagios": nagios.encode,
}
"""Each output format by name; the text ends without a newline."""
