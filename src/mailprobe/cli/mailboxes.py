"""Which mailbox a word means, and where its secret comes from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mailprobe import credentials
from mailprobe.model.target import Mailbox

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.config import Config
    from mailprobe.model.provider import Catalogue
    from mailprobe.model.secret import Secret
    from mailprobe.model.target import TokenSource


def is_known(word: str, config: Config) -> bool:
    """Whether the settings have a mailbox with this name or address."""
    return any(word in {box.name, box.address} for box in config.mailboxes)


def mailbox(
    word: str,
    args: Namespace,
    config: Config,
    catalogue: Catalogue,
    *,
    prefix: str = "",
) -> Mailbox:
    """
    Return the mailbox that *word* means, with its secret.

    Args:
        word: A name from the settings, or an address.
        args: Arguments with the options of `arguments.secret_options`.
        config: The settings.
        catalogue: Presets, which know the hosts of many domains.
        prefix: What stands before the names of the secret options ("to_").

    Raises:
        UsageError: If it is no address.
        ConfigError: If there is no such name, or the secret cannot be had.
    """
    password, token = _secrets(args, prefix)
    if is_known(word, config) or "@" not in word:
        if password is None and token is None:
            return _prompted(catalogue.complete(config.mailbox(word)))
        # The arguments' secret instead of the file's, which need not be there.
        boxes = tuple(replace(b, password=None, token=None) for b in config.mailboxes)
        box = replace(config, mailboxes=boxes).mailbox(word)
        return catalogue.complete(replace(box, password=password, token=token))
    box = Mailbox(word, password=password, token=token)
    return _prompted(catalogue.complete(box))


def _prompted(box: Mailbox) -> Mailbox:
    if box.password is not None or box.token is not None:
        return box
    return replace(box, password=credentials.from_prompt(box.address))


def _secrets(args: Namespace, prefix: str) -> tuple[Secret | None, TokenSource | None]:
    given = {
        name: getattr(args, f"{prefix}{name}")
        for name in (
            "password_env",
            "password_file",
            "password_command",
            "token_command",
        )
    }
    if (name := given["password_env"]) is not None:
        return credentials.from_env(name), None
    if (path := given["password_file"]) is not None:
        return credentials.from_file(path), None
    if (command := given["password_command"]) is not None:
        return credentials.from_command(command), None
    if (command := given["token_command"]) is not None:
        source = credentials.Reference("command", command).token_source()
        return None, source
    return None, None
