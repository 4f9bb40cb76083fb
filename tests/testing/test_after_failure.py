"""After a failure mailprobe looks again, and says in it what it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from mailprobe.lab import Refuse
from mailprobe.testing.looks import AGAIN_MAX
from tests.testing.inner import UNAVAILABLE, Inner, add_mailbox

if TYPE_CHECKING:
    from mailprobe.lab import ThreadedLab

pytest_plugins = ["pytester", "tests.testing.inside"]


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


@pytest.mark.parametrize("option", ["--disable-socket", "--allow-hosts=192.0.2.1"])
def test_a_look_that_is_not_let_out(inside: Inner, option: str) -> None:
    """Where pytest-socket forbids the look, that is said, and it excuses nothing."""
    inside.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs_mail("ada-posta", "read")
        def test_fails():
            assert False
        """
    )
    result = inside.apart(option, "-W", "default")
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            (
                r"ada-posta: read could not be judged since .*mailprobe itself "
                r"failed.*Socket.*\); mailprobe itself is at fault\. This excuses .*"
            )
        ]
    )
