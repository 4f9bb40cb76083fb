"""Real providers in tests: each promise, in inner sessions against the lab."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from mailprobe.lab import DnsRefused, Refuse, Reply
from mailprobe.testing.looks import AGAIN_MAX
from tests.testing.inner import Inner, add_mailbox, inner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.lab import ThreadedLab

pytest_plugins = ["pytester"]

SCHEMA: Final = (
    Path(__file__).resolve().parents[1] / "docs" / "reference/mailprobe-1.schema.json"
)
UNAVAILABLE: Final = Reply(
    "AUTH", "NO", "[UNAVAILABLE] later", service="imap", domain="posta.test"
)
SENTENCE: Final = r"cannot check logins now \(NO \[UNAVAILABLE\] later\)"


@pytest.fixture
def inside(
    pytester: pytest.Pytester,
    lab_world: ThreadedLab,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Inner]:
    """Inner sessions, whatever settings this machine has."""
    monkeypatch.delenv("MAILPROBE_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    lab_world.reset()
    yield inner(pytester, lab_world)
    lab_world.reset()


TWO: Final = """
    import pytest

    @pytest.mark.needs_mail("ada-posta", "read")
    def test_reads():
        pass

    @pytest.mark.needs_mail("ada-libero", "read")
    def test_elsewhere():
        pass
"""


# --- what an unhealthy provider does ------------------------------------------------


def test_healthy_providers_change_nothing(inside: Inner) -> None:
    """Tests run as ever while all is well, and the summary has a line per provider."""
    inside.pytester.makepyfile(TWO)
    result = inside.run()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "mailprobe: skip if unhealthy: ada-posta (1 test), ada-libero (1 test)",
            "*= mail =*",
            "ada-libero: submit, accept, deliver and read work",
            "ada-posta: submit, accept, deliver and read work",
        ]
    )


def test_an_outage_skips_with_its_sentence(inside: Inner) -> None:
    """By default a test is skipped, with the verdict's sentence, at its own line."""
    file = inside.pytester.makepyfile(TWO)
    with inside.lab.fault(UNAVAILABLE):
        result = inside.run("-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.re_match_lines(
        [
            r"ada-posta: deliver and read are down since \d\d:\d\d \(NO .*",
            rf"  skipped {file.name}::test_reads",
            rf"SKIPPED \[1\] {file.name}:3: ada-posta: read is down: .*{SENTENCE}\.",
        ],
        consecutive=False,
    )


def test_an_outage_fails_if_wanted(inside: Inner) -> None:
    """With fail, a test fails with the verdict's sentence and is not run."""
    file = inside.pytester.makepyfile(TWO)
    with inside.lab.fault(UNAVAILABLE):
        result = inside.run("--mailprobe=fail")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.re_match_lines(
        [
            rf"ada-posta: read is down: .*{SENTENCE}\.",
            rf"  failed {file.name}::test_reads",
        ],
        consecutive=False,
    )
    result.stdout.no_fnmatch_line("*def test_reads*")


def test_an_outage_is_only_reported_if_wanted(inside: Inner) -> None:
    """With report, tests run; one that passes has cost nothing."""
    file = inside.pytester.makepyfile(TWO)
    with inside.lab.fault(UNAVAILABLE):
        result = inside.run("--mailprobe=report")
    result.assert_outcomes(passed=2)
    result.stdout.re_match_lines([r"ada-posta: deliver and read are down since .*"])
    result.stdout.no_fnmatch_line(f"*{file.name}::test_reads*")


def test_the_ini_option_chooses_and_the_command_line_wins(inside: Inner) -> None:
    """The ini option mailprobe sets the mode; --mailprobe sets it for one session."""
    inside.ini(more="mailprobe = fail")
    inside.pytester.makepyfile(TWO)
    with inside.lab.fault(UNAVAILABLE):
        inside.run().assert_outcomes(passed=1, failed=1)
        inside.run("--mailprobe=skip").assert_outcomes(passed=1, skipped=1)


