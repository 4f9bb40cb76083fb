"""How much work a function does, counted rather than timed."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


def steps(function: Callable[[bytes], object], data: bytes) -> int:
    """Count the calls, of Python and of C, that *function* makes."""
    count = 0

    def called(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    function(data)  # caches are filled once, and are no part of the work
    before = sys.getprofile()
    gc.collect()
    gc.disable()  # whoever listens to collections would be counted as well
    sys.setprofile(called)
    try:
        function(data)
    finally:
        sys.setprofile(before)
        gc.enable()
    return count
