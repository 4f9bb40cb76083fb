"""The front door of the room for tests."""

from __future__ import annotations

import pytest

from mailprobe import testing


def test_names_are_sorted() -> None:
    """The public names are listed once each, in order."""
    assert list(testing.__all__) == sorted(set(testing.__all__))
    assert set(testing.__all__) <= set(dir(testing))


@pytest.mark.parametrize("name", testing.__all__)
def test_name_is_there(name: str) -> None:
    """Every public name can be imported, and is documented as such."""
    assert getattr(testing, name).__doc__


def test_unknown_name() -> None:
    """A name that is not there is an AttributeError that says which."""
    with pytest.raises(AttributeError, match="no_such_name"):
        testing.no_such_name  # noqa: B018 - the access is the test
