"""Refused logins: what a server's answer to a password is worth."""

from __future__ import annotations

from typing import Final

from mailprobe.judge.rule import Rule
from mailprobe.model.failure import Kind, Phase
from mailprobe.model.verdict import Blame, Status

LOGIN_RULES: Final = (
    Rule(
        name="login_method",
        condition="a refused login with 534, 5.7.9, or a text asking for another kind "
        "of it",
        when=lambda c: (
            c.kind is Kind.AUTH_REFUSED
            and (
                c.code == 534  # noqa: PLR2004 - RFC 4954 6: the mechanism is too weak
                or c.enhanced == "5.7.9"
                or c.says(
                    "basic authentication",
                    "application-specific password",
                    "app password",
                    "application password",
                    "web browser",
                )
            )
        ),
        status=Status.UNKNOWN,
        blame=Blame.SETUP,
        why="{peer} wants another kind of login ({said}).",
        advice="Use an application password, or an OAuth 2 token.",
    ),
    Rule(
        name="login_refused_smtp",
        applies_to=("SmtpReport", "TripReport", "DispatchReport"),
        condition="535, 534 or another refusal of AUTH",
        when=lambda c: c.kind is Kind.AUTH_REFUSED and c.phase is Phase.AUTH,
        status=Status.UNKNOWN,
        blame=Blame.UNCLEAR,
        why="{peer} refused the login ({said}); a wrong password and a broken "
        "authentication server sound the same there.",
        advice="Try the same login over IMAP, which tells the two apart; only once.",
    ),
    Rule(
        name="login_refused_imap",
        applies_to=("ImapReport", "TripReport", "VisitReport"),
        condition="NO [AUTHENTICATIONFAILED] and the like to the login",
        when=lambda c: c.kind is Kind.AUTH_REFUSED and c.phase is Phase.LOGIN,
        status=Status.UNKNOWN,
        blame=Blame.ACCOUNT,
        why="{peer} refused the login as wrong ({said}).",
        advice="Check the canary's password by hand, once; if others fail too, it is "
        "the provider.",
    ),
)
