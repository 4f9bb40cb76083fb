"""Where presets come from: built in, named by the settings, named by arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe import providers
from mailprobe.config import Config

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.model.provider import Catalogue


def configuration(args: Namespace) -> Config:
    """Return the settings of the file that was named, else of the one there is."""
    return Config.load(args.config) if args.config else Config.find()


def catalogue(args: Namespace, config: Config | None = None) -> Catalogue:
    """Return all presets at hand; those named last replace earlier ones."""
    found = (config or configuration(args)).catalogue
    for path in args.presets:
        found = found.merged(providers.load(path))
    return found
