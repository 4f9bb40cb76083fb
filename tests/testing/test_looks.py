"""Looks that are shared through files: who looks, and what is believed."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mailprobe.judge import judge
from mailprobe.judge.provider import judge_provider
from mailprobe.model.failure import Failure, Kind, Phase
from mailprobe.model.provider import Catalogue
from mailprobe.model.report import ImapReport, ProberFacts, ProviderReport, Step
from mailprobe.model.target import ImapTarget, ProviderTarget
from mailprobe.model.verdict import Check
from mailprobe.testing.demand import Subject
from mailprobe.testing.looks import AGAIN_MAX, KEPT, Looks

if TYPE_CHECKING:
    from collections.abc import Callable

POSTA = Subject(label="posta", provider="posta", mailbox="ada", functions=("read",))
FACTS = ProberFacts(version="0", ehlo_name="probe.test")


@dataclass
class Sky:
    """A provider whose IMAP works or fails, and that counts who looks."""

    kind: Kind | None = None
    asked: int = 0
    age: float = 0.0
    during: Callable[[], None] = field(default=lambda: None)

    def probe(self, subject: Subject) -> Check[ProviderReport]:
        """Look."""
        self.asked += 1
        self.during()
        at = datetime.now(UTC) - timedelta(seconds=self.age)
        failure = Failure(kind=self.kind, phase=Phase.LOGIN) if self.kind else None
        step = Step(
            phase=Phase.LOGIN, peer="imap:993", began=0, took=0, failure=failure
        )
        imap = ImapReport(
            started_at=at,
            duration=0.1,
            prober=FACTS,
            steps=(step,),
            target=ImapTarget(None, "imap"),
        )
        return judge_provider(
            ProviderReport(
                started_at=at,
                duration=0.1,
                prober=FACTS,
                steps=(),
                target=ProviderTarget(subject.provider),
                imap=(judge(imap),),
            )
        )


@pytest.fixture
def sky() -> Sky:
    """A provider that works."""
    return Sky()


def _looks(
    folder: Path,
    sky: Sky,
    *,
    session: str = "one",
    setting: str = "",
    lifetime: float = 60,
) -> Looks:
    return Looks(
        folder,
        session=session,
        setting=setting,
        presets=Catalogue(),
        probe=sky.probe,
        lifetime=lifetime,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def test_processes_of_a_session_share_a_look(tmp_path: Path, sky: Sky) -> None:
    """Whoever comes second waits for the first one's look, and uses it."""
    halls = [_looks(tmp_path, sky) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        looks = list(pool.map(lambda looks: looks.first(POSTA), halls))
    assert sky.asked == 1
    assert len({look.began for look in looks}) == 1


def test_bad_news_serve_their_session(tmp_path: Path, sky: Sky) -> None:
    """A bad look is made once for a session, and anew for the next."""
    sky.kind = Kind.IMAP_BYE
    _looks(tmp_path, sky).first(POSTA)
    assert not _looks(tmp_path, sky).first(POSTA).well
    assert sky.asked == 1
    _looks(tmp_path, sky, session="two").first(POSTA)
    assert sky.asked == 2


@pytest.mark.parametrize(("age", "asked"), [(0, 1), (59, 1), (61, 2), (-30, 2)])
def test_good_news_serve_the_next_session_for_a_time(
    tmp_path: Path, sky: Sky, age: float, asked: int
) -> None:
    """A good look is believed while it is young; one from the future never is."""
    sky.age = age
    _looks(tmp_path, sky).first(POSTA)
    _looks(tmp_path, sky, session="two").first(POSTA)
    assert sky.asked == asked


def test_what_a_session_believed_stays_its_own(tmp_path: Path, sky: Sky) -> None:
    """A look that was taken over serves all of the session, however long it lasts."""
    sky.age = 59
    _looks(tmp_path, sky).first(POSTA)
    _looks(tmp_path, sky, session="two").first(POSTA)
    _looks(tmp_path, sky, session="two", lifetime=0).first(POSTA)
    assert sky.asked == 1


def test_other_settings_are_other_looks(tmp_path: Path, sky: Sky) -> None:
    """What was seen with one set of settings says nothing of another."""
    _looks(tmp_path, sky).first(POSTA)
    _looks(tmp_path, sky, setting="changed").first(POSTA)
    assert sky.asked == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '{"session": "one"}'])