def test_only_the_functions_that_are_needed_count(inside: Inner) -> None:
    """A test that needs only to send is run while nobody can read."""
    inside.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs_mail("ada-posta", "submit", "accept")
        def test_sends():
            pass

        @pytest.mark.needs_mail("ada-posta", "deliver")
        def test_delivery():
            pass
        """
    )
    with inside.lab.fault(UNAVAILABLE):
        result = inside.run("-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.re_match_lines([r"SKIPPED .*: ada-posta: deliver is down: .*"])


def test_our_own_network_excuses(inside: Inner) -> None:
    """What our own resolver prevents excuses a test, and is said to be ours."""
    inside.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs_mail("posta-test", "read")
        def test_reads():
            pass
        """
    )
    with inside.lab.fault(DnsRefused()):
        result = inside.run("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.re_match_lines(
        [
            r"posta-test: .*our own network is at fault.*",
            r"SKIPPED .*: posta-test: read could not be judged: .*",
        ],
        consecutive=False,
    )


def test_sync_async_and_classes_are_excused_alike(inside: Inner) -> None:
    """Markers on functions, classes and modules, sync or async, mean the same."""
    inside.ini(mode="auto")
    inside.pytester.makepyfile(
        """
        import unittest
        import pytest

        pytestmark = pytest.mark.needs_mail("ada-posta", "submit")

        @pytest.mark.needs_mail("ada-posta", "read")
        async def test_coroutine():
            raise AssertionError

        @pytest.mark.needs_mail("ada-posta", "read")
        class TestClass:
            def test_method(self):
                raise AssertionError

        class TestCase(unittest.TestCase):
            @pytest.mark.needs_mail("ada-posta", "read")
            def test_case(self):
                raise AssertionError

        def test_only_sends():
            pass
        """
    )
    with inside.lab.fault(UNAVAILABLE):
        inside.run().assert_outcomes(passed=1, skipped=3)


def test_a_test_that_is_skipped_anyway_is_not_looked_for(inside: Inner) -> None:
    """Nobody looks at a provider for a test that would not run."""
    inside.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.skip(reason="not today")
        @pytest.mark.needs_mail("ada-posta")
        def test_reads():
            pass
        """
    )
    with inside.silence():
        inside.run().assert_outcomes(skipped=1)


# --- red stays red ------------------------------------------------------------------

OURS: Final = """
    import pytest

    @pytest.mark.needs_mail("mine", "read")
    def test_passes():
        pass

    @pytest.mark.needs_mail("mine", "read")
    def test_fails():
        assert False, "seen by the test"
"""


@pytest.mark.parametrize("mode", ["skip", "fail", "report"])
def test_a_refused_account_excuses_nothing(inside: Inner, mode: str) -> None:
    """With a wrong password tests run as ever; a failure says what to mend."""
    add_mailbox(inside, "mine", "carla@posta.test")
    (inside.pytester.path / "carla@posta.test.password").write_text("wrong\n", "utf-8")
    inside.pytester.makepyfile(OURS)
    result = inside.run(f"--mailprobe={mode}")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.re_match_lines(
        [
            r"E .*seen by the test.*",
            (
                r"mine: read could not be judged since .*; the mailbox's own login or "
                r"state is at fault\. This excuses nothing\. To mend it: Check the "
                r"canary's password by hand, once.*"
            ),
            r"mine: not looked at again .*a login was refused.*left alone then",
            r".*= mail =.*",
            r"mine: .*To mend it: Check the canary's password.*",
        ],
        consecutive=False,
    )
    result.stdout.no_fnmatch_line("  * test_*::test_*")


def test_a_refused_account_is_left_alone(inside: Inner) -> None:
    """One refused login for each service is all that a session makes of it."""
    add_mailbox(inside, "mine", "carla@posta.test")
    (inside.pytester.path / "carla@posta.test.password").write_text("wrong\n", "utf-8")
    inside.pytester.makepyfile(OURS)
    before = inside.logins()
    inside.run()
    assert inside.logins() - before == 1


def test_a_swapped_security_mode_excuses_nothing(inside: Inner) -> None:
    """A fault of our own configuration lets the test fail, and says what to mend."""
    at = inside.lab.endpoint("posta.test", "imap", "starttls")
    swapped = f'{{ host = "{at.host}", port = {at.port}, security = "tls" }}'
    add_mailbox(inside, "mine", "carla@posta.test", imap=swapped)
    inside.pytester.makepyfile(OURS)
    result = inside.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.re_match_lines(
        [
            (
                r"mine: read could not be judged .*; our configuration is at fault\. "
                r"This excuses nothing\. To mend it: The security mode seems swapped.*"
            ),
        ]
    )


def test_a_refused_account_is_told_from_its_siblings(inside: Inner) -> None:
    """Where another mailbox can log in, the account is said to be at fault."""
    add_mailbox(inside, "mine", "carla@posta.test")
    (inside.pytester.path / "carla@posta.test.password").write_text("wrong\n", "utf-8")
    inside.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs_mail("ada-posta")
        def test_passes():
            pass

        @pytest.mark.needs_mail("mine", "read")
        def test_fails():
            assert False
        """
    )
    result = inside.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.re_match_lines(
        [
            (
                r"mine: read .*; 1 other mailbox works\. carla@posta\.test is "
                r"refused while ada@posta\.test of posta-test can log in: .*"
            ),
        ]
    )


