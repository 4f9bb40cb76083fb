"""
Refusals in the words of real providers, as they stand in public sources.

Addresses are those of RFC 5737. Where a provider's words are not public, the
line says so.
"""

from __future__ import annotations

from typing import Final

from mailprobe.model.failure import Phase, Reply
from tests.golden.made import Made, imap, mx, refused, relay, smtp, trip

_CSI: Final = (
    "smtp-23.iol.local IP blacklisted by CSI. For remove please visit "
    "http://csi.cloudmark.com/reset-request [smtp-23.iol.local; LIB_102]"
)

# (name, domain, MX host, code, enhanced code, text, what it shows)
_AT_MX: Final = (
    ("libero-csi", "libero.it", "smtp-in.libero.it", 550, None, _CSI,
     "Italiaonline refuses a listed address in its banner"),
    ("virgilio-csi", "virgilio.it", "smtp-in.virgilio.it", 550, None, _CSI,
     "the other brand of the platform refuses in the same words"),
    ("tim-spamhaus", "alice.it", "smtp.aliceposta.it", 550, "5.7.1",
     ("Mail from IP 192.0.2.7 was rejected due to listing in Spamhaus SBL. For details "
     "please see https://check.spamhaus.org/"),
     "TIM refuses a listed address"),
    ("gmail-no-ptr", "gmail.com", "gmail-smtp-in.l.google.com", 550, "5.7.25",
     ("[192.0.2.7] The IP address sending this message does not have a PTR record "
     "setup, or the corresponding forward DNS entry does not point to the sending IP."),
     "Gmail wants reverse DNS"),
    ("gmail-unusual-rate", "gmail.com", "gmail-smtp-in.l.google.com", 421, "4.7.0",
     ("[192.0.2.7 15] Our system has detected that this message is suspicious due to "
     "the very low reputation of the sending IP address."),
     "Gmail defers an address of low reputation"),
    ("yahoo-tss04", "yahoo.com", "mta5.am0.yahoodns.net", 421, "4.7.0",
     ("[TSS04] Messages from 192.0.2.7 temporarily deferred due to unexpected volume "
     "or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes"),
     "Yahoo defers an address that it does not trust"),
    ("yahoo-bl21", "yahoo.com", "mta5.am0.yahoodns.net", 553, "5.7.1",
     ("[BL21] Connections not accepted from IP addresses on Spamhaus XBL; see "
     "https://postmaster.yahooinc.com/error-codes [550]"),
     "Yahoo refuses a listed address"),
    ("outlook-s3150", "outlook.com", "outlook-com.olc.protection.outlook.com", 550,
     "5.7.1", ("Unfortunately, messages from [192.0.2.7] weren't sent. Please contact "
     "your Internet service provider since part of their network is on our block "
     "list (S3150)."),
     "Outlook.com refuses a network"),
    ("gmx-no-ptr", "gmx.net", "mx00.gmx.net", 554, None,
     ("gmx.net (mxgmx016) Nemesis ESMTP Service not available\nNo SMTP service\n"
     "Bad DNS PTR resource record.\nFor explanation visit "
     "https://postmaster.gmx.net/en/error-messages?ip=192.0.2.7&c=rdns"),
     "GMX wants reverse DNS, and says so in its third line"),
    ("fastmail-too-many", "fastmail.com", "in1-smtp.messagingengine.com", 421, "4.7.0",
     "in1-smtp.messagingengine.com Error: too many connections from 192.0.2.7",
     "a limit on connections is no missing STARTTLS"),
    ("no-service", "libero.it", "smtp-in.libero.it", 554, None,
     "No SMTP service here", "a refusal of everybody is an outage"),
    ("shutting-down", "tim.it", "mx.tim.it", 421, "4.3.2",
     "System not accepting network messages", "a server that shuts down"),
)  # fmt: skip

