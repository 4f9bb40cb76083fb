"""What is published: the wheel and the sdist, as files."""

from __future__ import annotations

import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

if TYPE_CHECKING:
    from email.message import Message

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    return Path(next(iter(WheelBuilder(str(ROOT)).build(directory=str(folder)))))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """The names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    """The wheel's METADATA."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith("/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode())


def test_wheel_is_typed(names: set[str]) -> None:
    """Type checkers of users find that mailprobe is typed."""
    assert "mailprobe/py.typed" in names


def test_wheel_has_presets(names: set[str]) -> None:
    """Every preset of the sources is in the wheel."""
    presets = {p.name for p in (ROOT / "src/mailprobe/providers").glob("*.toml")}
    assert presets
    assert {f"mailprobe/providers/{name}" for name in presets} <= names


def test_wheel_has_every_module(names: set[str]) -> None:
    """No module of the sources is left out."""
    source = ROOT / "src"
    modules = {p.relative_to(source).as_posix() for p in source.rglob("*.py")}
    assert modules <= names


def test_wheel_has_nothing_else(names: set[str]) -> None:
    """Tests, documentation and tools stay out of site-packages."""
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"mailprobe"}


def test_licence(names: set[str], metadata: Message) -> None:
    """The licence is the GPL, version 3 or later, and its text comes along."""
    assert metadata["License-Expression"] == "GPL-3.0-or-later"
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_command(wheel: Path) -> None:
    """Installing the wheel gives the command ``mailprobe``."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith("entry_points.txt"))
        assert "mailprobe = mailprobe.cli:main" in archive.read(name).decode()


def test_client_libraries_are_bounded(metadata: Message) -> None:
    """A new major version of a client library is taken on purpose, not by chance."""
    needed = metadata.get_all("Requires-Dist", [])
    bounded = {line.partition("<")[0] for line in needed if "<" in line}
    assert {"aioimaplib", "aiosmtplib"} <= bounded


def test_sdist_suffices(tmp_path: Path) -> None:
    """The sdist has what it takes to run the tests and build the documentation."""
    built = next(iter(SdistBuilder(str(ROOT)).build(directory=str(tmp_path))))
    with tarfile.open(built) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"tests/test_packaging.py", "docs/index.md", "mkdocs.yml"} <= names
    assert {"noxfile.py", "pyproject.toml", "LICENSE", "README.md"} <= names