# --- after a failure ----------------------------------------------------------------


class Breaker:
    """Gives inner tests a fixture with which an outage begins in the lab."""

    def __init__(self, lab: ThreadedLab) -> None:
        self._lab = lab

    @pytest.fixture
    def outage(self) -> None:
        """Break the reading of one domain."""
        self._lab.inject(UNAVAILABLE)

    @pytest.fixture
    def recovery(self) -> None:
        """Mend it."""
        self._lab.withdraw(UNAVAILABLE)


def broken_on_demand(inside: Inner, *args: str) -> pytest.RunResult:
    """Run an inner session whose tests can break the lab."""
    return inside.run(*args, plugins=[Breaker(inside.lab)])


ANNOTATED: Final = {
    "sync": "def test_fails(outage): assert False",
    "fixture": """
@pytest.fixture
def broken(outage): raise RuntimeError
def test_fails(broken): pass
""",
    "unittest": """
class TestCase(__import__("unittest").TestCase):
    def test_fails(self): self.fail()
""",
    "strict": "@pytest.mark.asyncio\nasync def test_fails(outage): assert False",
    "auto": "async def test_fails(outage): assert False",
    "anyio": "@pytest.mark.anyio\nasync def test_fails(outage): assert False",
    "str": "def test_fails(outage): pytest.fail('no', pytrace=False)",
}


@pytest.mark.parametrize("kind", ANNOTATED)
def test_a_failure_while_mail_was_healthy(inside: Inner, kind: str) -> None:
    """A failing test of any kind is told that mail was healthy when it failed."""
    inside.ini(mode="auto" if kind == "auto" else "strict")
    head = "import pytest\npytestmark = pytest.mark.needs_mail('ada-posta', 'read')\n"
    head += "@pytest.fixture\ndef outage(): pass\n"
    head += "@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n"
    inside.pytester.makepyfile(head + ANNOTATED[kind])
    result = inside.run()
    failed = {"errors": 1} if kind == "fixture" else {"failed": 1}
    result.assert_outcomes(**failed)
    result.stdout.re_match_lines(
        [
            r"-+ mailprobe -+",
            r"ada-posta: mail was healthy: the fault is likely yours \(read works\)",
        ],
        consecutive=True,
    )


