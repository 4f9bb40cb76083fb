"""``mailprobe providers [NAME]``: what is publicly known of mail providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.cli.arguments import config_options, output_options

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from mailprobe.cli.arguments import Parser
    from mailprobe.model.provider import Catalogue, Preset
    from mailprobe.model.target import Endpoint
    from mailprobe.render.spans import Line, Span


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="provider or its domain (default: all)",
    )
    output_options(parser, formats=("text", "json"))
    config_options(parser)


def run(args: Namespace) -> int:
    """Show one preset, or list all."""
    from mailprobe.cli import output, presets  # noqa: PLC0415 - not for the help
    from mailprobe.render import json  # noqa: PLC0415

    catalogue = presets.catalogue(args)
    chosen = [catalogue.get(args.name)] if args.name else sorted_by_name(catalogue)
    if args.format == "json":
        output.say(*(json.line(preset) for preset in chosen))
    elif args.name:
        output.write(_one(chosen[0], catalogue))
    else:
        output.write(_all(chosen))
    return 0


def sorted_by_name(catalogue: Catalogue) -> list[Preset]:
    """Return the presets, brands of one platform together."""
    return sorted(catalogue.presets, key=lambda preset: (preset.platform, preset.id))


def _all(chosen: list[Preset]) -> Iterator[Line]:
    from mailprobe.cli.output import look  # noqa: PLC0415
    from mailprobe.render.spans import table  # noqa: PLC0415

    head = ("PROVIDER", "PLATFORM", "SUBMISSION", "IMAP", "DOMAINS")
    rows: list[list[Span]] = [[("faint", title) for title in head]]
    for preset in chosen:
        domains = len(preset.domains)
        first = preset.domains[0] if preset.domains else ""
        more = f" +{domains - 1}" if domains > 1 else ""
        rows.append(
            [
                ("strong" if preset.enabled else "faint", preset.id),
                ("", preset.platform),
                ("", _service(preset.smtp)),
                ("", _service(preset.imap)),
                ("", f"{first}{more}"),
            ]
        )
    yield from table(rows, width=look().width, indent=0)


def _service(endpoints: tuple[Endpoint, ...]) -> str:
    return str(endpoints[0]) if endpoints else "-"


def _one(preset: Preset, catalogue: Catalogue) -> Iterator[Line]:
    from mailprobe.cli.output import look  # noqa: PLC0415
    from mailprobe.render.clean import visible  # noqa: PLC0415
    from mailprobe.render.spans import paragraph  # noqa: PLC0415

    width = look().width
    yield (("strong", f"{preset.id}: {visible(preset.name)}"),)
    for label, text in _facts(preset, catalogue):
        first = (("faint", f"  {label:<13}"),)
        yield from paragraph(visible(text), width=width, first=first, indent=15)


def _facts(preset: Preset, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    platform = catalogue.platform(preset.platform)
    country = f" ({preset.country})" if preset.country else ""
    yield "operator", preset.operator + country
    yield "platform", platform.name if platform else preset.platform
    yield "domains", ", ".join(preset.domains) or "-"
    suffix = f"hosts under {preset.mx_suffix}" if preset.mx_suffix else "not known"
    yield "mx", ", ".join(preset.mx) or suffix
    for label, endpoints in (("submission", preset.smtp), ("imap", preset.imap)):
        listed = ", ".join(f"{one} {one.security}" for one in endpoints)
        yield label, listed or "none"
    yield "login name", preset.username
    yield "login by", ", ".join(preset.auth)
    if not preset.enabled:
        yield "probed", "only if asked for: too little is known"
    for label, texts in (
        ("limit", preset.limits),
        ("quirk", preset.quirks),
        ("evidence", platform.evidence if platform else ()),
        ("source", preset.sources),
    ):
        for text in texts:
            yield label, text
    yield "last checked", f"{preset.last_checked} (in the sources, not by trying)"
