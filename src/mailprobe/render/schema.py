"""The JSON Schema of ``mailprobe/1``, made from the report classes themselves."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, make_dataclass
from datetime import datetime
from types import UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from mailprobe.model.account import IncidentReport
from mailprobe.model.answer import History, IncidentList, StatusReport
from mailprobe.model.bookmark import Bookmark, Sentinel
from mailprobe.model.failure import Failure, Phase
from mailprobe.model.report import ProberFacts, Report
from mailprobe.model.target import Security
from mailprobe.model.verdict import Blame, Check, Finding, Status
from mailprobe.render.json import COMPUTED, SCHEMA, SHARED
from mailprobe.render.subject import PROBES

_ABOUT: Final = """\
A check by the {} probe.

Attributes:
    asked: The target as the list of a sweep has it: a line for such a list.
"""
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


@dataclass
class EndpointDocument:
    """One service on one host."""

    host: str
    port: int
    security: Security


@dataclass
class MailboxDocument:
    """A mailbox without its secrets; services are null where they were left open."""

    address: str
    imap: EndpointDocument | None
    smtp: EndpointDocument | None
    auth: str | None


@dataclass
class MxTargetDocument:
    """Who takes mail for a domain."""

    domain: str
    connect: bool


@dataclass
class SmtpTargetDocument(EndpointDocument):
    """An SMTP service; with a mailbox, the login is tried as well."""

    mailbox: MailboxDocument | None


@dataclass
class ImapTargetDocument:
    """An IMAP service; host, port and security are null where they were left open."""

    host: str | None
    port: int | None
    security: Security | None
    mailbox: MailboxDocument | None


@dataclass
class TripTargetDocument:
    """A mail sent by one mailbox and awaited in another (or the same)."""

    sender: MailboxDocument
    recipient: MailboxDocument


@dataclass
class ProviderTargetDocument:
    """A whole provider, by preset name or by domain."""

    name: str
    mailbox: MailboxDocument | None


@dataclass
class DispatchTargetDocument:
    """One canary mail; without a mailbox it goes to the recipient's MX hosts."""

    token: str
    sender: str
    recipient: str
    mailbox: MailboxDocument | None


@dataclass
class VisitTargetDocument:
    """
    A mailbox to be visited, and what is looked for there.

    Attributes:
        bookmark: How far it was read at the last visit; null at the first.
        expected: Tokens that are waited for.
        patience: Seconds to wait for them.
        remove: Whether canaries and bounces of ours are removed.
        sentinels: Old mails to be looked for.
    """

    mailbox: MailboxDocument
    bookmark: Bookmark | None
    expected: tuple[str, ...]
    patience: float
    remove: bool
    sentinels: tuple[Sentinel, ...]


@dataclass
class AtDocument:
    """The step that decided."""

    phase: Phase
    peer: str


@dataclass
class StepDocument:
    """
    One timed operation.

    Attributes:
        began_s: Seconds since the probe began.
        took_s: Seconds until the operation ended, well or badly.
        optional: The conversation goes on without it.
    """

    phase: Phase
    peer: str
    began_s: float | None
    took_s: float | None
    failure: Failure | None
    seen: tuple[str, ...]
    optional: bool


@dataclass
class VerdictDocument:
    """What the facts mean."""

    status: Status
    blame: Blame | None
    at: AtDocument | None
    why: str
    advice: str
    findings: tuple[Finding, ...]
    verdict_rule: str


@dataclass
class AvailabilitiesDocument:
    """The four functions of a mail service; null: not tested."""

    submit: VerdictDocument | None
    accept: VerdictDocument | None
    deliver: VerdictDocument | None
    read: VerdictDocument | None


TARGETS: Final[dict[str, type]] = {
    "mx": MxTargetDocument,
    "smtp": SmtpTargetDocument,
    "imap": ImapTargetDocument,
    "tls": EndpointDocument,
    "round_trip": TripTargetDocument,
    "dispatch": DispatchTargetDocument,
    "visit": VisitTargetDocument,
    "provider": ProviderTargetDocument,
}


ANSWERS: Final[dict[str, type]] = {
    "status": StatusReport,
    "history": History,
    "incidents": IncidentList,
    "report": IncidentReport,
}


