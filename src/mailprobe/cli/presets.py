"""Where presets come from: built in, named by the settings, named by arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.config import Config

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.model.provider import Catalogue


def configuration(args: Namespace) -> Config:
    """Return the settings of the file that was named, else of the one there is."""
    return Config.load(args.config) if args.config else Config.find()


def catalogue(args: Namespace, config: Config | None = None) -> Catalogue:
    """Return all presets at hand; those named last replace earlier ones."""
    from mailprobe import providers  # noqa: PLC0415 - a lone check needs none

    found = (config or configuration(args)).catalogue
    for path in args.presets:
        found = found.merged(providers.load(path))
    return found


def named(args: Namespace, config: Config) -> Catalogue | None:
    """Return all presets if files of them were named; None: the built-in ones do."""
    return catalogue(args, config) if args.presets or config.prober.presets else None
