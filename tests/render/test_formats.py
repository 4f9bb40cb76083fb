"""The table of formats."""

from __future__ import annotations

import pytest

from mailprobe.model.report import ProberFacts, Report
from mailprobe.render import FORMATS
from mailprobe.render.subject import narrow
from tests.render.samples import SAMPLES, STARTED, TOKEN


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_takes_every_check(name: str) -> None:
    """Each format renders each kind of check, and ends without a newline."""
    for make in SAMPLES.values():
        written = FORMATS[name](make())
        assert written
        assert not written.endswith("\n")
        assert TOKEN not in written


def test_foreign_report() -> None:
    """A report that no probe makes is refused by name."""
    prober = ProberFacts(version="0", ehlo_name="")
    foreign = Report(started_at=STARTED, duration=0, prober=prober, steps=())
    with pytest.raises(TypeError, match="Report is not the report of a probe"):
        narrow(foreign)