def test_a_file_that_cannot_be_read_is_no_look(
    tmp_path: Path, sky: Sky, text: str
) -> None:
    """A broken or foreign file is looked past."""
    _looks(tmp_path, sky).first(POSTA)
    (path,) = tmp_path.glob("*.json")
    path.write_text(text, "utf-8")
    assert _looks(tmp_path, sky).first(POSTA).well
    assert sky.asked == 2


def test_a_look_after_a_failure_is_new(tmp_path: Path, sky: Sky) -> None:
    """After a failure nobody believes what was seen before it."""
    looks = _looks(tmp_path, sky)
    looks.first(POSTA)
    sky.kind = Kind.IMAP_BYE
    failed = _now()
    look = looks.after(POSTA, failed)
    assert not look.well
    assert look.began >= failed
    assert looks.first(POSTA) == look


def test_another_process_may_have_looked_already(tmp_path: Path, sky: Sky) -> None:
    """A look that somebody made since the failure will do."""
    failed = _now()
    _looks(tmp_path, sky).first(POSTA)
    _looks(tmp_path, sky).after(POSTA, failed)
    assert sky.asked == 1


def test_looks_after_failures_are_counted_together(tmp_path: Path, sky: Sky) -> None:
    """All processes of a session share one budget; what is left is an old look."""
    for _ in range(AGAIN_MAX):
        _looks(tmp_path, sky).after(POSTA, _now())
    failed = _now()
    look = _looks(tmp_path, sky).after(POSTA, failed)
    assert sky.asked == AGAIN_MAX
    assert look.again == AGAIN_MAX
    assert look.began < failed


def test_a_refused_account_is_not_tried_again(tmp_path: Path, sky: Sky) -> None:
    """After a refused login, the session keeps to what it saw."""
    sky.kind = Kind.AUTH_REFUSED
    looks = _looks(tmp_path, sky)
    first = looks.first(POSTA)
    assert looks.after(POSTA, _now()) == first
    assert sky.asked == 1


def test_an_outage_has_a_beginning(tmp_path: Path, sky: Sky) -> None:
    """While it lasts, an outage began when it was first seen; then it is forgotten."""
    looks = _looks(tmp_path, sky)
    sky.kind = Kind.IMAP_BYE
    first = looks.first(POSTA)
    second = looks.after(POSTA, _now())
    assert second.began > first.began
    assert dict(second.since) == {"read": first.began}
    sky.kind = None
    assert dict(looks.after(POSTA, _now()).since) == {}


def test_a_look_that_cannot_be_made_leaves_nothing(tmp_path: Path, sky: Sky) -> None:
    """An error goes to the caller, and the next one may try again."""

    def fail() -> None:
        raise LookupError

    sky.during = fail
    looks = _looks(tmp_path, sky)
    with pytest.raises(LookupError):
        looks.first(POSTA)
    sky.during = lambda: None
    assert looks.first(POSTA).well


def test_names_are_those_of_the_caller(tmp_path: Path, sky: Sky) -> None:
    """A shared look is told under the name that was asked for."""
    looks = _looks(tmp_path, sky)
    looks.first(POSTA)
    other = replace(POSTA, label="ada@posta.test")
    assert looks.first(other).subject == other
    assert sky.asked == 1


def test_what_is_known_is_not_looked_for(tmp_path: Path, sky: Sky) -> None:
    """Asking what was seen so far makes no look."""
    looks = _looks(tmp_path, sky)
    assert looks.known([POSTA]) == []
    looks.first(POSTA)
    assert [look.subject for look in looks.known([POSTA])] == [POSTA]
    assert sky.asked == 1


def test_old_files_are_tidied_away(tmp_path: Path, sky: Sky) -> None:
    """Files that nobody reads any more do not pile up; those in use stay."""
    _looks(tmp_path, sky).first(POSTA)
    old = tmp_path / "old.json"
    old.touch()
    past = time.time() - KEPT - 60
    os.utime(old, (past, past))
    _looks(tmp_path, sky)
    assert not old.exists()
    assert len(list(tmp_path.iterdir())) == 2


def test_only_we_may_read_them(tmp_path: Path, sky: Sky) -> None:
    """The files are for their owner alone."""
    _looks(tmp_path, sky).first(POSTA)
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}
