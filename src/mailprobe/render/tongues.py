"""The words of each language; which of them are said is decided in `callcentre`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mailprobe.model.sample import Function


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """
    All that is said in one language.

    In sentences, ``{who}`` is the provider, ``{since}`` and ``{span}`` are times,
    ``{users}``, ``{failing}`` and ``{failed}`` say who cannot do what.
    """

    conjunction: str
    since: Callable[[datetime], str]
    span: Callable[[datetime, datetime], str]
    failing: dict[Function, str]
    failed: dict[Function, str]
    users: str
    some: str
    planned: str
    overrun: str
    fails: str
    recovering: str
    passing: str
    over: str
    unclear: str
    unclear_over: str
    keep_settings: str
    keep_drafts: str
    wait: str
    no_mails: str
    all_arrived: Callable[[int], str]
    of_mails: Callable[[int, str], str]
    bounced: Callable[[int], str]
    lost: Callable[[int], str]
    waiting: Callable[[int], str]
    resend: str
    none_lost: str
    network: str
    resolver: str
    ours: str
    ours_over: str
    account: str
    account_over: str


# --- English ------------------------------------------------------------------------

_DAYS: Final = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
]
_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def _zone(at: datetime) -> str:
    """Name the zone only where it is nobody's: callers live by their own clock."""
    return " UTC" if at.tzname() == "UTC" else ""


def _day(at: datetime) -> str:
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at.year}"


def _on(at: datetime) -> str:
    return f"{at:%H:%M}{_zone(at)} on {_day(at)}"


def _from_to(begin: datetime, end: datetime) -> str:
    if begin.date() == end.date():
        return f"from {begin:%H:%M} to {_on(end)}"
    return f"from {_on(begin)} to {_on(end)}"


def _mails(number: int) -> str:
    return "one test mail" if number == 1 else f"{number} test mails"


ENGLISH: Final = Tongue(
    conjunction="and",
    since=lambda at: f"since {_on(at)}",
    span=_from_to,
    failing={
        Function.SUBMIT: "cannot send mail",
        Function.ACCEPT: "get no mail from outside",
        Function.DELIVER: "get their mail late or not at all",
        Function.READ: "cannot open their mailboxes",
    },
    failed={
        Function.SUBMIT: "could not send mail",
        Function.ACCEPT: "got no mail from outside",
        Function.DELIVER: "got their mail late or not at all",
        Function.READ: "could not open their mailboxes",
    },
    users="its users",
    some="some of its users",
    planned=" because of announced maintenance",
    overrun=" because of announced maintenance that takes longer than announced",
    fails="It is not us, it is {who}: {since} {users} {failing}{work}.",
    recovering=(
        "It is not us, it is {who}: {since} there has been trouble{work}; it is "
        "passing, but some of its users still {failing}."
    ),
    passing=(
        "It was not us, it was {who}: {since} its users {failed}{work}. It works "
        "again now, but it is not over yet: mail sent meanwhile may still be late."
    ),
    over="It was not us, it was {who}: {span} its users {failed}{work}. It is over.",
    unclear=(
        "There is trouble with {who}: {since} {users} {failing}. Whose fault it is we "
        "do not know yet."
    ),
    unclear_over=(
        "There was trouble with {who}: {span} its users {failed}. Whose fault it was "
        "we cannot say."
    ),
    keep_settings=(
        "There is no need to change the password or the settings, even if your mail "
        "program says that the password is wrong: please wait and try again later."
    ),
    keep_drafts=(
        "There is nothing to change in your settings: please keep the message among "
        "your drafts and send it later."
    ),
    wait="There is nothing you have to do: please wait.",
    no_mails=(
        "Whether mail was lost we cannot tell, for we sent no test mail in that time."
    ),
    all_arrived=lambda n: (
        "The one test mail that we sent in that time has arrived."
        if n == 1
        else f"All {n} test mails that we sent in that time have arrived; we saw no "
        "mail get lost."
    ),
    of_mails=lambda n, told: f"Of {_mails(n)} that we sent in that time, {told}.",
    bounced=lambda n: f"{n} came back to the sender",
    lost=lambda n: f"{n} never arrived and may be lost",
    waiting=lambda n: f"{n} {'is' if n == 1 else 'are'} still on the way",
    resend=(
        "Whoever gets a notice that a message could not be delivered must send it "
        "again."
    ),
    none_lost="None of them is lost as far as we can see.",
    network="our own connection to the internet",
    resolver="our own look-up of internet names",
    ours=(
        "At the moment we cannot say how your mail provider is: {since} {what}, with "
        "which we check, does not work. That is our fault and not the provider's, and "
        "nothing tells of lost mail. Please ask again later."
    ),
    ours_over=(
        "It was us and not your mail provider: {span} {what}, with which we check, did "
        "not work. It is over; nothing tells of lost mail."
    ),
    account=(
        "We know of no trouble at {who}: {since} only a test mailbox of ours does not "
        "work there, and others do. If your mailbox does not work, that has another "
        "cause: please check your user name, your password and your settings. Nothing "
        "tells of lost mail."
    ),
    account_over=(
        "There was no trouble at {who}: {span} only a test mailbox of ours did not "
        "work there, and others did. It is over; nothing tells of lost mail."
    ),
)


# --- Italian ------------------------------------------------------------------------

_GIORNI: Final = [
    "lunedì",
    "martedì",
    "mercoledì",
    "giovedì",
    "venerdì",
    "sabato",
    "domenica",
]
_MESI: Final = [
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
]


def _giorno(at: datetime) -> str:
    day = "1º" if at.day == 1 else str(at.day)
    return f"{_GIORNI[at.weekday()]} {day} {_MESI[at.month - 1]} {at.year}"


