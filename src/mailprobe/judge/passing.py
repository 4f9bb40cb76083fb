"""What one attempt cannot prove: failures that may be over a moment later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.judge.kinds import KINDS
from mailprobe.model.failure import Kind
from mailprobe.model.report import ImapReport, SmtpReport, TlsReport

if TYPE_CHECKING:
    from mailprobe.model.failure import Failure
    from mailprobe.model.report import Report


def may_pass(failure: Failure | None) -> bool:
    """Whether this failure counts only when a second attempt meets it as well."""
    return failure is not None and KINDS[failure.kind].attempts > 1


def worth_repeating(report: Report) -> bool:
    """
    Whether the conversation is to be held once more before it is judged.

    Never after a login was tried: a password is given once. A handshake that
    fails has been tried twice already, unless the second one came through.
    """
    if not may_pass(report.failure):
        return False
    if isinstance(report, SmtpReport | ImapReport):
        if report.authenticated is not None:
            return False
    elif not isinstance(report, TlsReport):
        return False
    if report.failure and report.failure.kind is Kind.TLS_HANDSHAKE:
        return report.tls is not None
    return True