@pytest.mark.parametrize("kind", [kind for kind in ANNOTATED if kind != "unittest"])
def test_a_failure_while_an_outage_began(inside: Inner, kind: str) -> None:
    """A look is made after the failure: an outage that began meanwhile is seen."""
    inside.ini(mode="auto" if kind == "auto" else "strict", cache="3600")
    head = "import pytest\npytestmark = pytest.mark.needs_mail('ada-posta', 'read')\n"
    head += "@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n"
    inside.pytester.makepyfile(head + ANNOTATED[kind])
    result = broken_on_demand(inside)
    failed = {"errors": 1} if kind == "fixture" else {"failed": 1}
    result.assert_outcomes(**failed)
    result.stdout.re_match_lines(
        [
            r"-+ mailprobe -+",
            r"ada-posta: read is down since \d\d:\d\d \(NO \[UNAVAILABLE\] later\)",
        ],
        consecutive=True,
    )
    result.stdout.re_match_lines([r"  failed .*::test_fails"])


def test_other_mailboxes_agree(inside: Inner) -> None:
    """Mailboxes that other tests need speak up where they fare alike."""
    for name in ("carla", "dora"):
        add_mailbox(inside, name, f"{name}@posta.test")
    inside.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("n", range(3))
        @pytest.mark.needs_mail("bob-posta", "read")
        @pytest.mark.needs_mail("carla", "read")
        @pytest.mark.needs_mail("dora", "read")
        def test_others(n):
            pass

        @pytest.mark.needs_mail("ada-posta", "read")
        def test_fails():
            assert False
        """
    )
    with inside.lab.fault(UNAVAILABLE):
        result = inside.run("--mailprobe=report")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.re_match_lines(
        [
            (
                r"ada-posta: read is down since \d\d:\d\d "
                r"\(NO \[UNAVAILABLE\] later\); 3 other mailboxes agree"
            ),
        ]
    )


def test_two_brands_of_one_platform(inside: Inner) -> None:
    """Brands that fail alike on one platform are called one incident."""
    inside.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs_mail("ada-libero", "read")
        @pytest.mark.needs_mail("ada-virgilio", "read")
        @pytest.mark.needs_mail("ada-posta", "read")
        def test_fails():
            assert False
        """
    )
    fault = Refuse(service="imap", domain="libero.test", platform=True)
    with inside.lab.fault(fault):
        result = inside.run("--mailprobe=report")
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r"ada-posta: mail was healthy \(read works\)",
            r"ada-virgilio: read is down .* it is one incident of the platform",
            r"ada-libero: read is down .* it is one incident of the platform",
        ],
        consecutive=False,
    )


def test_mail_that_came_back(inside: Inner) -> None:
    """Where mail was down as the test began and works now, the test is not blamed."""
    inside.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs_mail("ada-posta", "read")
        def test_fails(recovery):
            assert False
        """
    )
    with inside.lab.fault(UNAVAILABLE):
        result = broken_on_demand(inside, "--mailprobe=report")
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [r"ada-posta: mail works again \(read works\), but did not when .* theirs"]
    )


def test_an_outage_seen_after_a_failure_excuses_the_rest(inside: Inner) -> None:
    """Once a failure has shown an outage, later tests are excused by it."""
    inside.pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.needs_mail("ada-posta", "read")

        def test_fails(outage):
            assert False

        def test_later():
            assert False
        """
    )
    result = broken_on_demand(inside)
    result.assert_outcomes(failed=1, skipped=1)


def test_looks_after_failures_are_bounded(inside: Inner) -> None:
    """A suite that fails many times looks a few times, then says that it does not."""
    inside.pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.parametrize("n", range({AGAIN_MAX + 2}))
        @pytest.mark.needs_mail("ada-posta", "read")
        def test_fails(n):
            assert False
        """
    )
    before = inside.looks()
    result = inside.run()
    assert inside.looks() - before == 1 + AGAIN_MAX
    result.assert_outcomes(failed=AGAIN_MAX + 2)
    said = result.stdout.str()
    assert said.count("mail was healthy: the fault is likely yours") == AGAIN_MAX
    assert said.count("it was not looked at again") == 2


def test_an_expected_failure_is_not_looked_into(inside: Inner) -> None:
    """A test that fails as it is expected to is none of mailprobe's business."""
    inside.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.xfail
        @pytest.mark.needs_mail("ada-posta", "read")
        def test_fails():
            assert False
        """
    )
    before = inside.looks()
    inside.run().assert_outcomes(xfailed=1)
    assert inside.looks() - before == 1


# --- one look for a session ---------------------------------------------------------

MANY: Final = """
    import pytest

    @pytest.mark.parametrize("n", range(12))
    @pytest.mark.needs_mail("ada-posta", "read")
    def test_reads(n):
        pass

    @pytest.mark.needs_mail("posta-test", "submit")
    def test_provider():
        pass
