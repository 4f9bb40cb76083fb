"""The scenarios of the lab whose reports are stored, by name."""

from __future__ import annotations

from typing import Final

_CHOSEN: Final = """
mx-names-healthy mx-names-no-such-domain mx-names-servfail mx-names-name-server-refuses
mx-names-null-mx mx-names-mx-host-without-address mx-names-one-mx-host-without-address
mx-names-hosts-servfail mx-names-neither-mx-nor-address mx-name-server-silent mx-healthy
mx-names-dnssec-bogus mx-refused mx-one-refused mx-no-starttls mx-block-list mx-no-route

smtp-no-service smtp-maintenance-de smtp-ehlo-closing smtp-starttls-454 smtp-auth-454
smtp-auth-535-too-many smtp-starttls-withheld smtp-auth-withheld smtp-mixed-codes
smtp-early-talker smtp-http smtp-starttls-injection smtp-tls-to-a-plain-port
smtp-plain-to-a-tls-port
smtp-reputation smtp-country smtp-drop-at-auth smtp-nobody-listens smtp-no-such-host
smtp-host-without-address smtp-port-silent smtp-stall-at-tls smtp-stall-at-greeting
smtp-stall-at-ehlo smtp-our-own-time-is-up

tls-healthy-tls tls-alert tls-expired-tls tls-not-yet-valid-tls tls-wrong-host-tls
tls-self-signed-tls tls-untrusted-tls tls-missing-intermediate-starttls tls-weak-key-tls

imap-healthy-tls imap-wrong-password imap-mechanism-not-offered imap-bye
imap-greeting-no imap-login-unavailable imap-login-bad imap-login-alert
imap-select-serverbug imap-select-quota imap-list-no imap-id-no
imap-select-answers-another-tag

trip-healthy trip-junk trip-duplicated trip-wrong-password-to-send trip-lost
trip-mailbox-full
trip-send-nobody-listens trip-send-rcpt-gone trip-send-accept-policy
trip-send-drop-at-accept trip-read-store-down trip-idle-withheld

provider-healthy provider-all-refused provider-password-store-down
provider-sending-not-allowed provider-wrong-password provider-blocked-at-mx
provider-second-port-fails provider-junk
"""

CHOSEN: Final = tuple(_CHOSEN.split())
