"""No secret shows: through every scenario, at debug logging, in every form."""

from __future__ import annotations

import base64
import json
import logging
import quopri
import secrets
import traceback
import urllib.parse
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from mailprobe import Secret
from mailprobe.lab import Reply
from mailprobe.render import FORMATS
from tests.scenarios import table_imap, table_smtp
from tests.scenarios.scenario import Scenario, play
from tests.scenarios.tables import ALL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mailprobe import Check, ImapReport, Report
    from mailprobe.lab import Fault, ThreadedLab
    from tests.scenarios.scenario import Run

HASTE: Final = 0.15  # seconds of a budget that is used up; no verdict is asked here
ADDRESSES: Final = ("ada@libero.test", "bob@posta.test")
SHIFTS: Final = 3  # places at which a text may begin within groups of base64


@dataclass(frozen=True, slots=True)
class Planted:
    """
    A password and a token that nobody else has.

    Every encoding that keeps letters and digits keeps the *marks* readable;
    base64 is looked for in all its alignments.
    """

    password: str
    token: str
    marks: tuple[str, ...]

    @property
    def traces(self) -> tuple[str, ...]:
        """What must not be found anywhere."""
        whole = (self.password, self.token, *self.marks)
        coded = (form for text in whole for form in _base64(text))
        return (*self.marks, *coded)


def _base64(text: str) -> Iterator[str]:
    raw = text.encode()
    for shift in range(SHIFTS):
        coded = base64.b64encode(b"\0" * shift + raw).decode()
        # What also depends on the neighbours is left out.
        inner = coded[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6]
        yield inner
        yield inner.translate(str.maketrans("+/", "-_"))


@pytest.fixture
def planted(lab_world: ThreadedLab) -> Iterator[Planted]:
    """Give the canaries of the lab secrets that can be recognised."""
    marks = tuple(secrets.token_hex(9) for _ in range(4))
    found = Planted(
        password=f'{marks[0]} "p\u00e4\\s=/+%{marks[1]}',
        token=f"ya29.{marks[2]}+/={marks[3]}",
        marks=marks,
    )
    accounts = [lab_world.store.account(address) for address in ADDRESSES]
    before = [(one.password, one.token) for one in accounts]
    for one in accounts:
        one.password, one.token = found.password, found.token
    yield found
    for one, (password, token) in zip(accounts, before, strict=True):
        one.password, one.token = password, token


@pytest.mark.asyncio
@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)
async def test_no_secret_shows(
    lab_world: ThreadedLab,
    planted: Planted,
    caplog: pytest.LogCaptureFixture,
    scenario: Scenario,
) -> None:
    """Whatever happens, neither password nor token stands in anything that is kept."""
    caplog.set_level(logging.DEBUG)
    check = await play(scenario, lab_world, brief=HASTE)
    assert _found(planted, check, caplog) == []


# How a hostile server may say a secret back.
_FORMS: Final[dict[str, Callable[[str], str]]] = {
    "plain": lambda text: text,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64-of-more": lambda text: base64.b64encode(f"\0me\0{text}".encode()).decode(),
    "urlsafe-base64": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "url": lambda text: urllib.parse.quote(text, safe=""),
    "url-form": urllib.parse.quote_plus,
    "quoted-printable": lambda text: quopri.encodestring(text.encode()).decode(),
    "quoted-printable-header": lambda text: quopri.encodestring(
        text.encode(), header=True
    ).decode(),
    "json": json.dumps,
    "repr": repr,
}
_SUB: Final[dict[str, Any]] = {"service": "submission"}
_IMAP: Final[dict[str, Any]] = {"service": "imap"}
_ECHOES: Final[dict[str, Callable[[str], Fault]]] = {
    "smtp-auth": lambda said: Reply("AUTH", 535, f"5.7.8 bad: {said}", **_SUB),
    "smtp-auth-down": lambda said: Reply("AUTH", 454, f"4.7.0 bad: {said}", **_SUB),
    "smtp-quit": lambda said: Reply("QUIT", 221, f"2.0.0 bye {said}", **_SUB),
    "imap-login": lambda said: Reply("AUTH", "NO", f"[ALERT] bad: {said}", **_IMAP),
    "imap-bye": lambda said: Reply("AUTH", "BYE", f"bad: {said}", **_IMAP),
    "imap-select": lambda said: Reply("EXAMINE", "NO", f"[ALERT] {said}", **_IMAP),
    "imap-id": lambda said: Reply("ID", "BAD", said, **_IMAP),
    "imap-list": lambda said: Reply("LIST", "NO", said, **_IMAP),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("echo", _ECHOES)
@pytest.mark.parametrize("token", [False, True], ids=["password", "token"])
async def test_a_server_that_says_the_secret_back(
    lab_world: ThreadedLab,
    planted: Planted,
    caplog: pytest.LogCaptureFixture,
    echo: str,
    form: str,
    token: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """A secret that the server echoes, in whatever form, is masked."""
    caplog.set_level(logging.DEBUG)
    said = _FORMS[form](planted.token if token else planted.password)
    table = table_imap if echo.startswith("imap") else table_smtp
    scenario = Scenario(
        name=echo,
        how=table.login(token=token),
        faults=(_ECHOES[echo](said),),
        says=("ok", None, None, None),
    )
    check = await play(scenario, lab_world)
    assert _found(planted, check, caplog) == []


@pytest.mark.asyncio
async def test_a_secret_that_cannot_be_sent(
    lab_world: ThreadedLab, planted: Planted, caplog: pytest.LogCaptureFixture
) -> None:
    """A password that no protocol can carry does not show in what goes wrong."""
    caplog.set_level(logging.DEBUG)

    async def how(run: Run) -> Check[ImapReport]:
        broken = Secret(planted.password + "\udcff")
        return await run.prober.imap(
            replace(run.box(), password=broken), timeout=run.timeout
        )

    scenario = Scenario(name="unsendable", how=how, says=("ok", None, None, None))
    check = await play(scenario, lab_world)
    assert check.status == "unknown"
    assert _found(planted, check, caplog) == []


@pytest.mark.parametrize("user", ["a", "ab", "abc"])
@pytest.mark.parametrize("form", _FORMS)
def test_every_form_would_be_noticed(planted: Planted, form: str, user: str) -> None:
    """The search finds each form of both secrets, wherever it begins."""
    for secret in (planted.password, planted.token):
        text = f"{user} " + _FORMS[form](f"{user}{secret}")
        assert any(trace in text for trace in planted.traces)


def _found(
    planted: Planted, check: Check[Report], caplog: pytest.LogCaptureFixture
) -> list[str]:
    """Return where a secret can be read; empty if nowhere."""
    places = {
        "repr": repr(check),
        "target": str(getattr(check.report, "target", "")),
        "transcript": "\n".join(check.report.transcript),
        "log": "\n".join(_logged(record) for record in caplog.records),
        **{name: encode(check) for name, encode in FORMATS.items()},
    }
    return [
        f"{name}: {trace}"
        for name, text in places.items()
        for trace in planted.traces
        if trace in text
    ]


def _logged(record: logging.LogRecord) -> str:
    """Return all that a handler could make of a record, its traceback included."""
    parts = [record.getMessage(), repr(record.args), repr(record.msg)]
    if record.exc_info:
        parts += traceback.format_exception(*record.exc_info)
    return "\n".join(parts)
