"""What this machine must have for the real servers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = {
    "postfix": "/usr/lib/postfix/sbin/master",
    "dovecot-imapd": "/usr/lib/dovecot/imap",
    "dovecot-lmtpd": "/usr/lib/dovecot/lmtp",
    "nsd": "/usr/sbin/nsd",
    "unbound": "/usr/sbin/unbound",
}


def missing() -> str:
    """Say in one line why the real servers cannot run here; empty if they can."""
    if sys.platform != "linux":
        return "the real servers need Linux: they use all of 127.0.0.0/8"
    absent = [name for name, path in PROGRAMS.items() if not shutil.which(path)]
    if absent:
        return f"not installed: {', '.join(absent)} (apt-get install them)"
    if os.geteuid() != 0:
        return "the real servers need root: they listen on ports 25, 143, 465, ..."
    version = subprocess.run(
        ["/usr/sbin/dovecot", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not version.startswith("2.3."):
        return f"the rig's configuration is for Dovecot 2.3, here is {version}"
    return ""


def postgresql() -> Path | None:
    """Return the folder of the newest PostgreSQL server's programs."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    versions = sorted(found, key=lambda one: float(one.parts[-3]))
    return versions[-1].parent if versions else None


def demand_postgresql() -> None:
    """Skip the test if there is no PostgreSQL server; where CI is true, fail it."""
    _decide("" if postgresql() else "not installed: postgresql (apt-get install it)")


def demand() -> None:
    """Skip the test if the servers cannot run here; where CI is true, fail it."""
    _decide(missing())


def _decide(reason: str) -> None:
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"CI must have the real servers: {reason}", pytrace=False)
    if reason:
        pytest.skip(reason)
