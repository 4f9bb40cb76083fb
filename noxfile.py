"""What is run before a change goes in: ``nox``, or one session by its name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"
nox.options.sessions = [
    "lint",
    "types",
    "tests",
    "real",
    "replays",
    "docs",
    "package",
]

PROJECT = nox.project.load_toml("pyproject.toml")
SUPPORTED = nox.project.python_versions(PROJECT)


def _enable_pyenv() -> None:
    """Make pyenv's shims answer for every supported version that it holds."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    held = [p.name for v in SUPPORTED for p in sorted(root.glob(f"{v}.*"))[-1:]]
    if held:
        os.environ.setdefault("PYENV_VERSION", ":".join(held))


def _runs(version: str) -> bool:
    """Whether this interpreter is there and starts (a version manager's may not)."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return True
    return _usable(f"python{version}")


def _usable(python: str) -> bool:
    program = shutil.which(python)
    if program is None:
        return False
    oldest = tuple(int(part) for part in SUPPORTED[0].split("."))
    # Debian ships interpreters without venv; such a one is of no use here.
    code = f"import ensurepip, sys, venv; sys.exit(sys.version_info < {oldest})"
    command = [program, "-c", code]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603


_enable_pyenv()
INSTALLED = [version for version in SUPPORTED if _runs(version)]
MISSING = [version for version in SUPPORTED if version not in INSTALLED]
# What both ends can do, those between can; each takes some five minutes.
ENDS = INSTALLED[:1] + INSTALLED[1:][-1:]
BETWEEN = INSTALLED[1:-1]
# Where it takes long, and where others are measured beside it: the interpreter that a
# distribution ships. Those built by hand are mostly built without optimisation.
SHIPPED = "/usr/bin/python3" if _usable("/usr/bin/python3") else None
OUTAGES = "january or june"
# One more than cores: a third of the time of these tests is waiting.
WORKERS = str((os.cpu_count() or 1) + 1)


def _group(*names: str) -> list[str]:
    return list(nox.project.dependency_groups(PROJECT, *names))


def _install(session: nox.Session, *groups: str) -> None:
    session.install("--quiet", "--editable", ".", *_group(*groups))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, and the arrows between the rooms."""
    _install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-cache")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types, strictly, of sources, tests and tools."""
    session.install("--quiet", "--editable", ".", "nox", *_group("lint", "test"))
    session.run("mypy")


@nox.session(python=ENDS)
def tests(session: nox.Session) -> None:
    """Test what needs nothing but Python, on the oldest and the newest interpreter."""
    if MISSING and session.python == INSTALLED[0]:
        session.warn(f"not installed, so not tested: Python {', '.join(MISSING)}")
    _tests(session)


@nox.session(python=BETWEEN, default=False)
def between(session: nox.Session) -> None:
    """Run the same on the interpreters between these two; by name only."""
    _tests(session)


def _tests(session: nox.Session) -> None:
    _install(session, "test")
    chosen = ("-m", "not real and not replay")
    session.run("pytest", *chosen, "-n", WORKERS, *session.posargs)


@nox.session
def real(session: nox.Session) -> None:
    """Run the same tests against real servers, on loopback."""
    _install(session, "test")
    # What is held to a server's log has the machine to itself.
    session.run("pytest", "-m", "real", "tests/real", *session.posargs)
    apart = ("--ignore=tests/real", "-n", "2", "--dist", "worksteal")
    session.run("pytest", "-m", "real", *apart, *session.posargs)


@nox.session(python=SHIPPED)
def replays(session: nox.Session) -> None:
    """Play the outages of 2023, and quiet weeks, from end to end."""
    _install(session, "test")
    chosen = ("tests/replays", "-m", "replay", "-p", "no:randomly", "--durations", "0")
    # The outages are to take less than two minutes each, so none is played beside
    # another; the others two at a time, as small machines have cores.
    alone, apart = ("-k", OUTAGES), ("-k", f"not ({OUTAGES})", "-n", "2")
    session.run("pytest", *chosen, *alone, *session.posargs)
    session.run("pytest", *chosen, *apart, "--dist", "worksteal", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; its generated pages are fresh, its links lead on."""
    _install(session, "docs")
    session.run("python", "docs/generate.py", "--check")
    site = Path(session.create_tmp()) / "site"
    # The theme's advertisement of its successor is no warning about our pages.
    quiet = {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}
    session.run("mkdocs", "build", "--strict", "--site-dir", str(site), env=quiet)


@nox.session(reuse_venv=False)
def package(session: nox.Session) -> None:
    """Build wheel and sdist; the wheel alone, away from the sources, does its job."""
    session.install("--quiet", *_group("package"))
    dist = Path(session.create_tmp()) / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    # The sdist first, the wheel from it: what is published must suffice.
    session.run("python", "-m", "build", "--outdir", str(dist))
    wheel = next(dist.glob("*.whl"))
    session.run("python", "-m", "pip", "uninstall", "--quiet", "--yes", "build")
    session.install("--quiet", str(wheel))
    session.chdir(session.create_tmp())
    session.run("python", "-I", "-m", "mailprobe", "version")
    session.run("mailprobe", "demo")


@nox.session(python=SHIPPED)
def bench(session: nox.Session) -> None:
    """Measure side by side; writes bench/results.md and its neighbours."""
    # Here alone: what the lab for tests and sweeps are compared with.
    session.install("--quiet", "smtpdfix", "mail-devel", "aiosmtpd", "aiodns", "uvloop")
    _install(session, "test")
    session.run("python", "-m", "bench.run", *session.posargs)


@nox.session(default=False)
def soak(session: nox.Session) -> None:
    """Run 500 tests with a mail world each, 20 times; ``-- ROUNDS`` for fewer."""
    _install(session, "test")
    session.run("python", "-m", "bench.soak", *session.posargs)


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Fuzz the receive paths and parsers, 20 s each; ``-- --seconds N TARGET...``."""
    # Here alone: it is big, and has no wheel for every interpreter.
    session.install("--quiet", "--editable", ".", "atheris>=3", *_group("test"))
    session.run("python", "-m", "tests.fuzz", *session.posargs)


@nox.session(default=False)
def pages(session: nox.Session) -> None:
    """Write the generated pages anew, after a change of rules, kinds or commands."""
    _install(session, "docs")
    session.run("python", "docs/generate.py")
