"""What goes wrong with real servers, each as a context manager that undoes itself."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tests.real import clients, maildir
from tests.real.plan import DOVECOT, NOBODY, QUOTA_PORT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from tests.real.certificates import Flaw
    from tests.real.world import RealWorld

DOMAIN: Final = "posta.test"
"""Whose servers fail; the other domains are left as they are."""

OWNER: Final = "bob@posta.test"
"""Whose mailbox fails, where a fault is about one mailbox."""

QUOTA_BYTES: Final = 100 * 1024 * 1024  # as in Dovecot's configuration

# More than the smtpd processes of one port that are idle: tests leave some four.
_AT_MOST: Final = 10

# Else Postfix greets, and refuses only the recipients.
_AT_ONCE: Final = "smtpd_delay_reject = no"


# --- places ---------------------------------------------------------------------


def mx(world: RealWorld) -> list[str]:
    """Return the listeners of the MX hosts."""
    hosts = world.plan.hosts(DOMAIN)
    return [f"{hosts.mx1}:25", f"{hosts.mx2}:25"]


def submission(world: RealWorld) -> list[str]:
    """Return the listeners that take mail from users."""
    host = world.plan.hosts(DOMAIN).smtp
    return [f"{host}:465", f"{host}:587"]


# --- Postfix --------------------------------------------------------------------


def greeting(
    world: RealWorld, action: str, *, hosts: int = 2
) -> AbstractContextManager[None]:
    """Let some of the MX hosts greet with this, in place of 220."""
    refusal = f"smtpd_client_restrictions = check_client_access static:{{{action}}}"
    return world.postfix.changed(mx(world)[:hosts], (_AT_ONCE, refusal))


def tarpit(world: RealWorld, seconds: int) -> AbstractContextManager[None]:
    """Hold the greeting of the first MX host back."""
    pause = f"smtpd_client_restrictions = sleep {seconds}, permit"
    return world.postfix.changed(mx(world)[:1], (_AT_ONCE, pause))


def refused_when(
    world: RealWorld, moment: str, action: str
) -> AbstractContextManager[None]:
    """Let submission refuse at *moment*: ``sender``, ``recipient``, ``end_of_data``."""
    by = {"sender": "sender", "recipient": "recipient"}.get(moment, "client")
    refusal = f"smtpd_{moment}_restrictions = check_{by}_access static:{{{action}}}"
    # Each moment is decided when it comes, as by a server that checks at once;
    # whoever has not logged in yet is let in as far as that.
    options = (_AT_ONCE, "smtpd_client_restrictions =", refusal)
    return world.postfix.changed(submission(world), options)


def disk_full(world: RealWorld) -> AbstractContextManager[None]:
    """Let Postfix find too little room for its queue."""
    # No more than its numbers hold, and more than any disk has left.
    return world.postfix.changed(
        submission(world), ("queue_minfree = 9000000000000000",)
    )


def key_unreadable(world: RealWorld) -> AbstractContextManager[None]:
    """Take the TLS key away from Postfix: it cannot begin TLS."""
    options = (
        "smtpd_tls_chain_files =",
        f"smtpd_tls_cert_file = {world.trust.chain}",
        f"smtpd_tls_key_file = {world.postfix.directory}/gone.pem",
    )
    return world.postfix.changed((*mx(world), *submission(world)), options)


def chain_unreadable(world: RealWorld) -> AbstractContextManager[None]:
    """Take key and certificate away: Postfix offers TLS without a certificate."""
    missing = f"smtpd_tls_chain_files = {world.postfix.directory}/gone.pem"
    return world.postfix.changed((*mx(world), *submission(world)), (missing,))


def without_starttls(world: RealWorld) -> AbstractContextManager[None]:
    """Let port 25 not offer STARTTLS."""
    return world.postfix.changed(mx(world), ("smtpd_tls_security_level = none",))


def without_login(world: RealWorld) -> AbstractContextManager[None]:
    """Let submission not offer AUTH."""
    return world.postfix.changed(submission(world), ("smtpd_sasl_auth_enable = no",))


def modes_swapped(world: RealWorld) -> AbstractContextManager[None]:
    """Speak in clear first on the port that is for TLS."""
    plain = ("smtpd_tls_wrappermode = no", "smtpd_tls_security_level = may")
    return world.postfix.changed(submission(world)[:1], plain)


def smtp_certificate(world: RealWorld, flaw: Flaw) -> AbstractContextManager[None]:
    """Show a certificate that does not hold, on every port of Postfix."""
    shown = f"smtpd_tls_chain_files = {world.trust.flawed(flaw)}"
    return world.postfix.changed((*mx(world), *submission(world)), (shown,))


@contextmanager
def postfix_down(world: RealWorld) -> Iterator[None]:
    """Stop Postfix; IMAP stays up."""
    world.postfix.stop()
    try:
        yield
    finally:
        world.postfix.start()
        world.postfix.await_ready()


@contextmanager
def postfix_hung(world: RealWorld) -> Iterator[None]:
    """Let Postfix take connections and do nothing more."""
    world.postfix.server.freeze()
    try:
        yield
    finally:
        world.postfix.server.thaw()


# --- what becomes of accepted mail ----------------------------------------------


@contextmanager
def settled(world: RealWorld, fault: AbstractContextManager[None]) -> Iterator[None]:
    """Under a fault that keeps mail back; afterwards none of it is under way."""
    try:
        with fault:
            yield
    finally:
        world.postfix.release()
        world.await_empty_queue()
        world.empty_mailbox(OWNER)


def discarded(world: RealWorld) -> AbstractContextManager[None]:
    """Accept mail and lose it."""
    return settled(world, world.discard(DOMAIN))


def refused_by_mx(world: RealWorld, code: int) -> AbstractContextManager[None]:
    """Let submission accept mail that the MX hosts refuse afterwards."""
    return settled(world, world.reject_rcpt(code, DOMAIN))


def held(world: RealWorld) -> AbstractContextManager[None]:
    """Put accepted mail on hold, until somebody releases it."""
    return settled(world, world.policy.act("HOLD on purpose", DOMAIN))


def lmtp_refused(world: RealWorld) -> AbstractContextManager[None]:
    """Let nobody listen where Postfix delivers to."""
    nowhere = f"lmtp:inet:{world.plan.at(NOBODY)}:24"
    return settled(world, world.postfix.changed(virtual_transport=nowhere))


def duplicated(world: RealWorld) -> AbstractContextManager[None]:
    """Deliver a second copy, by an address of the same mailbox."""
    local, _, domain = OWNER.partition("@")
    return settled(world, world.policy.act(f"BCC {local}+INBOX@{domain}", DOMAIN))


# --- Dovecot --------------------------------------------------------------------


@contextmanager
def dovecot_changed(world: RealWorld, **settings: str) -> Iterator[None]:
    """Run Dovecot with other settings, and Postfix with fresh connections to it."""
    try:
        with world.dovecot.changed(**settings):
            world.postfix.restart()
            yield
    finally:
        world.postfix.restart()


def imap_down(world: RealWorld) -> AbstractContextManager[None]:
    """Stop IMAP alone; logins at submission and deliveries go on."""
    return dovecot_changed(world, protocols="lmtp")


def imap_certificate(world: RealWorld, flaw: Flaw) -> AbstractContextManager[None]:
    """Show a certificate that does not hold, on both ports of IMAP."""
    shown = f"<{world.trust.flawed(flaw)}"
    return dovecot_changed(world, ssl_cert=shown, ssl_key=shown)


def imap_weak_key(world: RealWorld) -> AbstractContextManager[None]:
    """Show a certificate whose key is too short for today's programs."""
    shown = f"<{world.trust.flawed('weak_key')}"
    # Dovecot itself would not load such a key at its usual level.
    return dovecot_changed(
        world, ssl_cert=shown, ssl_key=shown, ssl_cipher_list="ALL:@SECLEVEL=0"
    )


