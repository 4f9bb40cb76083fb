"""The fixtures that give the checks themselves, and round trips for real."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.testing.inner import Inner

pytest_plugins = ["pytester", "tests.testing.inside"]


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


def test_another_loop_is_told_what_to_do(inside: Inner) -> None:
    """Where no asyncio loop runs, one sentence says how to make the trip."""
    inside.pytester.makepyfile(
        """
        import pytest
        import trio

        @pytest.fixture
        def anyio_backend():
            return "trio"

        @pytest.mark.anyio
        @pytest.mark.needs_mail("ada-posta")
        async def test_trio(mail_round_trip):
            with pytest.raises(ValueError, match="needs an asyncio loop"):
                await mail_round_trip.wait()
            check = await trio.to_thread.run_sync(mail_round_trip)
            assert check.status == "ok"
        """
    )
    inside.apart().assert_outcomes(passed=1)


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
