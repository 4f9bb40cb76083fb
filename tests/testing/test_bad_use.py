"""What cannot be meant is one sentence, at the user's own line."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.testing.inner import MANY, OURS, TWO, Inner, add_mailbox

pytest_plugins = ["pytester", "tests.testing.inside"]


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
