"""What a call centre says in Italian."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from mailprobe.model.sample import Function
from mailprobe.render.tongues import Tongue, zone_of

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
    return f"{_ora(at, 'dall')}{zone_of(at)} di {_giorno(at)}"


def _dalle_alle(begin: datetime, end: datetime) -> str:
    to = f"{_ora(end, 'all')}{zone_of(end)} di {_giorno(end)}"
    if begin.date() == end.date():
        return f"{_ora(begin, 'dall')} {to}"
    return f"{_dalle(begin)} {to}"


_UNICO: Final = "L'unico messaggio di prova inviato in quel periodo"


def _articolo(number: int, before_consonant: str, before_vowel: str) -> str:
    """Choose an article: *i 20*, but *gli 8*, *gli 11* and *gli 80*, as they sound."""
    digits = str(number)
    eleven = digits.startswith("11") and len(digits) % 3 == 2  # noqa: PLR2004 - undici
    vowel = eleven or digits.startswith("8")
    return f"{before_vowel if vowel else before_consonant} {number}"


def _tutti_arrivati(number: int) -> str:
    if number == 1:
        return f"{_UNICO} è arrivato."
    which = f"Tutti {_articolo(number, 'i', 'gli')}"
    if number == 2:  # noqa: PLR2004 - a pair
        which = "Entrambi i"
    return (
        f"{which} messaggi di prova inviati in quel periodo sono arrivati: non ci "
        "risulta che siano andati persi messaggi."
    )


def _dei_messaggi(number: int, told: str) -> str:
    which = _articolo(number, "Dei", "Degli")
    return f"{which} messaggi di prova inviati in quel periodo, {told}."


ITALIAN: Final = Tongue(
    conjunction="e",
    since=_dalle,
    span=_dalle_alle,
    failing={
        Function.SUBMIT: "non riescono a inviare messaggi",
        Function.ACCEPT: "non ricevono posta dall'esterno",
        Function.DELIVER: "ricevono la posta in ritardo o non la ricevono affatto",
        Function.READ: "non riescono ad accedere alla propria casella",
    },
    failed={
        Function.SUBMIT: "non hanno potuto inviare messaggi",
        Function.ACCEPT: "non hanno ricevuto posta dall'esterno",
        Function.DELIVER: (
            "hanno ricevuto la posta in ritardo o non l'hanno ricevuta affatto"
        ),
        Function.READ: "non hanno potuto accedere alla propria casella",
    },
    users="i suoi utenti",
    some="alcuni dei suoi utenti",
    planned=" a causa di una manutenzione annunciata",
    overrun=" a causa di una manutenzione annunciata che sta durando più del previsto",
    overran=" a causa di una manutenzione annunciata che è durata più del previsto",
    fails="Il problema non è nostro, è di {who}: {since} {users} {failing}{work}.",
    recovering=(
        "Il problema non è nostro, è di {who}: {since} ci sono problemi{work}; la "
        "situazione sta migliorando, ma alcuni utenti ancora {failing}."
    ),
    passing=(
        "Il problema non era nostro, era di {who}: {span} {users} {failed}"
        "{work}. Ora il servizio funziona di nuovo, ma non è ancora tutto a posto: i "
        "messaggi inviati nel frattempo possono arrivare in ritardo."
    ),
    over=(
        "Il problema non era nostro, era di {who}: {span} {users} {failed}{work}. "
        "Ora è risolto."
    ),
    unclear=(
        "C'è un problema con {who}: {since} {users} {failing}. Non sappiamo ancora da "
        "chi dipenda."
    ),
    unclear_over=(
        "C'è stato un problema con {who}: {span} {users} {failed}. Non possiamo "
        "dire da chi dipendesse."
    ),
    keep_settings=(
        "Non occorre cambiare né la password né le impostazioni, anche se il programma "
        "di posta segnala che la password è sbagliata: basta attendere e riprovare più "
        "tardi."
    ),
    keep_drafts=(
        "Non occorre cambiare le impostazioni: salvi il messaggio nelle bozze e lo "
        "invii più tardi."
    ),
    wait="Non occorre fare nulla: basta attendere.",
    no_mails=(
        "Non possiamo dire se siano andati persi messaggi, perché in quel periodo non "
        "è partito nessun messaggio di prova."
    ),
    number=lambda n: "uno" if n == 1 else str(n),
    only_mail=_UNICO,
    all_arrived=_tutti_arrivati,
    of_mails=_dei_messaggi,
    bounced=lambda n: "è tornato al mittente" if n == 1 else "sono tornati al mittente",
    lost=lambda n: (
        "non è mai arrivato e potrebbe essere andato perso"
        if n == 1
        else "non sono mai arrivati e potrebbero essere andati persi"
    ),
    waiting=lambda n: "deve ancora arrivare" if n == 1 else "devono ancora arrivare",
    resend=(
        "Chi riceve un avviso di mancata consegna deve inviare di nuovo il messaggio."
    ),
    none_lost="Non ci risulta che siano andati persi messaggi.",
    no_harm="Nulla indica che siano andati persi messaggi.",
    network="la nostra connessione a Internet",
    part="una parte della nostra connessione a Internet",
    resolver="il nostro servizio di risoluzione dei nomi Internet (DNS)",
    ours=(
        "Al momento non possiamo dire se il suo gestore di posta funzioni: {since} non "
        "funziona {what}, con cui facciamo le verifiche. Il guasto è nostro e non del "
        "gestore. La preghiamo di ricontattarci più tardi."
    ),
    ours_over=(
        "Il guasto era nostro e non del suo gestore di posta: {span} non ha funzionato "
        "{what}, con cui facciamo le verifiche. Ora è risolto."
    ),
    account=(
        "Non ci risultano problemi di {who}: {since} soltanto una nostra casella di "
        "prova non funziona, mentre le altre funzionano. Se la sua casella non "
        "funziona, la causa è un'altra: controlli il nome utente, la password e le "
        "impostazioni."
    ),
    mailbox=(
        "Non ci risultano problemi generali di {who}: {since} una nostra casella di "
        "prova non funziona, mentre le altre funzionano. Se neanche la sua casella "
        "funziona, non occorre cambiare né la password né le impostazioni: basta "
        "attendere e riprovare più tardi."
    ),
    account_over=(
        "Non ci sono stati problemi generali di {who}: {span} soltanto una nostra "
        "casella di prova non ha funzionato, mentre le altre funzionavano. Ora è "
        "risolto."
    ),
)
