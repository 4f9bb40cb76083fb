"""One line of the table of verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mailprobe.judge.case import Case
    from mailprobe.model.verdict import Blame, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    One rule.

    Attributes:
        name: A stable name; it stands in the verdict.
        applies_to: The probes it is for; empty for all.
        condition: When it fits, in words.
        when: When it fits, in code.
        status: What it decides.
        blame: Whose fault it is; None when nothing is wrong.
        why: The sentence; ``{peer}``, ``{said}``, ``{waited}`` and other
            attributes of `Case` are filled in.
        advice: What to do next.
        words: Gives further words for the sentence.
    """

    name: str
    applies_to: tuple[str, ...] = ()
    condition: str
    when: Callable[[Case], bool]
    status: Status
    blame: Blame | None
    why: str
    advice: str = ""
    words: Callable[[Case], Mapping[str, object]] | None = None

    def fits(self, case: Case) -> bool:
        """Whether this rule decides the case."""
        name = type(case.report).__name__
        return (not self.applies_to or name in self.applies_to) and self.when(case)

    def sentence(self, case: Case) -> str:
        """Say why, in one sentence."""
        return self.why.format_map(_Words(case, self.words))


class _Words(dict[str, object]):
    """Looks words up in a case, as they are asked for."""

    def __init__(
        self, case: Case, more: Callable[[Case], Mapping[str, object]] | None
    ) -> None:
        super().__init__(more(case) if more else {})
        self._case = case

    def __missing__(self, key: str) -> object:
        return getattr(self._case, key)