def password_store_down(world: RealWorld) -> AbstractContextManager[None]:
    """Let the program that checks passwords fail: "try again later"."""
    program = world.dovecot.directory / "no-store"
    program.write_text("#!/bin/sh\nexit 111\n")
    program.chmod(0o755)
    # With such a program no secret can be read: only plain ones can be checked.
    return dovecot_changed(
        world, driver="checkpassword", args=str(program), auth_mechanisms="plain login"
    )


def login_disabled(world: RealWorld) -> AbstractContextManager[None]:
    """Know the owner's password, but let nobody log in with it."""
    users = world.dovecot.directory / "users"
    changed = users.with_name("users-disabled")
    changed.touch(mode=0o640)
    lines = users.read_text().splitlines()
    changed.write_text(
        "".join(
            f"{line}::::::nologin=y\n" if line.startswith(f"{OWNER}:") else f"{line}\n"
            for line in lines
        )
    )
    shutil.chown(changed, group="dovecot")
    return dovecot_changed(world, args=f"scheme=PLAIN username_format=%u {changed}")


@contextmanager
def too_many_connections(world: RealWorld) -> Iterator[None]:
    """Allow a user one connection, which somebody has."""
    with dovecot_changed(world, mail_max_userip_connections="1"):
        client = clients.imap(world, world.mailbox(OWNER))
        try:
            yield
        finally:
            client.logout()


@contextmanager
def sasl_lost(world: RealWorld) -> Iterator[None]:
    """Take Dovecot away from the smtpd processes that were speaking to it."""
    box = world.mailbox(OWNER)
    # One that never spoke to it does not even greet, so each must log in once.
    for client in [clients.submission(world, box) for _ in range(_AT_MOST)]:
        client.quit()
    with world.dovecot_down():
        yield


# --- one mailbox ----------------------------------------------------------------


def store_unreadable(world: RealWorld) -> AbstractContextManager[None]:
    """Let Dovecot's own user not look into a mailbox."""
    return _mode(world, 0o000, ".")


@contextmanager
def _mode(world: RealWorld, mode: int, *parts: str) -> Iterator[None]:
    maildir.make(world.dovecot.maildir(OWNER))
    folders = [world.dovecot.maildir(OWNER) / part for part in parts]
    for folder in folders:
        folder.chmod(mode)
    try:
        yield
    finally:
        for folder in folders:
            folder.chmod(0o700)


def store_unwritable(world: RealWorld) -> AbstractContextManager[None]:
    """Let Dovecot's own user read a mailbox, but put nothing into it."""
    return settled(world, _mode(world, 0o500, "tmp", "new", "cur"))


@contextmanager
def mailbox_full(world: RealWorld) -> Iterator[None]:
    """Use a mailbox's quota up; only delivery asks about it, and returns the mail."""
    maildir.fill_up(world.dovecot.maildir(OWNER), QUOTA_BYTES)
    world.dovecot.doveadm("index", "-u", OWNER, "INBOX")
    world.dovecot.doveadm("quota", "recalc", "-u", OWNER)
    try:
        yield
    finally:
        world.empty_mailbox(OWNER)


@contextmanager
def mailbox_full_asked(world: RealWorld) -> Iterator[None]:
    """Use a mailbox's quota up; submission asks about it (Dovecot's own policy)."""
    asked = (
        f"smtpd_recipient_restrictions = check_policy_service "
        f"inet:{world.plan.at(DOVECOT)}:{QUOTA_PORT}, check_recipient_access $mx_routes"
    )
    with mailbox_full(world), world.postfix.changed(submission(world), (asked,)):
        yield
