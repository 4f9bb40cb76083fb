"""Every piece of Python that the documentation shows, run as it is shown."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mailprobe
from mailprobe import providers
from mailprobe.cli.lab import write_settings
from mailprobe.config import Config
from mailprobe.lab import outage
from mailprobe.monitor.settings import read_plan
from tests.examples import (
    answers,
    answers_page,
    dispatch_and_visit,
    first_check,
    ledger,
    many,
    monitor,
    no_preset,
    oauth2,
    read_verdict,
    round_trip,
    several,
)
from tests.monitor import outages
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from mailprobe.lab import ThreadedLab
    from tests.testing.inner import Inner

pytest_plugins = ["pytester", "tests.testing.inside"]

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOML = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTION = re.compile(
    r"^# --8<-- \[start:example\]\n(.*?)^# --8<-- \[end:example\]$",
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture
def options(lab_world: ThreadedLab) -> dict[str, Any]:
    """What a prober must be told to look into the lab."""
    return prober_options_for(lab_world)


def shown(name: str) -> str:
    """Return the part of an example file that the documentation shows."""
    found = SECTION.search((HERE / name).read_text("utf-8"))
    assert found is not None
    return found[1].strip()


def toml(page: str) -> str:
    """Return the one TOML block of a how-to page."""
    (block,) = TOML.findall((ROOT / "docs/how-to" / page).read_text("utf-8"))
    return str(block)


def test_readme_shows_the_first_check() -> None:
    """The README's Python is the example that is run here, letter for letter."""
    blocks = FENCE.findall((ROOT / "README.md").read_text("utf-8"))
    assert [block.strip() for block in blocks] == [shown("first_check.py")]


def test_pages_show_only_examples() -> None:
    """No page has Python of its own: all of it is included from this folder."""
    for page in (ROOT / "docs").rglob("*.md"):
        for block in FENCE.findall(page.read_text("utf-8")):
            name = re.fullmatch(r'--8<-- "tests/examples/(\w+\.py):example"\n', block)
            assert name is not None, f"{page}: {block}"
            assert shown(name[1])


def test_configuration_page(tmp_path: Path) -> None:
    """The mailprobe.toml of the how-to is read without complaint."""
    file = tmp_path / "mailprobe.toml"
    file.write_text(toml("configuration.md"), "utf-8")
    config = Config.load(file)
    assert [box.name for box in config.mailboxes] == ["canary", "office", "google"]


def test_preset_page(tmp_path: Path) -> None:
    """The preset of the how-to is read without complaint."""
    file = tmp_path / "example.toml"
    file.write_text(toml("provider-without-preset.md"), "utf-8")
    assert providers.load(file).get("example.org").id == "example"