def _ora(at: datetime, preposition: str) -> str:
    """Put a preposition before a time: *dalle 15:30*, but *dall'1:05*."""
    if at.hour == 1:
        return f"{preposition}'{at.hour}:{at:%M}"
    return f"{preposition}e {at.hour}:{at:%M}"


def _dalle(at: datetime) -> str:
    return f"{_ora(at, 'dall')}{_zone(at)} di {_giorno(at)}"


def _dalle_alle(begin: datetime, end: datetime) -> str:
    to = f"{_ora(end, 'all')}{_zone(end)} di {_giorno(end)}"
    if begin.date() == end.date():
        return f"{_ora(begin, 'dall')} {to}"
    return f"{_dalle(begin)} {to}"


def _messaggi(number: int) -> str:
    if number == 1:
        return "Dell'unico messaggio di prova inviato in quel periodo"
    return f"Dei {number} messaggi di prova inviati in quel periodo"


ITALIAN: Final = Tongue(
    conjunction="e",
    since=_dalle,
    span=_dalle_alle,
    failing={
        Function.SUBMIT: "non riescono a inviare messaggi",
        Function.ACCEPT: "non ricevono posta dall'esterno",
        Function.DELIVER: "ricevono la posta in ritardo o non la ricevono affatto",
        Function.READ: "non riescono ad aprire la casella",
    },
    failed={
        Function.SUBMIT: "non hanno potuto inviare messaggi",
        Function.ACCEPT: "non hanno ricevuto posta dall'esterno",
        Function.DELIVER: (
            "hanno ricevuto la posta in ritardo o non l'hanno ricevuta affatto"
        ),
        Function.READ: "non hanno potuto aprire la casella",
    },
    users="i suoi utenti",
    some="alcuni dei suoi utenti",
    planned=" per una manutenzione annunciata",
    overrun=" per una manutenzione annunciata che dura più del previsto",
    fails="Il problema non è nostro, è di {who}: {since} {users} {failing}{work}.",
    recovering=(
        "Il problema non è nostro, è di {who}: {since} c'è un guasto{work}; si sta "
        "risolvendo, ma alcuni utenti ancora {failing}."
    ),
    passing=(
        "Il problema non era nostro, era di {who}: {since} i suoi utenti {failed}"
        "{work}. Ora il servizio funziona di nuovo, ma non è ancora tutto a posto: i "
        "messaggi inviati nel frattempo possono arrivare in ritardo."
    ),
    over=(
        "Il problema non era nostro, era di {who}: {span} i suoi utenti {failed}"
        "{work}. Ora è risolto."
    ),
    unclear=(
        "C'è un problema con {who}: {since} {users} {failing}. Non sappiamo ancora da "
        "chi dipenda."
    ),
    unclear_over=(
        "C'è stato un problema con {who}: {span} i suoi utenti {failed}. Non possiamo "
        "dire da chi dipendesse."
    ),
    keep_settings=(
        "Non occorre cambiare né la password né le impostazioni, anche se il programma "
        "di posta segnala che la password è sbagliata: basta attendere e riprovare più "
        "tardi."
    ),
    keep_drafts=(
        "Non occorre cambiare le impostazioni: conservi il messaggio tra le bozze e lo "
        "invii più tardi."
    ),
    wait="Non occorre fare nulla: basta attendere.",
    no_mails=(
        "Non possiamo dire se siano andati persi messaggi, perché in quel periodo non "
        "abbiamo inviato messaggi di prova."
    ),
    all_arrived=lambda n: (
        "L'unico messaggio di prova inviato in quel periodo è arrivato."
        if n == 1
        else f"Tutti i {n} messaggi di prova inviati in quel periodo sono arrivati: "
        "non ci risulta che sia andata persa posta."
    ),
    of_mails=lambda n, told: f"{_messaggi(n)}, {told}.",
    bounced=lambda n: (
        "uno è tornato al mittente" if n == 1 else f"{n} sono tornati al mittente"
    ),
    lost=lambda n: (
        "uno non è mai arrivato e potrebbe essere andato perso"
        if n == 1
        else f"{n} non sono mai arrivati e potrebbero essere andati persi"
    ),
    waiting=lambda n: (
        "uno deve ancora arrivare" if n == 1 else f"{n} devono ancora arrivare"
    ),
    resend=(
        "Chi riceve un avviso di mancata consegna deve inviare di nuovo il messaggio."
    ),
    none_lost="Per quanto ci risulta, nessuno è andato perso.",
    network="la nostra connessione a Internet",
    resolver="il nostro servizio DNS, che traduce i nomi di Internet",
    ours=(
        "Al momento non possiamo dire se il suo gestore di posta funzioni: {since} non "
        "funziona {what}, con cui facciamo le verifiche. Il guasto è nostro e non del "
        "gestore, e nulla indica che sia andata persa posta. La preghiamo di chiedere "
        "di nuovo più tardi."
    ),
    ours_over=(
        "Il guasto era nostro e non del suo gestore di posta: {span} non ha funzionato "
        "{what}, con cui facciamo le verifiche. Ora è risolto; nulla indica che sia "
        "andata persa posta."
    ),
    account=(
        "Non ci risultano problemi di {who}: {since} non funziona soltanto una nostra "
        "casella di prova, mentre le altre funzionano. Se la sua casella non funziona, "
        "la causa è un'altra: controlli il nome utente, la password e le impostazioni. "
        "Nulla indica che sia andata persa posta."
    ),
    account_over=(
        "Non ci sono stati problemi di {who}: {span} non ha funzionato soltanto una "
        "nostra casella di prova, mentre le altre funzionavano. Ora è risolto; nulla "
        "indica che sia andata persa posta."
    ),
)