"""


def test_one_look_for_many_tests(inside: Inner) -> None:
    """Each provider is looked at once, by whichever name tests call it."""
    inside.pytester.makepyfile(MANY)
    before = inside.looks()
    inside.run().assert_outcomes(passed=13)
    assert inside.looks() - before == 1


@pytest.mark.parametrize("cache", [("-n4",), ("-n2", "-p", "no:cacheprovider")])
def test_workers_look_once(inside: Inner, cache: tuple[str, ...]) -> None:
    """The workers of pytest-xdist share one look, with pytest's cache or without."""
    inside.pytester.makepyfile(MANY)
    before = inside.looks()
    result = inside.apart("--mailprobe-report=mail.json", *cache)
    result.assert_outcomes(passed=13)
    assert inside.looks() - before == 1
    result.stdout.fnmatch_lines(
        ["ada-posta: submit, accept, deliver and read work", "posta-test: *work"]
    )
    assert [made["label"] for made in inside.document("mail.json")] == [
        "ada-posta",
        "posta-test",
    ]


def test_workers_skip_and_annotate(inside: Inner) -> None:
    """With pytest-xdist skips, failures and the summary say the same as without."""
    inside.pytester.makepyfile(TWO.replace("pass", "assert False"))
    with inside.lab.fault(UNAVAILABLE):
        result = inside.apart("-n2", "-rs", "--mailprobe-report=mail.json")
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.re_match_lines(
        [
            r"ada-libero: mail was healthy: the fault is likely yours \(read works\)",
            r".*= mail =.*",
            r"ada-libero: submit, accept, deliver and read work",
            r"ada-posta: deliver and read are down since .*",
            r"  skipped test_.*::test_reads",
            rf"SKIPPED .*: ada-posta: read is down: .*{SENTENCE}\.",
        ],
        consecutive=False,
    )
    costs = [made["tests"] for made in inside.document("mail.json")]
    assert [cost for of_one in costs for cost in of_one] == [
        {"id": "test_workers_skip_and_annotate.py::test_reads", "outcome": "skipped"}
    ]


def test_a_good_look_serves_the_next_session(inside: Inner) -> None:
    """A session soon after believes a look that found all well; 0 turns that off."""
    inside.ini(cache="3600")
    inside.pytester.makepyfile(MANY)
    inside.run().assert_outcomes(passed=13)
    with inside.silence():
        inside.run().assert_outcomes(passed=13)
    inside.ini(cache="0")
    before = inside.looks()
    inside.run().assert_outcomes(passed=13)
    assert inside.looks() - before == 1


def test_a_bad_look_serves_one_session_only(inside: Inner) -> None:
    """Whoever has mended something sees it at once."""
    inside.ini(cache="3600")
    inside.pytester.makepyfile(TWO)
    with inside.lab.fault(UNAVAILABLE):
        inside.run().assert_outcomes(passed=1, skipped=1)
    inside.run().assert_outcomes(passed=2)


def test_a_change_of_settings_asks_for_a_new_look(inside: Inner) -> None:
    """What was seen with other settings is not believed."""
    inside.ini(cache="3600")
    inside.pytester.makepyfile(TWO)
    inside.run().assert_outcomes(passed=2)
    inside.settings.write_text(inside.settings.read_text("utf-8") + "\n# changed\n")
    before = inside.looks()
    inside.run().assert_outcomes(passed=2)
    assert inside.looks() - before == 2


