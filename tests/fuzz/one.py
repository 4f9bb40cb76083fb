"""Fuzz one target in this process: ``python -m tests.fuzz.one TARGET OPTIONS``."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

WATCHED = ["mailprobe", "aiosmtplib", "aioimaplib", "dns", "email"]
"""What is instrumented, so that the fuzzer sees which lines an input reaches."""


def main() -> None:
    """Run libFuzzer until its limits are up; it ends the process by itself."""
    # Ships no types and has no wheel for every interpreter: only this file needs it.
    atheris: Any = import_module("atheris")
    name = sys.argv[1]
    with atheris.instrument_imports(include=WATCHED):
        target = import_module("tests.fuzz.targets").TARGETS[name]
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
