"""Presets are found by id or domain, and know their MX hosts."""

from __future__ import annotations

import pytest

from mailprobe.model.errors import UsageError
from mailprobe.model.provider import Catalogue, Platform, Preset


def preset(
    name: str, *domains: str, mx: tuple[str, ...] = (), suffix: str = ""
) -> Preset:
    """Return a preset."""
    return Preset(
        id=name,
        name=name.title(),
        operator="Posta",
        platform="posta",
        domains=domains,
        mx=mx,
        mx_suffix=suffix,
        sources=("https://posta.test",),
        last_checked="2026-01-01",
    )


LIBERO = preset("libero", "libero.test", "iol.test")
CATALOGUE = Catalogue(
    presets=(LIBERO, preset("virgilio", "virgilio.test")),
    platforms=(Platform(id="posta", name="Posta"),),
)


@pytest.mark.parametrize("name", ["libero", "LIBERO ", "iol.test", "Libero.test."])
def test_a_preset_is_found_by_id_or_domain(name: str) -> None:
    """In any case, with or without the final dot."""
    assert CATALOGUE.find(name) is LIBERO


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    """A mistyped name is shown what may have been meant."""
    assert CATALOGUE.find("nobody") is None
    with pytest.raises(UsageError, match="called 'libro'; did you mean libero"):
        CATALOGUE.get("libro")
    with pytest.raises(UsageError, match="`mailprobe providers` lists them"):
        CATALOGUE.get("zzzzzz")


def test_one_catalogue_replaces_what_another_names() -> None:
    """Presets and platforms of the same id are replaced, others stay."""
    mine = preset("libero", "mine.test")
    merged = CATALOGUE.merged(
        Catalogue(presets=(mine,), platforms=(Platform(id="posta", name="New"),))
    )
    assert merged.find("libero") is mine
    assert merged.find("iol.test") is None
    assert merged.find("virgilio") is not None
    assert len(merged.presets) == 2
    platform = merged.platform("posta")
    assert platform is not None
    assert platform.name == "New"
    assert merged.platform("none") is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("mx.libero.test", True),
        ("MX.libero.test.", True),
        ("a.mx.under.test", True),
        ("under.test", True),
        ("notunder.test", False),
        ("evil.test", False),
    ],
)
def test_expected_mx_hosts_are_named_or_lie_under_a_suffix(
    host: str, *, expected: bool
) -> None:
    """A name that only ends alike is not under the suffix."""
    known = preset("x", mx=("mx.libero.test",), suffix="under.test")
    assert known.expects_mx(host) is expected


def test_a_preset_without_mx_expects_none() -> None:
    """An empty suffix covers nothing."""
    assert not preset("x").expects_mx("mx.test")
