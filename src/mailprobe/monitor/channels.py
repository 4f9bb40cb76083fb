"""The channels themselves: a webhook, and whatever Apprise knows. They block."""

from __future__ import annotations

import logging
import os
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Final

import msgspec

from mailprobe.model.errors import ConfigError, MailprobeError
from mailprobe.render.clean import short, visible

if TYPE_CHECKING:
    from mailprobe.model.incident import Event

TIMEOUT: Final = 15.0  # seconds for one message; it is tried again
TITLE_MAX: Final = 200  # characters; a subject line of a mail or a pager
BODY_MAX: Final = 1000  # characters; what a short message service takes


class Refused(Exception):  # noqa: N818 - the name of the thing
    """Nobody took a message; the text is ours, and quotes nothing."""


def title(event: Event) -> str:
    """Return the subject of a message."""
    told = f"mailprobe: {event.incident.culprit}: {event.change}"
    return short(visible(told), TITLE_MAX)


def body(event: Event) -> str:
    """Return the text of a message."""
    return short(visible(event.incident.why), BODY_MAX)


def post(url: str, event: Event | None) -> None:
    """
    Post an event as JSON; without one, look whether the URL can be meant.

    Raises:
        ConfigError: If it is no URL of the web.
        OSError: If nobody takes it.
    """
    if not url.startswith(("http://", "https://")):
        message = "webhook: what is there is no http:// or https:// URL"
        raise ConfigError(message)
    if event is None:
        return
    request = urllib.request.Request(  # noqa: S310 - checked above
        url,
        data=msgspec.json.encode(event),
        headers={"Content-Type": "application/json", "User-Agent": "mailprobe"},
    )
    fetch(request, TIMEOUT)


def fetch(what: urllib.request.Request | str, timeout: float) -> None:
    """
    Ask a server for something, and let its answer be.

    Raises:
        OSError: If it does not answer, or not with success.
    """
    try:
        with urllib.request.urlopen(what, timeout=timeout):  # noqa: S310 - http or https alone, as its callers checked
            pass
    except urllib.error.HTTPError as error:
        error.close()  # its answer is of no interest, and would stay open
        raise


def apprise(url: str, event: Event | None) -> None:
    """
    Tell an event through Apprise; without one, look whether the URL can be meant.

    Raises:
        ConfigError: If Apprise is not installed, or does not know the URL.
        Refused: If the channel does not take it.
    """
    # Its log quotes what it was given: passwords and tokens.
    logging.getLogger("apprise").disabled = True
    try:
        from apprise import Apprise  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        message = "notify needs Apprise: pip install 'mailprobe[notify]'"
        raise ConfigError(message) from None
    channel = Apprise()
    if not channel.add(url):
        message = "notify: what is there is no URL that Apprise knows"
        raise ConfigError(message)
    if event is None:
        return
    if not channel.notify(title=title(event), body=body(event), body_format="text"):
        message = "Apprise could not deliver it"
        raise Refused(message)


def said(error: Exception) -> str:
    """
    Return what went wrong without a word of the URL, which is a secret.

    Libraries quote what they were given in their exceptions; so only codes and our
    own sentences are told.
    """
    if isinstance(error, Refused | MailprobeError):
        return str(error)
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return "there was no answer in time"
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno) if cause.errno > 0 else "no such host"
    return f"it failed ({type(cause).__name__})"
