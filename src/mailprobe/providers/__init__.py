"""
What is publicly known about mail services, as data: one TOML file per provider.

A preset holds what a provider and the mail clients of the world publish about
it. It was read, not tried: ``last_checked`` is the day the sources were read,
never a day on which the service was seen to work. Finding that out is what
probes are for.

The format of a preset file (keys are the fields of `mailprobe.model.provider.Preset`)::

    id = "example"                  # needed; small letters, digits and hyphens
    name = "Example Mail"           # needed
    operator = "Example Ltd"        # needed
    platform = "example"            # shared machines; the id if left out
    country = "IT"
    domains = ["example.org"]
    mx = ["mx.example.org"]         # expected MX hosts, or
    mx_suffix = "mx.example.org"    # the domain they lie under
    username = "email"              # or "localpart", or "mixed"
    smtp = [{ host = "smtp.example.org", port = 465, security = "tls" }]
    imap = [{ host = "imap.example.org", port = 143, security = "starttls" }]
    auth = ["password"]             # also "app-password", "oauth2"
    limits = ["What a prober must not exceed."]
    quirks = ["What surprises."]
    replies = [{ text = "code 17", means = "greylisted" }]   # its own words
    sources = ["our handbook"]      # needed
    last_checked = 2026-11-22       # needed
    enabled = true                  # false: too little is known to probe it

In ``smtp`` and ``imap`` the preferred service stands first. A file holds one
preset at its top, or several as ``[[provider]]`` tables; ``[[platform]]`` tables
(id, name, evidence, quirks) describe machines that several brands share.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mailprobe.model.provider import Catalogue, Platform, Preset
from mailprobe.providers.document import parse, read
from mailprobe.providers.presets import catalogue

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["builtin", "load"]


@cache
def builtin() -> Catalogue:
    """Return the presets that come with mailprobe; read once, on the first call."""
    from importlib import resources  # noqa: PLC0415 - costs as much as all presets

    presets: list[Preset] = []
    platforms: list[Platform] = []
    files = resources.files(__name__).iterdir()
    by_name = {Path(file.name): file for file in files}
    for name in sorted(by_name, key=lambda name: name.stem):
        if name.suffix == ".toml":
            found = catalogue(parse(name, by_name[name].read_bytes()))
            presets += found.presets
            platforms += found.platforms
    return Catalogue(presets=tuple(presets), platforms=tuple(platforms))


def load(path: str | PathLike[str]) -> Catalogue:
    """
    Return the presets of a file of your own.

    Add them to the built-in ones with ``builtin().merged(load(path))``; a
    preset with a known id replaces it.

    Raises:
        ConfigError: If the file cannot be read or says something that cannot
            be meant; the message names file, line and key.
    """
    return catalogue(read(Path(path)))
