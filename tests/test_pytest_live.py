"""Real providers in tests: what becomes of a test, in inner sessions."""

from __future__ import annotations

import pytest

from mailprobe.lab import DnsRefused
from tests.testing.inner import OURS, SENTENCE, TWO, UNAVAILABLE, Inner, add_mailbox

pytest_plugins = ["pytester", "tests.testing.inside"]


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
                r"This excuses nothing\. To mend it: Try starttls in place of tls.*"
            ),
        ]
    )


def test_a_wrong_host_of_our_own_excuses_nothing(inside: Inner) -> None:
    """A host by hand that does not exist may be our mistake: the test stays red."""
    wrong = '{ host = "imap.psota.test", port = 993 }'
    add_mailbox(inside, "mine", "carla@posta.test", imap=wrong)
    inside.pytester.makepyfile(OURS)
    result = inside.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.re_match_lines(
        [
            (
                r"mine: read is down .*; its host and port stand in mailprobe\.toml, "
                r"and may be wrong\. This excuses nothing\. To mend it: Check the "
                r"spelling.*"
            )
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
