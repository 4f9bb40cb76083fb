"""What a ``needs_mail`` marker asks for, checked before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from mailprobe.model.errors import ConfigError, UsageError
from mailprobe.model.verdict import Availabilities

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mailprobe.config import Config
    from mailprobe.credentials import Reference
    from mailprobe.model.provider import Preset
    from mailprobe.tables import MailboxSettings

FUNCTIONS: Final = tuple(field.name for field in fields(Availabilities))
"""The four functions of a mail service: submit, accept, deliver, read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """
    What one look is about: a provider, with or without a mailbox there.

    Attributes:
        label: What the marker calls it; it is called so wherever it is named.
        provider: The id of its preset, or its mail domain.
        mailbox: The name in ``mailprobe.toml`` of the mailbox to log in to; empty
            to look from outside only.
        address: The address of that mailbox.
        platform: The shared platform it runs on; empty if none is known.
        functions: What a look can judge of it.
        by_hand: The functions whose services ``mailprobe.toml`` names itself.
    """

    label: str
    provider: str
    mailbox: str = ""
    address: str = ""
    platform: str = ""
    functions: tuple[str, ...] = FUNCTIONS
    by_hand: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """One look serves all subjects with the same key."""
        return f"{self.provider} {self.mailbox}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """
    What one test needs of one provider.

    Attributes:
        subject: Whom it needs.
        functions: Which of the four functions, in their usual order.
    """

    subject: Subject
    functions: tuple[str, ...]


def demand(
    args: tuple[object, ...], kwargs: Mapping[str, object], config: Config
) -> Demand:
    """
    Read the arguments of one marker.

    Raises:
        UsageError: If they cannot be meant; one sentence without a place.
        ConfigError: If ``mailprobe.toml`` lacks what they ask for.
    """
    if kwargs or not args or not all(isinstance(arg, str) for arg in args):
        message = (
            "it takes strings: the name of a provider or of a mailbox, then any of "
            f"{', '.join(FUNCTIONS)}"
        )
        raise UsageError(message)
    name, *functions = map(str, args)
    for function in functions:
        if function not in FUNCTIONS:
            message = f"{function!r} is no function of a mail service{_near(function)}"
            raise UsageError(message)
    found = subject(name, config)
    for function in functions:
        if function not in found.functions:
            raise UsageError(_lacking(found, function, config))
    wanted = set(functions) or set(found.functions)
    return Demand(subject=found, functions=tuple(f for f in FUNCTIONS if f in wanted))


def merged(demands: Iterable[Demand]) -> tuple[Demand, ...]:
    """Return one demand for each label, with all that is asked of it."""
    found: dict[str, Demand] = {}
    for one in demands:
        before = found.get(one.subject.label)
        wanted = {*one.functions, *(before.functions if before else ())}
        found[one.subject.label] = Demand(
            subject=one.subject, functions=tuple(f for f in FUNCTIONS if f in wanted)
        )
    return tuple(found.values())


def subject(name: str, config: Config) -> Subject:
    """
    Find out whom *name* means: a mailbox of ``mailprobe.toml``, or a preset.

    A provider is looked at with the first mailbox that the file has there.

    Raises:
        UsageError: If it is neither; the message names the nearest ones.
        ConfigError: If a preset file cannot be used, or the mailbox has no secret.
    """
    box = _named(name, config)
    if box is None:
        preset, domain = config.catalogue.find(name), name.strip().rstrip(".").lower()
        domains = preset.domains if preset else (domain,)
        box = next((b for b in config.mailboxes if _domain(b) in domains), None)
        if box is None:
            if preset is None:
                raise UsageError(_unknown(name, config))
            return _outside(name, preset)
    _check_secret(box, config)
    preset = config.catalogue.find(_domain(box))
    return Subject(
        label=name,
        provider=preset.id if preset else _domain(box),
        mailbox=box.name,
        address=box.address,
        platform=preset.platform if preset else "",
        by_hand=tuple(f for f, at in (("submit", box.smtp), ("read", box.imap)) if at),
    )


def _outside(name: str, preset: Preset) -> Subject:
    """Describe what can be seen of a provider without a login there."""
    seen = {"submit": preset.smtp, "accept": preset.domains, "read": preset.imap}
    domain = name.strip().rstrip(".").lower()
    aside = domain in preset.domains[1:]  # its MX may be another one's
    return Subject(
        label=name,
        provider=domain if aside else preset.id,
        platform=preset.platform,
        functions=tuple(f for f in FUNCTIONS if seen.get(f)),
    )


def _named(name: str, config: Config) -> MailboxSettings | None:
    for box in config.mailboxes:
        if box.name == name:
            return box
    found = [b for b in config.mailboxes if b.address.lower() == name.lower()]
    return found[0] if found else None


def _domain(box: MailboxSettings) -> str:
    return box.address.rpartition("@")[2].lower()


def _check_secret(box: MailboxSettings, config: Config) -> None:
    """Fetch what can be had without running a command; a command is run when needed."""
    references: dict[str, Reference | None] = {
        "password": box.password,
        "token": box.token,
    }
    given = {key: ref for key, ref in references.items() if ref is not None}
    where = config.document.where if config.document else ".".join
    if not given:
        message = (
            f"{where(('mailbox', box.name))}: has neither password nor token; "
            'add one, such as password = "env:NAME"'
        )
        raise UsageError(message)
    for key, reference in given.items():
        if reference.kind == "command":
            continue
        try:
            reference.resolve()
        except ConfigError as error:
            message = f"{where(('mailbox', box.name, key))}: {error}"
            raise UsageError(message) from None


def _unknown(name: str, config: Config) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    message = ""
    try:
        config.catalogue.get(name)
    except UsageError as error:
        message = str(error)
    known = [word for box in config.mailboxes for word in (box.name, box.address)]
    near = get_close_matches(name, known, n=3)
    if near:
        message += f"; mailprobe.toml has the mailbox {' or '.join(near)}"
    return message


def _near(function: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    near = get_close_matches(function.lower(), FUNCTIONS, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; write any of {', '.join(FUNCTIONS)}"


def _lacking(found: Subject, function: str, config: Config) -> str:
    if function == "deliver":
        preset = config.catalogue.find(found.provider)
        domain = preset.domains[0] if preset and preset.domains else found.provider
        return (
            f"{function} needs a login, and no mailbox at {found.label} is configured; "
            f'add one to mailprobe.toml: [mailbox.NAME] with address = "...@{domain}" '
            'and password = "env:VARIABLE"'
        )
    what = {"submit": "submission service", "accept": "domain", "read": "IMAP service"}
    return (
        f"the preset of {found.label} names no {what[function]}, so {function} cannot "
        "be looked at; name a mailbox of mailprobe.toml that says where it is"
    )
