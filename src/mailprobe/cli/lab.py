"""``mailprobe lab``: a mail world on this machine, to play with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from mailprobe.cli.arguments import Parser
    from mailprobe.lab import Lab, ThreadedLab
    from mailprobe.model.provider import Preset
    from mailprobe.model.target import Endpoint

USERS: Final = ("ada", "bob")
VARIABLE: Final = "LAB_PASSWORD"


def arguments(parser: Parser) -> None:
    """Add what this command takes: nothing."""
    parser.epilog = "It listens on loopback only and ends on Ctrl-C."


def run(args: Namespace) -> int:
    """Serve until a signal comes."""
    from mailprobe.cli import session  # noqa: PLC0415 - not for the help

    del args
    session.complete(_serve())
    return 0


async def _serve() -> None:
    import asyncio  # noqa: PLC0415
    import tempfile  # noqa: PLC0415

    from mailprobe.cli import output  # noqa: PLC0415
    from mailprobe.lab import Lab  # noqa: PLC0415

    async with Lab() as lab:
        with tempfile.TemporaryDirectory(prefix="mailprobe-lab-") as folder:
            settings = write_settings(lab, Path(folder))
            output.say(*_how_to_reach(lab, settings))
            await asyncio.Event().wait()


def _how_to_reach(lab: Lab, settings: Path) -> Iterator[str]:
    first = f"ada@{lab.domains[0]}"
    other = f"bob@{lab.domains[-1]}"
    password = lab.store.account(first).password
    yield "A mail world runs on this machine until Ctrl-C: libero.test and"
    yield "virgilio.test share one platform, posta.test stands alone."
    yield ""
    yield f"  settings     {settings}"
    yield f"  name server  {lab.nameserver}"
    yield f"  CA file      {lab.ca_file}"
    yield f"  MX port      {lab.mx_port}"
    yield ""
    for domain in lab.domains:
        imap = lab.endpoint(domain, "imap")
        smtp = lab.endpoint(domain, "submission")
        yield f"  {domain}: IMAP {imap}, submission {smtp} (TLS)"
        for user in USERS:
            address = f"{user}@{domain}"
            yield f"    {address:<20} {lab.store.account(address).password}"
    yield ""
    yield "Paste into another terminal:"
    yield ""
    yield f"  export MAILPROBE_CONFIG={settings}"
    yield f"  mailprobe mx {lab.domains[0]} --connect"
    yield f"  mailprobe imap {first}"
    yield f"  mailprobe roundtrip {first} {other}"
    yield f"  mailprobe check {lab.domains[0]} --login {first}"
    yield f"  mailprobe ping {first} --count 3 --interval 0"
    yield "  mailprobe monitor"
    yield ""
    yield "The same without the settings file, hosts found by SRV records:"
    yield ""
    yield f"  export {VARIABLE}={password}"
    yield f"  mailprobe roundtrip {first} --password-env {VARIABLE} \\"
    yield f"    --nameserver {lab.nameserver} --ca-file {lab.ca_file}"


def write_settings(lab: Lab | ThreadedLab, folder: Path) -> Path:
    """
    Write a ``mailprobe.toml`` for the lab, with presets and secret files beside it.

    Args:
        lab: A running lab.
        folder: Where to; nobody else should be able to look into it.

    Returns:
        The path of the file.
    """
    import secrets  # noqa: PLC0415 - not for the help

    presets = folder / "presets.toml"
    presets.write_text("\n".join(_presets(lab)), encoding="utf-8")
    key = folder / "canary.key"
    key.touch(mode=0o600)
    key.write_text(f"{secrets.token_hex()}\n", "utf-8")
    lines = [
        "[prober]",
        f"nameservers = {_value([lab.nameserver])}",
        f"ca_file = {_value(str(lab.ca_file))}",
        f"mx_port = {lab.mx_port}",
        f"presets = {_value([presets.name])}",
        f"canary_key = {_value(f'file:{key.name}')}",
    ]
    for domain in lab.domains:
        for user in USERS:
            address = f"{user}@{domain}"
            secret = folder / f"{address}.password"
            secret.touch(mode=0o600)
            secret.write_text(f"{lab.store.account(address).password}\n", "utf-8")
            lines += [
                "",
                f"[mailbox.{user}-{domain.partition('.')[0]}]",
                f"address = {_value(address)}",
                f"password = {_value(f'file:{secret.name}')}",
            ]
    lines += _monitor(lab)
    file = folder / "mailprobe.toml"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return file


def _monitor(lab: Lab | ThreadedLab) -> Iterator[str]:
    """Yield what makes `mailprobe monitor` watch the lab, with a mail every minute."""
    names = [domain.partition(".")[0] for domain in lab.domains]
    boxes = {name: [f"{user}-{name}" for user in USERS] for name in names}
    yield from ("", "[monitor]", "interval = 60", "look_every = 30", "patience = 10")
    yield from ("budget = 100000", 'outside = "canary@outside.test"')
    for name in names:
        yield from (
            "",
            f"[monitor.cohort.{name}]",
            f"mailboxes = {_value(boxes[name])}",
        )
    firsts = [held[0] for held in boxes.values()]
    yield from ("", "[monitor.route.around]", f"from = {_value(firsts)}")
    yield f"to = {_value(firsts)}"
    yield from ("", "[monitor.route.outside]", 'from = "outside"')
    yield f"to = {_value(firsts)}"


def _presets(lab: Lab | ThreadedLab) -> Iterator[str]:
    for platform in lab.catalogue.platforms:
        yield "[[platform]]"
        yield f"id = {_value(platform.id)}"
        yield f"name = {_value(platform.name)}"
        yield f"evidence = {_value(platform.evidence)}"
    for preset in lab.catalogue.presets:
        yield from _preset(preset)
    yield ""


def _preset(preset: Preset) -> Iterator[str]:
    yield ""
    yield "[[provider]]"
    for key in ("id", "name", "operator", "platform", "domains", "mx", "auth"):
        yield f"{key} = {_value(getattr(preset, key))}"
    for key in ("smtp", "imap"):
        endpoints: tuple[Endpoint, ...] = getattr(preset, key)
        listed = (
            f"{{ host = {_value(one.host)}, port = {one.port}, "
            f"security = {_value(str(one.security))} }}"
            for one in endpoints
        )
        yield f"{key} = [{', '.join(listed)}]"
    yield f"sources = {_value(preset.sources)}"
    yield f"last_checked = {preset.last_checked}"


def _value(value: object) -> str:
    """Write a string or a list of them: JSON's strings are TOML's, too."""
    import json  # noqa: PLC0415

    return json.dumps(value)