# (name, mailbox, phase, code, enhanced code, text, what it shows)
_LOGINS: Final = (
    ("libero-june-2023-imap", "ada@libero.it", Phase.LOGIN, "NO", None,
     "Credenziali non riconosciute",
     "June 2023: right passwords were refused; one mailbox alone cannot tell"),
    ("libero-june-2023-smtp", "ada@libero.it", Phase.AUTH, 535, "5.7.8",
     "Credenziali non riconosciute",
     "June 2023: over SMTP a refused login proves nothing"),
    ("libero-maintenance-imap", "ada@libero.it", Phase.LOGIN, "NO", None,
     "Servizio in manutenzione", "June 2023: maintenance is no wrong password"),
    ("virgilio-maintenance-bye", "ada@virgilio.it", Phase.GREETING, "BYE", None,
     "Servizio in manutenzione", "June 2023: maintenance in the greeting"),
    ("libero-maintenance-smtp", "ada@libero.it", Phase.AUTH, 535, "5.7.8",
     "Servizio in manutenzione", "maintenance said with the code of a wrong password"),
    ("libero-january-2023", "ada@libero.it", Phase.SELECT, "NO", "UNAVAILABLE",
     "Casella temporaneamente non disponibile",
     "January 2023: the store is down and logins work (the code is a guess)"),
    ("gmail-bad-credentials", "ada@gmail.com", Phase.AUTH, 535, "5.7.8",
     ("Username and Password not accepted. For more information, go to\n"
     "https://support.google.com/mail/?p=BadCredentials"), "Gmail refuses a password"),
    ("gmail-app-password-smtp", "ada@gmail.com", Phase.AUTH, 534, "5.7.9",
     ("Application-specific password required. For more information, go to\n"
     "https://support.google.com/mail/?p=InvalidSecondFactor"),
     "Gmail wants an application password"),
    ("gmail-web-browser", "ada@gmail.com", Phase.AUTH, 534, "5.7.14",
     ("<https://accounts.google.com/signin/continue> Please log in via your web "
     "browser and then try again."), "Gmail wants a login by hand"),
    ("gmail-invalid-imap", "ada@gmail.com", Phase.LOGIN, "NO", "AUTHENTICATIONFAILED",
     "Invalid credentials (Failure)", "Gmail refuses a password over IMAP"),
    ("gmail-simultaneous", "ada@gmail.com", Phase.LOGIN, "NO", "ALERT",
     "Too many simultaneous connections. (Failure)",
     "Gmail takes fifteen connections an account"),
    ("yahoo-bad-attempts", "ada@yahoo.com", Phase.AUTH, 535, "5.7.0",
     "(#AUTH005) Too many bad auth attempts",
     "Yahoo means: an account password where an application password is due"),
    ("yahoo-invalid-imap", "ada@yahoo.com", Phase.LOGIN, "NO", "AUTHENTICATIONFAILED",
     "LOGIN Invalid credentials", "Yahoo refuses a password over IMAP"),
    ("outlook-basic-disabled", "ada@outlook.com", Phase.AUTH, 535, "5.7.139",
     "Authentication unsuccessful, basic authentication is disabled.",
     "Outlook.com wants OAuth 2"),
    ("outlook-5-7-30", "ada@outlook.com", Phase.AUTH, 550, "5.7.30",
     "Basic authentication is not supported for Client Submission.",
     "Outlook.com wants OAuth 2, with the code that RFC 8689 has for REQUIRETLS"),
    ("outlook-concurrent", "ada@outlook.com", Phase.AUTH, 432, "4.3.2",
     ("Concurrent connections limit exceeded. Visit "
     "https://aka.ms/concurrent_sending for more information."),
     "Outlook.com takes three submissions at a time"),
    ("webde-too-often", "ada@web.de", Phase.LOGIN, "NO", "LIMIT",
     "too many login attempts", "a limit that strikes at the login (words made up)"),
    ("tim-auth-down", "ada@tim.it", Phase.AUTH, 454, "4.7.0",
     "Temporary authentication failure", "the authentication server is down"),
    ("dovecot-auth-down", "ada@libero.it", Phase.LOGIN, "NO", "UNAVAILABLE",
     "Temporary authentication failure. [imap-1:2023-01-23 16:00:00]",
     "Dovecot's words while its password store is down"),
)  # fmt: skip

