"""Provider presets: what is publicly known about a mail service, dated and sourced."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from mailprobe.model.errors import UsageError
from mailprobe.model.target import Endpoint, Mailbox

UserRule = Literal["email", "localpart", "mixed"]
Meaning = Literal[
    "throttled",
    "blocked_reverse_dns",
    "blocked_reputation",
    "blocked_geography",
    "maintenance",
    "greylisted",
    "canary_full",
    "canary_gone",
    "sender_policy",
    "login_method",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Machines shared by several brands: one rate limit, one incident."""

    id: str
    name: str
    evidence: tuple[str, ...] = ()
    quirks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyMeaning:
    """
    What a provider means by words of its own; it goes before every general rule.

    Attributes:
        text: A regular expression, searched in the reply whatever its case.
        means: The rule for refusals that it stands for
            (``docs/concepts/verdicts.md``).
    """

    text: str
    means: Meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """
    What is publicly known about one provider.

    Attributes:
        id: Its short name ("libero").
        name: Its name as users know it.
        operator: Who runs it.
        platform: The shared platform it runs on (`Platform.id`).
        country: Two letters; empty if unknown.
        domains: Its mail domains.
        mx: The MX hosts it is expected to publish.
        mx_suffix: The domain its MX hosts are expected to lie under.
        username: How the login name is made of the address; "mixed" means the
            local part for IMAP and the whole address for submission.
        smtp: Submission services, the preferred one first.
        imap: IMAP services, the preferred one first; empty if it has none.
        auth: What a canary can log in with: "password", "app-password", "oauth2".
        limits: What a prober must not exceed.
        quirks: What surprises.
        replies: What it means by refusals in words of its own.
        sources: Where these facts come from.
        last_checked: When they were last looked at (ISO date).
        enabled: False if too little is known to probe it by default.
    """

    id: str
    name: str
    operator: str
    platform: str
    country: str = ""
    domains: tuple[str, ...] = ()
    mx: tuple[str, ...] = ()
    mx_suffix: str = ""
    username: UserRule = "email"
    smtp: tuple[Endpoint, ...] = ()
    imap: tuple[Endpoint, ...] = ()
    auth: tuple[str, ...] = ("password",)
    limits: tuple[str, ...] = ()
    quirks: tuple[str, ...] = ()
    replies: tuple[ReplyMeaning, ...] = ()
    sources: tuple[str, ...]
    last_checked: str
    enabled: bool = True

    def complete(self, mailbox: Mailbox) -> Mailbox:
        """Return *mailbox* with what it left out filled in from this preset."""
        local = mailbox.address.rpartition("@")[0]
        short = {"email": ("", ""), "localpart": (local, local), "mixed": (local, "")}
        imap_user, smtp_user = short[self.username]
        return replace(
            mailbox,
            imap=mailbox.imap or (self.imap[0] if self.imap else None),
            smtp=mailbox.smtp or (self.smtp[0] if self.smtp else None),
            imap_user=mailbox.imap_user or imap_user,
            smtp_user=mailbox.smtp_user or smtp_user,
        )

    def expects_mx(self, host: str) -> bool:
        """Whether *host* is where this provider's MX is known to be."""
        name = host.rstrip(".").lower()
        suffix = self.mx_suffix.lower()
        under = bool(suffix) and (name == suffix or name.endswith("." + suffix))
        return name in self.mx or under


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All presets at hand, found by id or by any of their domains."""

    presets: tuple[Preset, ...] = ()
    platforms: tuple[Platform, ...] = ()

    def find(self, name: str) -> Preset | None:
        """Return the preset with this id or mail domain, if there is one."""
        wanted = name.strip().rstrip(".").lower()
        for preset in self.presets:
            if wanted == preset.id or wanted in preset.domains:
                return preset
        return None

    def get(self, name: str) -> Preset:
        """
        Return the preset with this id or mail domain.

        Raises:
            UsageError: If there is none; the message names the nearest ones.
        """
        preset = self.find(name)
        if preset is None:
            message = f"no provider preset is called {name!r}{self._nearest(name)}"
            raise UsageError(message)
        return preset

    def serving(self, name: str) -> Preset | None:
        """Return the preset that a mail domain, a service host or an MX belongs to."""
        host = name.rstrip(".").lower()
        for preset in self.presets:
            services = {at.host.lower() for at in (*preset.smtp, *preset.imap)}
            if host in services or preset.expects_mx(host):
                return preset
        return self.find(host)

    def platform(self, platform_id: str) -> Platform | None:
        """Return the shared platform with this id, if it is one."""
        return next((p for p in self.platforms if p.id == platform_id), None)

    def complete(self, mailbox: Mailbox) -> Mailbox:
        """Fill in what *mailbox* left out, if its domain has a preset."""
        preset = self.find(mailbox.domain)
        return preset.complete(mailbox) if preset else mailbox

    def merged(self, other: Catalogue) -> Catalogue:
        """Return both together; what *other* names replaces what is here."""
        names = {preset.id for preset in other.presets}
        shared = {platform.id for platform in other.platforms}
        kept = tuple(p for p in self.presets if p.id not in names)
        kept_platforms = tuple(p for p in self.platforms if p.id not in shared)
        return Catalogue(
            presets=(*other.presets, *kept),
            platforms=(*other.platforms, *kept_platforms),
        )

    def _nearest(self, name: str) -> str:
        from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

        known = [n for p in self.presets for n in (p.id, *p.domains)]
        near = get_close_matches(name.lower(), known, n=3)
        if near:
            return f"; did you mean {' or '.join(near)}?"
        return "; `mailprobe providers` lists them"
