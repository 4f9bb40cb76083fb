"""One look at a provider serves a whole session, and the next if all is well."""

from __future__ import annotations

import pytest

from tests.testing.inner import MANY, SENTENCE, TWO, UNAVAILABLE, Inner

pytest_plugins = ["pytester", "tests.testing.inside"]


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