def test_no_secret_is_left_behind(inside: Inner) -> None:
    """Neither the cache nor a report holds a password."""
    inside.pytester.makepyfile(MANY)
    inside.run("--mailprobe-report=mail.json", "--junitxml=junit.xml", "-v")
    written = [f for f in inside.pytester.path.rglob("*") if f.suffix != ".password"]
    texts = [f.read_bytes() for f in written if f.is_file()]
    assert any(b'"report"' in text for text in texts)
    for secret in inside.secrets():
        assert not any(secret.encode() in text for text in texts)


# --- what is written ----------------------------------------------------------------


def test_the_report_is_as_the_schema_says(inside: Inner) -> None:
    """Each line of the report is a mailprobe/1 check, with the tests it cost."""
    file = inside.pytester.makepyfile(TWO)
    path = inside.pytester.path / "made" / "mail.json"
    with inside.lab.fault(UNAVAILABLE):
        inside.run(f"--mailprobe-report={path}").assert_outcomes(passed=1, skipped=1)
    schema = json.loads(SCHEMA.read_text("utf-8"))
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    made = inside.document("made/mail.json")
    assert [error for one in made for error in validator.iter_errors(one)] == []
    assert [(one["label"], one["status"]) for one in made] == [
        ("ada-posta", "down"),
        ("ada-libero", "ok"),
    ]
    assert made[0]["tests"] == [
        {"id": f"{file.name}::test_reads", "outcome": "skipped"}
    ]
    assert made[1]["tests"] == []


def test_an_old_report_does_not_stay(inside: Inner) -> None:
    """A session that looks at nothing leaves an empty report, not an old one."""
    (inside.pytester.path / "mail.json").write_text("old\n")
    inside.pytester.makepyfile("def test_plain(): pass")
    inside.run("--mailprobe-report=mail.json").assert_outcomes(passed=1)
    assert inside.document("mail.json") == []


def test_a_report_that_cannot_be_written(inside: Inner) -> None:
    """A report that cannot be written is an error before anything runs."""
    inside.pytester.makepyfile("def test_plain(): pass")
    result = inside.apart(f"--mailprobe-report={inside.pytester.path}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.re_match_lines(
        [r"ERROR: --mailprobe-report: .* cannot be written: .*"]
    )


def test_junit_properties(inside: Inner) -> None:
    """JUnit reports say of each test how its provider stood, before and after."""
    inside.pytester.makepyfile(TWO.replace("pass", "assert False"))
    with inside.lab.fault(UNAVAILABLE):
        inside.run("--junitxml=junit.xml").assert_outcomes(failed=1, skipped=1)
    root = ET.parse(inside.pytester.path / "junit.xml").getroot()  # noqa: S314 - ours
    props = {
        case.get("name"): {p.get("name"): p.get("value") for p in case.iter("property")}
        for case in root.iter("testcase")
    }
    told = props["test_reads"]["mailprobe.ada-posta.read"]
    assert told is not None
    assert re.fullmatch(rf"down \(provider\): .*{SENTENCE}\.", told)
    assert set(props["test_elsewhere"]) == {
        "mailprobe.ada-libero.read",
        "mailprobe.ada-libero.read.after",
    }
    assert root.find(".//failure") is not None
    assert "mail was healthy" in str(root.find(".//failure").text)  # type: ignore[union-attr]


# --- fixtures -----------------------------------------------------------------------


def test_the_checks_themselves(inside: Inner) -> None:
    """mail_health gives typed checks, of the marker's names and of any other."""
    inside.pytester.makepyfile(
        """
        import pytest
        from mailprobe import Check, ProviderReport

        @pytest.mark.needs_mail("ada-posta")
        def test_marked(mail_health):
            check = mail_health["ada-posta"]
            assert isinstance(check, Check)
            assert isinstance(check.report, ProviderReport)
            assert list(mail_health.checks) == ["ada-posta"]
            assert check.verdict.availabilities.deliver.status == "ok"
            assert check.report.target.mailbox.password is None
            assert mail_health["libero-test"].status == "ok"

        def test_unmarked(mail_health):
            assert not mail_health.checks
            assert mail_health["ada-posta"].status == "ok"
        """
    )
    inside.run("--mailprobe-live").assert_outcomes(passed=2)