@pytest.mark.asyncio
async def test_first_check(
    options: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """The first check prints the verdict and every MX host."""
    async with mailprobe.Prober(**options) as prober:
        await first_check.look(prober, "libero.test")
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("ok ")
    assert any(".libero.test [" in line for line in said[1:])


@pytest.mark.asyncio
async def test_answers_page(tmp_path: Path) -> None:
    """What the page on answers shows is what the commands print."""
    made = await answers_page.outputs(tmp_path)
    assert answers_page.shown() == {name: f"{text}\n" for name, text in made.items()}


@pytest.mark.asyncio
async def test_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An importer gets the same answers."""
    made = outages.built
    where = await asyncio.to_thread(made, tmp_path / "ledger.db")
    await answers.main(str(where))
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("unknown The monitor has not looked")
    assert said[1] == "2023-01-22-italiaonline closed provider"
    assert said[2] == "119 mails were late"
    assert len(said) == 5


@pytest.mark.asyncio
async def test_ledger(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The ledger knows what became of the mail, and is sound."""
    monkeypatch.chdir(tmp_path)
    await ledger.main()
    said = capsys.readouterr().out.splitlines()
    assert "in_flight" in said[0]
    assert "accepted=1" in said[1]
    assert said[2] == "True"


def test_monitor_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mailprobe.toml of the how-to is a plan: its routes, windows and channels."""
    monkeypatch.setenv("MAILPROBE_CANARY_KEY", "0" * 64)
    for name in ("LIBERO1", "LIBERO2", "VIRGILIO", "OFFICE"):
        monkeypatch.setenv(f"{name}_PASSWORD", name)
    file = tmp_path / "mailprobe.toml"
    file.write_text(toml("monitor.md"), "utf-8")
    plan = read_plan(Config.load(file))
    assert len(plan.routes) == 4 * 4 + 2
    assert {cohort.party.platform for cohort in plan.cohorts} == {
        "italiaonline",
        "our office",
    }
    assert len(plan.maintenance) == len(plan.notify) == 1


@pytest.mark.asyncio
async def test_monitor(
    lab_world: ThreadedLab,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A program of one's own watches, and says how many canaries work."""
    monkeypatch.chdir(tmp_path)
    settings = write_settings(lab_world, tmp_path)
    text = settings.read_text("utf-8").replace("look_every = 30", "look_every = 1")
    settings.write_text(text, "utf-8")
    wait_for = asyncio.wait_for
    monkeypatch.setattr(asyncio, "wait_for", lambda work, _: wait_for(work, 2.0))
    await monitor.main()
    assert "libero-test accept " in capsys.readouterr().out


@pytest.mark.asyncio
async def test_round_trip(
    lab_world: ThreadedLab,
    options: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The round trip says how long the mail took and where it landed."""
    sender = lab_world.mailbox("ada@libero.test")
    recipient = lab_world.mailbox("bob@virgilio.test")
    async with mailprobe.Prober(**options) as prober:
        await round_trip.travel(prober, sender, recipient)
    said = capsys.readouterr().out
    assert said.startswith("ok ")
    assert "seen after" in said
    assert "in inbox" in said


@pytest.mark.asyncio
async def test_dispatch_and_visit(
    lab_world: ThreadedLab,
    options: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What was handed over is seen at the later visit."""
    key = bytes(32)
    async with mailprobe.Prober(**options, canary_key=key) as prober:
        await dispatch_and_visit.send_and_look(
            key,
            prober,
            lab_world.mailbox("ada@libero.test"),
            lab_world.mailbox("bob@virgilio.test"),
        )
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("accepted ")
    assert said[1].startswith("inbox, stored at ")
    assert said[2] == "0 missing"


@pytest.mark.asyncio
async def test_read_verdict(options: dict[str, Any]) -> None:
    """The sentence for callers follows from status and blame."""
    async with mailprobe.Prober(**options) as prober:
        well = await prober.mx("libero.test")
        ill = await prober.mx("no-such-domain.test")
    assert read_verdict.sentence(well) == "All is well."
    assert ill.why in read_verdict.sentence(ill)


@pytest.mark.asyncio
async def test_several(options: dict[str, Any]) -> None:
    """Each of several domains gets its own status."""
    domains = ["libero.test", "virgilio.test"]
    async with mailprobe.Prober(**options) as prober:
        found = await several.look_at_all(prober, domains)
    assert found == dict.fromkeys(domains, "ok")


@pytest.mark.asyncio
async def test_many(options: dict[str, Any]) -> None:
    """Only the domain that is not well is told, with its reason."""
    domains = ["libero.test", "no-such-domain.test", "posta.test"]
    async with mailprobe.Prober(**options) as prober:
        found = await many.unwell(prober, domains)
    assert list(found) == ["no-such-domain.test"]
    assert "does not exist" in found["no-such-domain.test"]


@pytest.mark.asyncio
async def test_no_preset(lab_world: ThreadedLab, options: dict[str, Any]) -> None:
    """A mailbox described by hand can be opened."""
    known = lab_world.mailbox("ada@libero.test")
    assert known.imap is not None
    assert known.password is not None
    box = no_preset.mailbox(known.address, known.password.reveal(), known.imap.host)
    async with mailprobe.Prober(**options) as prober:
        check = await prober.imap(known.imap.host, known.imap.port, security="tls")
    assert check.status is mailprobe.Status.OK
    assert box.password == known.password
    assert box.imap == mailprobe.Endpoint(known.imap.host, 993, "tls")


def test_oauth2() -> None:
    """A mailbox with a token takes its hosts from the preset and has no password."""
    box = oauth2.canary()
    assert box.token is oauth2.fresh_token
    assert box.password is None
    assert box.imap is not None
    assert box.imap.host == "imap.gmail.com"


def test_real_providers(inside: Inner) -> None:
    """Tests that need a real mailbox pass while all is well, and else are skipped."""
    settings = inside.settings.read_text("utf-8")
    inside.settings.write_text(
        settings.replace("[mailbox.ada-posta]", "[mailbox.office]")
    )
    inside.pytester.makepyfile(shown("real_providers.py"))
    inside.run().assert_outcomes(passed=2)
    with inside.lab.fault(*outage("store_down", domain="posta.test")):
        inside.run().assert_outcomes(skipped=2)
