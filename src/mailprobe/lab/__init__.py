"""
A mail world on loopback: SMTP, IMAP, DNS and a CA in one process, with faults.

    async with Lab() as lab:
        with lab.fault(Reply("RCPT", 451, "4.3.0 store trouble")):
            ...
"""

from __future__ import annotations

from mailprobe.lab.faults import (
    CERTIFICATE_KINDS,
    MOMENTS,
    BadCertificate,
    Bounce,
    Delay,
    DnsRefused,
    DnsStall,
    Drip,
    Drop,
    Duplicate,
    Fault,
    Full,
    Garble,
    Hold,
    Junk,
    Lose,
    NoData,
    NxDomain,
    Raw,
    Records,
    Refuse,
    Reply,
    Servfail,
    Slow,
    Stall,
    Withhold,
)
from mailprobe.lab.journeys import Journey, Journeys
from mailprobe.lab.listener import LabError
from mailprobe.lab.outages import OUTAGES, Outage, outage
from mailprobe.lab.post import Queue
from mailprobe.lab.replays import REPLAYS, Phase, Replay, replay
from mailprobe.lab.store import Account, Counters, Folder, Message, Store
from mailprobe.lab.thread import ThreadedLab
from mailprobe.lab.world import BRANDS, DOMAINS, Lab

__all__ = [
    "BRANDS",
    "CERTIFICATE_KINDS",
    "DOMAINS",
    "MOMENTS",
    "OUTAGES",
    "REPLAYS",
    "Account",
    "BadCertificate",
    "Bounce",
    "Counters",
    "Delay",
    "DnsRefused",
    "DnsStall",
    "Drip",
    "Drop",
    "Duplicate",
    "Fault",
    "Folder",
    "Full",
    "Garble",
    "Hold",
    "Journey",
    "Journeys",
    "Junk",
    "Lab",
    "LabError",
    "Lose",
    "Message",
    "NoData",
    "NxDomain",
    "Outage",
    "Phase",
    "Queue",
    "Raw",
    "Records",
    "Refuse",
    "Replay",
    "Reply",
    "Servfail",
    "Slow",
    "Stall",
    "Store",
    "ThreadedLab",
    "Withhold",
    "outage",
    "replay",
]