# (name, sender, recipient, phase, code, enhanced code, text, what it shows)
_MAILS: Final = (
    ("gmail-dmarc", "ada@libero.it", "bob@gmail.com", Phase.ACCEPT, 550, "5.7.26",
     "Unauthenticated email from libero.it is not accepted due to its DMARC policy.",
     "the sender's policy is the sender's"),
    ("italiaonline-invalid-domain", "ada@libero.it", "bob@virgilio.it", Phase.MAIL, 550,
     None, "Invalid Domain [smtp-16.iol.local; LIB_105]",
     "Italiaonline checks the sender's domain; the label alone would mean our address"),
    ("gmail-daily-limit", "ada@gmail.com", "bob@libero.it", Phase.DATA, 550, "5.4.5",
     ("Daily user sending limit exceeded. For more information on Gmail sending limits "
     "go to\nhttps://support.google.com/a/answer/166852"),
     "the canary's account has sent all it may"),
    ("gmail-over-quota", "ada@gmail.com", "ada@gmail.com", Phase.RCPT, 452, "4.2.2",
     "The recipient's inbox is out of storage space.", "the canary's mailbox is full"),
    ("gmail-no-such-account", "ada@gmail.com", "ada@gmail.com", Phase.RCPT, 550,
     "5.1.1", "The email account that you tried to reach does not exist.",
     "the canary's account is gone"),
    ("postgrey", "ada@tiscali.it", "bob@posta.example", Phase.RCPT, 450, "4.2.0",
     ("<bob@posta.example>: Recipient address rejected: Greylisted, see "
     "http://postgrey.schweikert.ch/help/posta.example.html"),
     "greylisting delays first mails"),
    ("malformed", "ada@tiscali.it", "bob@libero.it", Phase.ACCEPT, 554, "5.6.0",
     "Message contains bare LF", "our own mail is at fault"),
    ("queue-full", "ada@tim.it", "ada@tim.it", Phase.MAIL, 452, "4.3.1",
     "Insufficient system storage", "the submission server's disk is full"),
)  # fmt: skip

WORDINGS: Final = (
    *(
        Made(
            name=f"mx-{name}",
            about=about,
            report=mx(
                domain, host, refused(Phase.GREETING, Reply(code, enhanced, text))
            ),
        )
        for name, domain, host, code, enhanced, text, about in _AT_MX
    ),
    *(
        Made(
            name=f"login-{name}",
            about=about,
            report=(smtp if phase is Phase.AUTH else imap)(
                address, refused(phase, Reply(code, enhanced, text))
            ),
        )
        for name, address, phase, code, enhanced, text, about in _LOGINS
    ),
    *(
        Made(
            name=f"mail-{name}",
            about=about,
            report=trip(sender, to, refused(phase, Reply(code, enhanced, text))),
        )
        for name, sender, to, phase, code, enhanced, text, about in _MAILS
    ),
    Made(
        name="relay-libero-csi",
        about="the same banner, met on port 25 of the host itself",
        report=relay(
            "smtp-in.libero.it", refused(Phase.GREETING, Reply(550, None, _CSI))
        ),
    ),
    Made(
        name="relay-gmail-no-ptr",
        about="Gmail wants reverse DNS of whoever comes to port 25",
        report=relay(
            "gmail-smtp-in.l.google.com",
            refused(Phase.EHLO, Reply(550, "5.7.25", "[192.0.2.7] has no PTR record")),
        ),
    ),
    Made(
        name="submission-eolo-abroad",
        about="EOLO says that it serves Italy alone (these words are made up)",
        report=smtp(
            "ada@ngi.it",
            refused(
                Phase.EHLO, Reply(550, "5.7.1", "Access from outside Italy denied")
            ),
        ),
    ),
)
