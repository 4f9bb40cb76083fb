"""Property tests that give the same answer on every machine and every run."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No clock decides (a slow machine is no fault), and no luck: the examples are
# the same each time. HYPOTHESIS_PROFILE=hunt looks for fresh ones, many of them.
_QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much]
settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=_QUIET,
)
settings.register_profile(
    "hunt",
    deadline=None,
    max_examples=5000,
    database=None,
    suppress_health_check=_QUIET,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
