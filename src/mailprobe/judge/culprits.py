"""
Many looks, the fewest culprits: who explains all that passed and all that failed.

Pure. Every look uses our network, our resolver, one or two parts of platforms and
perhaps an account. What passes exonerates what it used. Of all sets of culprits that
explain what failed, the smallest is believed, and the next best says how firmly.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mailprobe.judge.cover import apart, cheapest
from mailprobe.judge.looks import (
    RESOLVING,
    Part,
    cell,
    failed,
    heard,
    parts,
    passed,
    said,
    silent,
)
from mailprobe.model.failure import Kind
from mailprobe.model.incident import NETWORK, RESOLVER
from mailprobe.model.verdict import Blame

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from mailprobe.judge.looks import Place
    from mailprobe.model.sample import Function, Sample

EVIDENCE_MAX: Final = 20  # observations listed; beyond that the pattern is clear
# That two independent things fail at once is taken to be so many times less likely
# than that one does.
RARER: Final = 20.0
# A part that serves some and fails others is half a coincidence.
PARTLY: Final = 0.5
# Between equal explanations, what the checks themselves said; then we rather
# suspect ourselves. Far too little to outweigh half a coincidence.
_AGAINST: Final = 0.004
_OURS: Final = 0.001


class Scope(StrEnum):
    """What kind of thing a culprit is."""

    NETWORK = "network"  # ours; a single port of it if *ways* says so
    RESOLVER = "resolver"  # ours
    PLATFORM = "platform"  # parts of a mail service
    ACCOUNT = "account"  # one canary


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """
    Who explains some of the failures.

    Attributes:
        scope: What kind of thing it is.
        name: A platform, an account, "this network" or "this resolver".
        blame: Whose fault that makes it.
        confidence: From 0 to 1; 0.5 if another explanation is as good.
        parts: For a platform, which of its parts fail.
        way: For our network, the one function whose port is shut; None if it is
            all of it.
        explains: The last failed look at each thing it explains, with the time at
            which that began to fail.
        evidence: The observations that decided, failed ones first.
    """

    scope: Scope
    name: str
    blame: Blame
    confidence: float
    parts: tuple[Part, ...] = ()
    way: Function | None = None
    explains: tuple[Sample, ...] = ()
    evidence: tuple[str, ...] = ()


_OURSELVES: Final = frozenset({Scope.NETWORK, Scope.RESOLVER})
Suspect = tuple[Scope, str, str]
"""A scope, a name and, for what is ours, which stretch of silence it was."""


def explain(
    samples: Iterable[Sample], known: Collection[str] = ()
) -> tuple[Culprit, ...]:
    """
    Find the smallest set of culprits behind looks made at about the same time.

    Only the last look at each thing counts: what passed since does not fail.

    Args:
        samples: The looks, controls among them, in the order in which they came.
        known: Platforms and accounts that are known to fail already; they explain
            more at no cost.

    Returns:
        The culprits, those that explain most first; empty if nothing fails.
    """
    seen = tuple(samples)
    scene = _Scene(_standing(seen), [s for s in seen if heard(s)], frozenset(known))
    if not scene.failures:
        return ()
    found = []
    # Faults that have no suspect in common are looked into one by one.
    for heap in apart(list(scene.causes.values())):
        cost, chosen = cheapest(heap, scene.costs)
        for suspect in sorted(chosen, key=str):
            # Which part of ours it is matters less than that it is ours.
            ours = suspect[0] in _OURSELVES
            same = [one for one in scene.costs if one[0] in _OURSELVES]
            without = same if ours else [suspect]
            other, _ = cheapest(heap, scene.costs, without=without)
            found.append(scene.culprit(suspect, other - cost))
    return tuple(sorted(found, key=lambda one: -len(one.explains)))


def _standing(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    last: dict[tuple[object, ...], Sample] = {}
    for sample in samples:
        if failed(sample) or passed(sample):
            key = (sample.party.platform, sample.function, cell(sample))
            before = last.pop(key, None)
            if before and failed(before) and failed(sample) and before.at < sample.at:
                # It has failed ever since: what passed in between speaks for others.
                sample = replace(sample, at=before.at)  # noqa: PLW2901
            last[key] = sample
    return tuple(last.values())


class _Scene:
    """The looks laid open: who could have caused what, and what that would cost."""

    def __init__(
        self,
        looks: Sequence[Sample],
        answers: Sequence[Sample],
        known: frozenset[str],
    ) -> None:
        self.known = known
        self.failures = [look for look in looks if failed(look)]
        self.passes = [look for look in looks if passed(look)]
        self.works = {(p.account, p.function) for p in self.passes if p.account}
        self.answers = sorted(look.known_at for look in answers)
        self.ways: dict[Function, list[datetime]] = defaultdict(list)
        for look in answers:
            self.ways[look.function].append(look.known_at)
        for times in self.ways.values():
            times.sort()
        self.causes = {
            index: self._suspects(look) for index, look in enumerate(self.failures)
        }
        self.explained: dict[Suspect, list[Sample]] = defaultdict(list)
        for index, suspects in self.causes.items():
            for suspect in suspects:
                self.explained[suspect].append(self.failures[index])
        self.served = self._served()
        self.costs = {
            suspect: self._cost(suspect, failures)
            for suspect, failures in self.explained.items()
        }

    def _suspects(self, look: Sample) -> frozenset[Suspect]:
        found: set[Suspect] = set()
        if not look.control:
            found.update((Scope.PLATFORM, name, "") for name, _ in parts(look))
        if look.account and (look.account, look.function) not in self.works:
            found.add((Scope.ACCOUNT, look.account, ""))
        if silent(look):
            found.update(self._ours(look))
        if look.control and not found:  # it answers badly: no fault of anybody here
            found.add((Scope.PLATFORM, look.party.platform, ""))
        return frozenset(found)

    def _ours(self, look: Sample) -> Iterable[Suspect]:
        """Name what of ours it could be: something that was silent all the while."""
        stretch = _stretch(self.answers, look)
        if stretch is not None:
            yield (Scope.NETWORK, "", str(stretch))
            if look.kind in RESOLVING:
                yield (Scope.RESOLVER, "", str(stretch))
        stretch = _stretch(self.ways.get(look.function, []), look)
        if stretch is not None:
            yield (Scope.NETWORK, look.function.value, str(stretch))

    def _served(self) -> dict[Place, bool]:
        """Say for each failing part whether it served anybody meanwhile."""
        since: dict[Place, Sample] = {}
        for look in self.failures:
            for place in parts(look):
                first = since.get(place)
                if first is None or look.at < first.at:
                    since[place] = look
        served = dict.fromkeys(since, False)
        for look in self.passes:
            for place in parts(look):
                if place in since and look.at >= since[place].at:
                    served[place] = True
        return served

    def _cost(self, suspect: Suspect, failures: Sequence[Sample]) -> float:
        scope, name, _ = suspect
        blames = Counter(look.blame for look in failures)
        usual = max(blames, key=lambda b: blames[b])
        if scope is Scope.PLATFORM:
            cost = 0.0 if name in self.known else 1.0
            if all(self.served[p] for f in failures for p in parts(f) if p[0] == name):
                cost += PARTLY
            return cost + (0.0 if usual is Blame.PROVIDER else _AGAINST)
        if scope is Scope.ACCOUNT:
            if name in self.known:
                return 0.0
            return 1.0 + (0.0 if usual is Blame.ACCOUNT else _AGAINST)
        against = _AGAINST + _OURS if usual is Blame.PROVIDER else 0.0
        # All of our network rather than one port; the resolver where it is enough.
        order = _OURS if name else 0.0 if scope is Scope.RESOLVER else _OURS / 2
        return 1.0 + against + order

    def culprit(self, suspect: Suspect, margin: float) -> Culprit:
        """Say what was found of one suspect."""
        scope, name, _ = suspect
        explains = tuple(self.explained[suspect])
        confidence = 1 - 1 / (1 + RARER ** min(max(margin, 0.0), 2.0))
        if margin < PARTLY / 2:
            confidence = 0.5
        found = {part for f in explains for at, part in parts(f) if at == name}
        names = {Scope.NETWORK: NETWORK, Scope.RESOLVER: RESOLVER}
        way = explains[0].function if scope is Scope.NETWORK and name else None
        if way is not None:
            names[Scope.NETWORK] = f"{NETWORK}, to {way}"
        return Culprit(
            scope=scope,
            name=names.get(scope, name),
            blame=_blame(scope, explains),
            confidence=round(confidence, 3),
            parts=tuple(part for part in Part if part in found),
            way=way,
            explains=explains,
            evidence=self._evidence(scope, name, explains),
        )

    def _evidence(
        self, scope: Scope, name: str, explains: Sequence[Sample]
    ) -> tuple[str, ...]:
        """List failures, then what passed and so clears the other suspects."""
        homes = {look.party.platform for look in explains}
        mine: list[Sample] = []
        others: list[Sample] = []
        for look in self.passes:
            if scope is Scope.PLATFORM:
                near = any(at == name for at, _ in parts(look))
            else:
                near = scope is Scope.ACCOUNT and look.party.platform in homes
            (mine if near else others).append(look)
        lines = [said(look) for look in explains[: EVIDENCE_MAX // 2]]
        lines += [said(look) for look in [*mine[-5:], *others[-5:]]]
        return tuple(lines)[:EVIDENCE_MAX]


def _stretch(answers: Sequence[datetime], look: Sample) -> int | None:
    """Find in which stretch of silence a look fell; None if there was an answer."""
    before = bisect_left(answers, look.at)
    during = bisect_right(answers, look.known_at)
    return before if during <= before else None


def _blame(scope: Scope, explains: Sequence[Sample]) -> Blame:
    if scope is Scope.PLATFORM:
        return Blame.PROVIDER
    if scope is not Scope.ACCOUNT:
        return Blame.VANTAGE
    # A mailbox may be broken by its provider alone; a refused login is its owner's.
    provider = all(look.blame is Blame.PROVIDER for look in explains)
    refused = any(look.kind is Kind.AUTH_REFUSED for look in explains)
    return Blame.PROVIDER if provider and not refused else Blame.ACCOUNT
