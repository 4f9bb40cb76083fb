"""A Secret is never seen by accident."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from dataclasses import asdict, astuple, replace

import msgspec
import pytest

from mailprobe.model.secret import MASK, Secret
from mailprobe.model.target import ImapTarget, Mailbox, TripTarget

PLANTED = "hunter2-planted"
SECRET = Secret(PLANTED)
BOX = Mailbox("ada@libero.test", password=SECRET)


@pytest.mark.parametrize(
    "shown",
    [
        repr(SECRET),
        str(SECRET),
        f"{SECRET}",
        f"{SECRET!r:>40}",
        f"{SECRET!a}",
        f"{SECRET:>40}",
        "{:*^40}".format(SECRET),  # noqa: UP032 - this very way is tested
        "%s %r" % (SECRET, SECRET),  # noqa: UP031 - and this one
        repr([SECRET]),
        repr({SECRET: SECRET}),
        repr(BOX),
        str(BOX),
        repr(ImapTarget(BOX)),
        repr(TripTarget(BOX, BOX)),
        repr(asdict(BOX)),
        repr(astuple(BOX)),
        repr(replace(BOX, auth="PLAIN")),
        repr(copy.copy(SECRET)),
        repr(copy.deepcopy(BOX)),
    ],
)
def test_no_way_of_printing_shows_it(shown: str) -> None:
    """repr, str, every kind of formatting, alone and inside other values."""
    assert PLANTED not in shown
    assert MASK in shown


def test_the_mask_tells_nothing_of_the_length() -> None:
    """Long and short secrets look the same."""
    assert repr(Secret("x")) == repr(Secret("x" * 99)) == f"Secret('{MASK}')"


def test_a_copy_is_the_secret_itself() -> None:
    """Copying makes no second place where the value lies."""
    assert copy.copy(SECRET) is SECRET
    assert copy.deepcopy(BOX).password is SECRET


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_not_pickled(protocol: int) -> None:
    """Neither alone nor inside a mailbox."""
    for value in (SECRET, BOX, [SECRET]):
        with pytest.raises(TypeError, match="a Secret is not pickled") as caught:
            pickle.dumps(value, protocol)
        assert PLANTED not in str(caught.value)


def test_it_is_not_serialised() -> None:
    """No JSON writer takes it, and none quotes it in its refusal."""
    for encode in (json.dumps, msgspec.json.encode):
        with pytest.raises(TypeError) as caught:
            encode({"password": SECRET})
        assert PLANTED not in "".join(traceback.format_exception(caught.value))


def test_it_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Logging it by mistake writes the mask."""
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").debug("%s %r %s", SECRET, SECRET, BOX)
    assert PLANTED not in caplog.text
    assert MASK in caplog.text


def test_it_has_no_other_door() -> None:
    """Only `reveal` gives the value; there is no dictionary to print."""
    assert SECRET.reveal() == PLANTED
    assert not hasattr(SECRET, "__dict__")
    with pytest.raises(TypeError):
        len(SECRET)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        iter(SECRET)  # type: ignore[call-overload]


def test_it_is_a_value() -> None:
    """Equal secrets are equal, hash alike, and are true unless empty."""
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert bool(Secret("a"))
    assert not Secret("")
