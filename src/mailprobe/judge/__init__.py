"""Facts in, verdicts out: pure rules in ordered tables."""

from mailprobe.judge.rules import RULES, judge

__all__ = ["RULES", "judge"]
