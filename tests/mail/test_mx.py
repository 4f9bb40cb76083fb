"""An MX answer, read as a sending server reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail.mx import MailRoute, confined, mail_route


def test_records_are_tried_best_first() -> None:
    """Lower preference first, equal ones by name, names in one spelling."""
    found = mail_route("libero.test", [(20, "C.test."), (10, "b.test"), (10, "A.test")])
    assert found == MailRoute(
        delivery="explicit", hosts=((10, "a.test"), (10, "b.test"), (20, "c.test"))
    )


def test_no_records_mean_the_domain_itself() -> None:
    """RFC 5321 5.1: a domain that exists without MX is its own MX."""
    found = mail_route("libero.test", [])
    assert found == MailRoute(delivery="implicit", hosts=((0, "libero.test"),))


def test_a_null_mx_refuses_all_mail() -> None:
    """RFC 7505: one record with the root as its host."""
    assert mail_route("libero.test", [(0, ".")]) == MailRoute(
        delivery="refused", hosts=()
    )


def test_a_null_mx_beside_others_is_noted_and_ignored() -> None:
    """RFC 7505 3 forbids it; senders use the others."""
    found = mail_route("libero.test", [(0, "."), (10, "mx.test.")])
    assert found == MailRoute(
        delivery="explicit", hosts=((10, "mx.test"),), null_mx_beside=True
    )


records = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=65535),
        st.sampled_from([".", "", "a.test.", "A.test", "b.test."]),
    )
)


@given(records, st.randoms(use_true_random=False))
def test_the_order_of_the_answer_makes_no_difference(
    answer: list[tuple[int, str]], random: object
) -> None:
    """Two runs over one zone compare equal, however the name server shuffles."""
    shuffled = list(answer)
    getattr(random, "shuffle")(shuffled)  # noqa: B009 - hypothesis' own, untyped
    assert mail_route("x.test", shuffled) == mail_route("x.test", answer)


@given(records)
def test_hosts_are_sorted_and_never_empty_names(answer: list[tuple[int, str]]) -> None:
    """Every host that comes out can be looked up."""
    found = mail_route("x.test", answer)
    assert list(found.hosts) == sorted(found.hosts)
    assert all(host for _, host in found.hosts)
    assert bool(found.hosts) == (found.delivery != "refused")


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("127.0.0.1", "self"),
        ("127.8.9.10", "self"),
        ("0.0.0.0", "self"),  # noqa: S104 - a record, not a bind
        ("::1", "self"),
        ("::", "self"),
        ("::ffff:127.0.0.1", "self"),
        ("10.1.2.3", "private"),
        ("172.31.255.255", "private"),
        ("172.32.0.0", None),
        ("192.168.0.25", "private"),
        ("100.64.0.1", "private"),
        ("169.254.1.1", "private"),
        ("fe80::1%eth0", "private"),
        ("fd00::25", "private"),
        ("::ffff:10.0.0.1", "private"),
        ("192.0.2.25", None),
        ("2001:db8::25", None),
    ],
)
def test_who_alone_can_use_an_address(address: str, whose: str | None) -> None:
    """Loopback points to whoever asks; private ranges stay in one network."""
    assert confined(address) == whose
