"""Bytes, cut into pieces as a network might cut them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterable

cut_points = st.lists(st.integers(min_value=0, max_value=400), max_size=8)


def pieces(data: bytes, points: Iterable[int]) -> list[bytes]:
    """Return *data* cut at these points; empty pieces are left in."""
    edges = [0, *sorted(min(point, len(data)) for point in points), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges)]


def bytewise(data: bytes) -> list[bytes]:
    """Return *data* one byte at a time."""
    return [data[at : at + 1] for at in range(len(data))]
