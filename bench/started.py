"""How long a program takes from its start to its end, warm as an installed one."""

from __future__ import annotations

import os
import subprocess
from time import perf_counter


def started(*command: str) -> float:
    """Run a program to its end; return the seconds it took."""
    # An installed package is compiled, whatever the environment forbids here.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    began = perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=kept)
    return perf_counter() - began
