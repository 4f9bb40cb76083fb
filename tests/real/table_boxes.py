"""What goes wrong with logins and mailboxes."""

from __future__ import annotations

from mailprobe import Limits
from mailprobe.lab import (
    Duplicate,
    Full,
    Junk,
    Lose,
    Stall,
    Withhold,
)
from tests.real import faults
from tests.real.faults import DOMAIN
from tests.real.scenario import (
    IN,
    LOST,
    PATIENCE,
    WITHIN,
    Scenario,
    healthy,
    imap,
    provider,
    says,
    submission,
)


def logins() -> list[Scenario]:
    """Refuse logins: for the password, for the account, for their own failure."""
    away = "4.7.0 Temporary authentication failure: Connection lost"
    wrong = "5.7.8 Error: authentication failed: (reason unavailable)"
    unavailable = "[UNAVAILABLE] Temporary authentication failure."
    store = (
        *says("imap", "AUTH", "NO", unavailable),
        *says("submission", "AUTH", 535, wrong),
    )
    disabled = "[CONTACTADMIN] Login disabled for this user"
    most = "[LIMIT] Maximum number of connections from user+IP exceeded"
    return [
        Scenario(
            name="password-store-down-imap",
            fault=faults.password_store_down,
            probe=imap(),
            ending=("down", "provider", "login", "auth_unavailable"),
            twins=store,
        ),
        Scenario(
            name="password-store-down-submission",
            fault=faults.password_store_down,
            probe=submission(),
            ending=("unknown", "unclear", "auth", "auth_refused"),
            twins=store,
        ),
        Scenario(
            name="password-store-down-provider",
            fault=faults.password_store_down,
            probe=provider,
            ending=("down", "provider", "auth", "auth_refused"),
            twins=store,
        ),
        Scenario(
            name="sasl-server-gone",
            fault=faults.sasl_lost,
            probe=submission(),
            ending=("down", "provider", "auth", "auth_unavailable"),
            twins=says("submission", "AUTH", 454, away),
        ),
        Scenario(
            name="auth-hung",
            fault=lambda w: w.dovecot.frozen("auth"),
            probe=imap(),
            ending=("down", "provider", "login", "reply_timeout"),
            twins=(Stall("AUTH", service="imap", domain=DOMAIN),),
            limits=Limits(command=PATIENCE),
        ),
        Scenario(
            name="wrong-password-imap",
            fault=healthy,
            probe=imap(password="not it"),
            ending=("unknown", "account", "login", "auth_refused"),
            twins=(),
        ),
        Scenario(
            name="wrong-password-submission",
            fault=healthy,
            probe=submission(password="not it"),
            ending=("unknown", "unclear", "auth", "auth_refused"),
            twins=(),
        ),
        Scenario(
            name="login-disabled",
            fault=faults.login_disabled,
            probe=imap(),
            ending=("unknown", "account", "login", "auth_refused"),
            twins=says("imap", "AUTH", "NO", disabled),
        ),
        Scenario(
            name="too-many-connections",
            fault=faults.too_many_connections,
            probe=imap(),
            ending=("unknown", "vantage", "login", "auth_unavailable"),
            twins=says("imap", "AUTH", "NO", most),
        ),
        Scenario(
            name="login-not-offered",
            fault=faults.without_login,
            probe=submission(),
            ending=("unknown", "setup", "auth", "auth_not_offered"),
            twins=(Withhold("AUTH", service="submission", domain=DOMAIN),),
        ),
    ]


def stores() -> list[Scenario]:
    """Break one mailbox, or the way into it."""
    bug = "[SERVERBUG] Internal error occurred. Refer to server log."
    full = "5.2.2 Recipient address rejected: Mailbox is full"
    missing = ("down", "provider", "transit", "canary_missing")
    lost = (Lose(domain=DOMAIN),)
    return [
        Scenario(
            name="store-unreadable",
            fault=faults.store_unreadable,
            probe=imap(),
            ending=("down", "provider", "select", "imap_no"),
            twins=says("imap", "EXAMINE", "NO", bug),
        ),
        Scenario(
            name="store-unreadable-trip",
            fault=faults.store_unreadable,
            probe=IN,
            ending=("down", "provider", "select", "imap_no"),
            twins=says("imap", "EXAMINE", "NO", bug),
        ),
        Scenario(
            name="store-unwritable",
            fault=faults.store_unwritable,
            probe=LOST,
            ending=missing,
            twins=lost,
        ),
        Scenario(
            name="lmtp-refused",
            fault=faults.lmtp_refused,
            probe=LOST,
            ending=missing,
            twins=lost,
        ),
        Scenario(
            name="discarded",
            fault=faults.discarded,
            probe=LOST,
            ending=missing,
            twins=lost,
        ),
        Scenario(
            name="refused-by-mx",
            fault=lambda w: faults.refused_by_mx(w, 550),
            probe=LOST,
            ending=missing,
            twins=lost,
        ),
        Scenario(
            name="duplicated",
            fault=faults.duplicated,
            probe=IN,
            ending=("degraded", "provider", None, None),
            twins=(Duplicate(domain=DOMAIN),),
        ),
        Scenario(
            name="junk",
            fault=lambda w: w.junk(),
            probe=IN,
            ending=("degraded", "unclear", None, None),
            twins=(Junk(domain=DOMAIN),),
        ),
        Scenario(
            name="mailbox-full",
            fault=faults.mailbox_full_asked,
            probe=WITHIN,
            ending=("unknown", "account", "rcpt", "smtp_permanent"),
            twins=says("submission", "RCPT", 552, full),
        ),
        Scenario(
            name="mailbox-full-at-delivery",
            fault=lambda w: faults.settled(w, faults.mailbox_full(w)),
            probe=LOST,
            ending=("unknown", "account", "transit", "canary_missing"),
            twins=(Full(domain=DOMAIN),),
        ),
        Scenario(
            name="mailbox-full-imap",
            fault=faults.mailbox_full,
            probe=imap(),
            ending=("ok", None, None, None),
            finding="mailbox_nearly_full",
        ),
    ]
