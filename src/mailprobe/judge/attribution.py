"""
Many checks, one culprit: what siblings and controls say that one check cannot.

Pure. A login that is refused proves little by itself; a login that is refused
while its siblings pass proves that the account is to blame.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mailprobe.judge.case import subject
from mailprobe.model.failure import Kind
from mailprobe.model.verdict import Blame, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailprobe.model.report import Report
    from mailprobe.model.verdict import Check

_BAD: Final = frozenset({Status.DOWN, Status.UNKNOWN})
EVIDENCE_MAX: Final = 20  # observations listed; beyond that the pattern is clear


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """
    One check, and whose service it looked at.

    Attributes:
        check: The check.
        party: The provider, by the id of its preset or its domain.
        platform: The shared platform it runs on; empty if none is known.
        account: The canary that was used; empty without one.
        control: It looked at a target that is expected to work, only to see
            whether anything can be seen from here.
    """

    check: Check[Report]
    party: str
    platform: str = ""
    account: str = ""
    control: bool = False

    @property
    def bad(self) -> bool:
        """Whether the check did not find a working service."""
        return self.check.status in _BAD

    @property
    def kind(self) -> Kind | None:
        """What kind of failure decided it."""
        failure = self.check.verdict.failure
        return failure.kind if failure else None

    @property
    def said(self) -> str:
        """The observation as one line of evidence."""
        who = f" as {self.account}" if self.account else ""
        what = f" ({self.kind})" if self.kind else ""
        return f"{subject(self.check.report)}{who}: {self.check.status}{what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """
    Who is to blame for some of the checks, and what decided it.

    Attributes:
        blame: Whose fault it is.
        culprit: Its name: a platform, a provider, an account, or "this network".
        why: One sentence.
        evidence: The observations that decided, bad ones first.
    """

    blame: Blame
    culprit: str
    why: str
    evidence: tuple[str, ...]


def attribute(observations: Iterable[Observation]) -> tuple[Attribution, ...]:
    """
    Name the culprits behind a set of checks made at about the same time.

    Returns:
        One attribution for each culprit; empty if nothing is wrong.
    """
    seen = tuple(observations)
    if _blind(seen):
        return (_vantage(seen),)
    targets = [one for one in seen if not one.control]
    accounts, rest = _accounts(targets)
    return (*accounts, *_platforms(rest, targets))


def _blind(seen: Sequence[Observation]) -> bool:
    """Whether everything fails everywhere, which is no provider's fault."""
    controls = [one for one in seen if one.control]
    if controls:
        return all(one.bad for one in seen)
    # Without a control it takes three strangers to all fail at once.
    strangers = {one.platform or one.party for one in seen}
    return len(strangers) > 2 and all(one.bad for one in seen)  # noqa: PLR2004


def _vantage(seen: Sequence[Observation]) -> Attribution:
    controls = any(one.control for one in seen)
    what = "the control targets and " if controls else ""
    return Attribution(
        blame=Blame.VANTAGE,
        culprit="this network",
        why=f"Nothing can be reached from here, {what}{_parties(seen)} alike: "
        "our own network, resolver or address is at fault.",
        evidence=_evidence(seen),
    )


def _accounts(
    targets: Sequence[Observation],
) -> tuple[list[Attribution], list[Observation]]:
    """Tell refused accounts whose siblings pass from refusals of everybody."""
    refused: dict[str, list[Observation]] = defaultdict(list)
    passing: dict[str, list[Observation]] = defaultdict(list)
    for one in targets:
        if one.kind is Kind.AUTH_REFUSED:
            refused[one.party].append(one)
        elif one.account and not one.bad:
            passing[one.party].append(one)
    found = []
    explained: set[int] = set()
    for party, bad in refused.items():
        siblings = [
            one
            for one in passing[party]
            if one.account not in {other.account for other in bad}
        ]
        if not siblings:
            continue
        for account in sorted({one.account for one in bad}):
            mine = [one for one in bad if one.account == account]
            explained.update(map(id, mine))
            found.append(
                Attribution(
                    blame=Blame.ACCOUNT,
                    culprit=account,
                    why=f"{account} is refused while {_accounts_of(siblings)} of "
                    f"{party} can log in: its own password or state is at fault.",
                    evidence=_evidence([*mine, *siblings]),
                )
            )
    return found, [one for one in targets if id(one) not in explained]


def _platforms(
    rest: Sequence[Observation], targets: Sequence[Observation]
) -> list[Attribution]:
    """Blame the platform for what its brands suffer alike, else each provider."""
    bad = [one for one in rest if one.bad]
    groups: dict[str, list[Observation]] = defaultdict(list)
    for one in bad:
        groups[one.platform or one.party].append(one)
    found = []
    for name, members in groups.items():
        alike: dict[Kind | None, set[str]] = defaultdict(set)
        for one in members:
            alike[one.kind].add(one.party)
        if any(len(parties) > 1 for parties in alike.values()):
            found.append(_shared(name, members))
            continue
        for party in sorted({one.party for one in members}):
            mine = [one for one in members if one.party == party]
            found.append(_provider(party, mine, targets))
    return found


def _shared(platform: str, members: Sequence[Observation]) -> Attribution:
    return Attribution(
        blame=Blame.PROVIDER,
        culprit=platform,
        why=f"{_parties(members)} fail alike, and share the platform {platform}: "
        "it is one incident of the platform.",
        evidence=_evidence(members),
    )


def _provider(
    party: str, mine: Sequence[Observation], targets: Sequence[Observation]
) -> Attribution:
    others = [one for one in targets if one.party != party and not one.bad]
    refused = [one for one in mine if one.kind is Kind.AUTH_REFUSED]
    accounts = {one.account for one in refused}
    blames = {one.check.blame for one in mine}
    if len(accounts) > 1:
        why = f"{_accounts_of(refused)} of {party} are all refused at once: passwords "
        why += "do not go wrong together, so the provider is at fault."
        blame = Blame.PROVIDER
    elif Blame.PROVIDER in blames:
        beside = (
            f", while {_parties(others)} can be reached from here" if others else ""
        )
        why = f"{party} fails{beside}: the provider is at fault."
        blame = Blame.PROVIDER
    else:
        blame = mine[0].check.blame or Blame.UNCLEAR
        why = mine[0].check.why
    return Attribution(
        blame=blame, culprit=party, why=why, evidence=_evidence([*mine, *others])
    )


def _parties(seen: Iterable[Observation]) -> str:
    return _joined(sorted({one.party for one in seen if not one.control}))


def _accounts_of(seen: Iterable[Observation]) -> str:
    return _joined(sorted({one.account for one in seen}))


def _joined(names: list[str]) -> str:
    if len(names) < 2:  # noqa: PLR2004 - one name needs no "and"
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _evidence(seen: Sequence[Observation]) -> tuple[str, ...]:
    ranked = sorted(seen, key=lambda one: not one.bad)
    return tuple(one.said for one in ranked)[:EVIDENCE_MAX]
