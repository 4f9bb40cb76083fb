"""The front door: what ``import mailprobe`` gives, and what it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mailprobe

OPTIONAL = (
    "aioimaplib",
    "aiosmtplib",
    "alembic",
    "click",
    "cryptography",
    "dns",
    "mailprobe.lab",
    "msgspec",
    "psycopg",
    "rich",
    "sqlalchemy",
    "trustme",
)


def test_names_are_sorted() -> None:
    """The public names are listed once each, in order."""
    assert list(mailprobe.__all__) == sorted(set(mailprobe.__all__))


@pytest.mark.parametrize("name", mailprobe.__all__)
def test_name_is_there(name: str) -> None:
    """Every public name can be imported."""
    assert getattr(mailprobe, name) is not None


def test_dir_lists_the_names() -> None:
    """Completion in an editor or a shell finds every public name."""
    assert set(mailprobe.__all__) <= set(dir(mailprobe))


def test_unknown_name() -> None:
    """A name that is not there is an AttributeError that says which."""
    with pytest.raises(AttributeError, match="no_such_name"):
        mailprobe.no_such_name  # noqa: B018 - the access is the test


def test_import_loads_nothing_optional() -> None:
    """``import mailprobe`` loads no dependency and no lab."""
    program = (
        "import sys, mailprobe; "
        f"print(*[name for name in {OPTIONAL!r} if name in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == []


def test_names_of_answers() -> None:
    """What a ledger can be asked is there, once each, and costs nothing until used."""
    from mailprobe import monitor  # noqa: PLC0415 - beside its test alone

    assert list(monitor.__all__) == sorted(set(monitor.__all__))
    assert set(monitor.__all__) <= set(dir(monitor))
    assert all(getattr(monitor, name) is not None for name in monitor.__all__)
    with pytest.raises(AttributeError, match="no attribute 'answer'"):
        _ = monitor.answer
    code = "import sys, mailprobe.monitor as m; m.status; print(*sys.modules)"
    loaded = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"sqlalchemy", "alembic", "mailprobe.prober"} & set(loaded)
