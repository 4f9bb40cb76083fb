"""What this machine must have for the real servers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

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


def demand() -> None:
    """Skip the test if the servers cannot run here; where CI is true, fail it."""
    reason = missing()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"CI must have the real servers: {reason}", pytrace=False)
    if reason:
        pytest.skip(reason)