def test_round_trips_for_real(inside: Inner) -> None:
    """mail_round_trip sends a mail in sync and async tests, between any mailboxes."""
    inside.ini(mode="auto")
    inside.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs_mail("ada-posta")
        def test_sync(mail_round_trip):
            check = mail_round_trip()
            assert check.status == "ok"
            assert check.report.target.recipient.address == "ada@posta.test"

        @pytest.mark.needs_mail("ada-posta")
        async def test_async(mail_round_trip):
            check = await mail_round_trip.wait("bob-posta", "ada@libero.test")
            assert check.report.landed == "inbox"

        @pytest.mark.needs_mail("ada-posta")
        async def test_blocking(mail_round_trip):
            with pytest.raises(ValueError, match="write await mail_round_trip.wait"):
                mail_round_trip()
        """
    )
    inside.run("--mailprobe-report=mail.json").assert_outcomes(passed=3)
    probes = [made["probe"] for made in inside.document("mail.json")]
    assert probes == ["provider", "round_trip", "round_trip"]


def test_fixtures_can_be_overridden(inside: Inner) -> None:
    """A suite may put its own fixtures in place of ours, and build upon them."""
    inside.pytester.makeconftest(
        """
        import pytest

        @pytest.fixture
        def mail_health(mail_health):
            return mail_health["ada-posta"].status
        """
    )
    inside.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs_mail("ada-posta")
        def test_marked(mail_health):
            assert mail_health == "ok"
        """
    )
    inside.run().assert_outcomes(passed=1)


# --- offline by default -------------------------------------------------------------


def test_nothing_leaves_the_machine_unasked(inside: Inner) -> None:
    """Without marker and option, live fixtures skip their test and say how to go on."""
    inside.pytester.makepyfile(
        """
        def test_health(mail_health):
            mail_health["ada-posta"]

        def test_trip(mail_round_trip):
            mail_round_trip("ada-posta")

        def test_plain():
            import sys
            assert "mailprobe.probes.provider" not in sys.modules
        """
    )
    with inside.silence():
        result = inside.apart("-rs")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(
        [
            (
                "SKIPPED *mail_health looks at real providers: mark the test with "
                "needs_mail, or give --mailprobe-live"
            ),
        ]
    )
    result.stdout.no_fnmatch_line("*= mail =*")


def test_the_option_says_so_in_the_header(inside: Inner) -> None:
    """With the option, the header says which settings are used."""
    inside.pytester.makepyfile("def test_plain(): pass")
    with inside.silence():
        result = inside.run("--mailprobe-live")
    result.stdout.fnmatch_lines(
        ["mailprobe: skip if unhealthy; *mailprobe.toml; live fixtures need no marker"]
    )


# --- bad use ------------------------------------------------------------------------

