"""Conversations side by side, none of which outlives the others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Coroutine

T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")


@overload
async def abreast(
    one: Coroutine[Any, Any, T1],
    two: Coroutine[Any, Any, T2],
    three: Coroutine[Any, Any, T3],
    /,
) -> tuple[T1, T2, T3]: ...
@overload
async def abreast(*work: Coroutine[Any, Any, T1]) -> tuple[T1, ...]: ...
async def abreast(*work: Coroutine[Any, Any, Any]) -> tuple[Any, ...]:
    """
    Do all of it at once; return the results in the order of the arguments.

    Unlike `asyncio.gather` it leaves nothing running when one of them raises,
    and unlike a task group it raises what was raised, not a group of it.
    """
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        left = [task for task in tasks if not task.done()]
        if left:
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
