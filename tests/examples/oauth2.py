"""A mailbox that logs in with an access token."""

from __future__ import annotations

# --8<-- [start:example]
import asyncio

import mailprobe


async def fresh_token() -> mailprobe.Secret:
    """Ask the program that keeps the tokens for a fresh one."""
    process = await asyncio.create_subprocess_exec(
        "fetch-token", "canary@gmail.com", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return mailprobe.Secret(output.decode().strip())


def canary() -> mailprobe.Mailbox:
    """Describe the mailbox; the token is fetched when it logs in."""
    return mailprobe.Mailbox.at("canary@gmail.com", token=fresh_token)


# --8<-- [end:example]
