"""Where the secret for a login comes from."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from mailprobe.model.failure import Kind
from mailprobe.model.secret import Secret
from mailprobe.wire.trouble import Trouble

if TYPE_CHECKING:
    from mailprobe.model.target import Mailbox


async def credential(mailbox: Mailbox) -> Secret:
    """
    Return the password, or a fresh token from the mailbox's token source.

    Raises:
        Trouble: If there is neither, or the token source fails; its own words
            are not kept, since they may quote the token.
    """
    if mailbox.token is None:
        if mailbox.password is None:
            detail = f"{mailbox.address} has neither password nor token"
            raise Trouble(Kind.CREDENTIAL_MISSING, detail=detail)
        return mailbox.password
    try:
        answer = mailbox.token()
        if inspect.isawaitable(answer):
            answer = await answer
    except Exception as error:  # noqa: BLE001 - whatever the caller's code raises
        detail = f"the token source of {mailbox.address} raised {type(error).__name__}"
        raise Trouble(Kind.CREDENTIAL_MISSING, detail=detail) from None
    return answer if isinstance(answer, Secret) else Secret(answer)