BAD: Final = {
    "unknown provider": (
        '"libero-tset"',
        "no provider preset is called 'libero-tset'; did you mean libero-test*",
    ),
    "unknown mailbox": (
        '"ada-post"',
        "no provider preset is called 'ada-post'*has the mailbox ada-posta*",
    ),
    "unknown function": (
        '"ada-posta", "reed"',
        "'reed' is no function of a mail service; did you mean read?",
    ),
    "nothing": ("", "it takes strings: the name of a provider or of a mailbox, then *"),
    "no string": ('"ada-posta", 3', "it takes strings: *"),
    "by name": ('provider="ada-posta"', "it takes strings: *"),
    "no mailbox": (
        '"gmail", "deliver"',
        (
            "deliver needs a login, and no mailbox at gmail is configured; add one to "
            'mailprobe.toml: *address = "...@gmail.com" and password = "env:VARIABLE"'
        ),
    ),
    "missing secret": (
        '"mine"',
        (
            "*mailprobe.toml, line *, mailbox.mine.password: the environment variable "
            "NOWHERE is not set; export it first"
        ),
    ),
    "no secret at all": (
        '"bare"',
        (
            "*mailprobe.toml, line *, mailbox.bare: has neither password nor token; "
            'add one, such as password = "env:NAME"'
        ),
    ),
}


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["", "xdist"])
def test_bad_markers_are_errors_at_collection(
    inside: Inner, workers: tuple[str, ...]
) -> None:
    """A marker that cannot be meant is one sentence, with the line it stands in."""
    add_mailbox(inside, "mine", "carla@posta.test", password='"env:NOWHERE"')
    add_mailbox(inside, "bare", "dora@posta.test", password="")
    lines, wanted = ["import pytest", "@pytest.mark.needs_mail('ada-posta')"], []
    lines += ["def test_good(): pass"]
    for number, (args, sentence) in enumerate(BAD.values()):
        lines += ["@pytest.mark.filterwarnings('error')"]
        lines += [f"@pytest.mark.needs_mail({args})", f"def test_{number}(): pass"]
        wanted.append(f"test_bad*.py:{len(lines) - 1}: needs_mail: {sentence}")
    inside.pytester.makepyfile(test_bad="\n".join(lines))
    if workers:
        # pytest-xdist goes on after errors at collection; the good test may run.
        inside.apart(*workers).assert_outcomes(passed=1, errors=len(BAD))
        return
    with inside.silence():
        result = inside.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.assert_outcomes(errors=len(BAD))
    for sentence in wanted:
        result.stdout.fnmatch_lines([re.sub(r"\[(?!\*)", "[[]", sentence)])


def test_bad_markers_of_deselected_tests_do_not_matter(inside: Inner) -> None:
    """Who has no mailbox can leave the tests out that need one."""
    add_mailbox(inside, "mine", "carla@posta.test", password='"env:NOWHERE"')
    inside.pytester.makepyfile(OURS + "\n    def test_plain(): pass")
    with inside.silence():
        inside.run("-m", "not needs_mail").assert_outcomes(passed=1, deselected=2)


def test_good_tests_go_on_if_wanted(inside: Inner) -> None:
    """With --continue-on-collection-errors the tests with good markers run."""
    inside.pytester.makepyfile(TWO.replace("ada-libero", "nowhere"))
    result = inside.run("--continue-on-collection-errors")
    result.assert_outcomes(passed=1, errors=1)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            "mailprobe = skpi",
            "mailprobe: mailprobe = 'skpi' is not known; write one of *",
        ),
        ("mailprobe_config = x.toml", "mailprobe: *x.toml: cannot be read: *"),
    ],
)
def test_bad_settings_are_one_error(inside: Inner, more: str, sentence: str) -> None:
    """Settings that cannot be meant are one error, however many tests need them."""
    inside.ini(more=more)
    inside.pytester.makepyfile(MANY)
    result = inside.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([sentence])


def test_bad_calls_point_at_the_line_of_the_test(inside: Inner) -> None:
    """What cannot be meant at a call fails in the test's own line."""
    file = inside.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs_mail("libero-test", "accept")
        def test_trip(mail_round_trip):
            mail_round_trip("ada-libro")

        @pytest.mark.needs_mail("libero-test", "accept")
        def test_health(mail_health):
            mail_health["libero-tset"]

        @pytest.mark.needs_mail("ada-posta", "read")
        @pytest.mark.needs_mail("libero-test", "accept")
        def test_which(mail_round_trip):
            mail_round_trip()
        """
    )
    result = inside.run("--tb=short", "-rf")
    result.assert_outcomes(failed=3)
    result.stdout.re_match_lines(
        [
            rf"{file.name}:5: in test_trip",
            r"E .*ConfigError: .*no mailbox is called 'ada-libro'; did you mean .*",
            rf"{file.name}:9: in test_health",
            r"E .*UsageError: no provider preset is called 'libero-tset'.*",
            rf"{file.name}:14: in test_which",
            r"E .*UsageError: the needs_mail marker names .*; write mail_round_trip.*",
        ],
        consecutive=False,
    )