def schema() -> dict[str, Any]:
    """
    Return the JSON Schema (2020-12) of every document that is written.

    Unknown keys are allowed everywhere, since keys are only ever added.
    """
    import msgspec  # noqa: PLC0415 - only whoever asks for the schema pays for it

    types = _Documents(Annotated[datetime, msgspec.Meta(tz=True)]).all()
    return _whole(types, "One check by mailprobe: the facts and the verdict.")


def answers_schema() -> dict[str, Any]:
    """Return the JSON Schema of every answer from a ledger; see `schema`."""
    import msgspec  # noqa: PLC0415 - only whoever asks for the schema pays for it

    types = _Documents(Annotated[datetime, msgspec.Meta(tz=True)]).answers()
    return _whole(types, "One answer from the ledger of a monitor.")


def _whole(types: list[type], about: str) -> dict[str, Any]:
    import msgspec  # noqa: PLC0415

    refs, components = msgspec.json.schema_components(
        types, ref_template="#/$defs/{name}"
    )
    return {
        "$schema": DIALECT,
        "title": SCHEMA,
        "description": about,
        "oneOf": list(refs),
        "$defs": dict(sorted(components.items())),
    }


class _Documents:
    """Report classes turned into the classes of what is written."""

    def __init__(self, time: object) -> None:
        self._time = time
        self._made: dict[type, type] = {}

    def all(self) -> list[type]:
        """Return one class per probe; a provider's comes last and holds the others."""
        return [self._check(report, probe) for report, probe in PROBES.items()]

    def answers(self) -> list[type]:
        """Return one class per answer."""
        return [self._answer(name, of) for name, of in ANSWERS.items()]

    def _answer(self, name: str, of: type) -> type:
        fixed = [("schema", Literal["mailprobe/1"]), ("answer", Literal[name])]
        return make_dataclass(
            f"{name.title()}Answer",
            [*fixed, *self._fields(of)],
            namespace={"__doc__": of.__doc__},
        )

    def _check(self, report: type[Report], probe: str) -> type:
        name = "".join(word.title() for word in probe.split("_")) + "Check"
        four = self._written(AvailabilitiesDocument)
        made = make_dataclass(
            name,
            [
                ("schema", Literal["mailprobe/1"]),
                ("probe", Literal[probe]),
                ("target", self._written(TARGETS[probe])),
                ("started_at", self._time),
                ("duration_s", float | None),
                *self._fields(VerdictDocument),
                ("steps", self._written(tuple[StepDocument, ...])),
                ("earlier", self._written(tuple[Failure, ...])),
                ("facts", self._facts(report, f"{name}Facts")),
                ("prober", self._written(ProberFacts)),
                # Left out where there is nothing to say.
                ("asked", str, field(default="")),
                ("availabilities", four, field(default=None)),
                ("transcript", tuple[str, ...], field(default=())),
            ],
            namespace={"__doc__": _ABOUT.format(probe)},
        )
        self._made[report] = made
        return made

    def _facts(self, report: type[Report], name: str) -> type:
        own = self._fields(report, without=SHARED)
        for computed in COMPUTED.get(report, ()):
            getter = getattr(report, computed).fget
            own.append((computed, get_type_hints(getter)["return"]))
        return make_dataclass(name, own, namespace={"__doc__": report.__doc__})

    def _fields(
        self, cls: type, without: frozenset[str] = frozenset()
    ) -> list[tuple[str, Any]]:
        hints = get_type_hints(cls)
        return [
            (f.name, self._written(hints[f.name]))
            for f in fields(cls)
            if f.name not in without
        ]

    def _written(self, hint: Any) -> Any:  # noqa: ANN401 - type forms have no type
        """Return the type that values of type *hint* are written as."""
        origin, parts = get_origin(hint), get_args(hint)
        if hint is datetime:
            return self._time
        if origin is Check:
            return self._made[parts[0]]
        if origin in (Union, UnionType):
            return Union[tuple(self._written(part) for part in parts)]  # noqa: UP007
        if origin is tuple:
            inner = [part if part is ... else self._written(part) for part in parts]
            return tuple[tuple(inner)]  # type: ignore[misc]
        if isinstance(hint, type) and origin is None and is_dataclass(hint):
            return self._all_fields(hint)
        return hint

    def _all_fields(self, cls: type) -> type:
        """Every key is always written, though the dataclass may have a default."""
        if cls not in self._made:
            self._made[cls] = make_dataclass(
                cls.__name__, self._fields(cls), namespace={"__doc__": cls.__doc__}
            )
        return self._made[cls]
