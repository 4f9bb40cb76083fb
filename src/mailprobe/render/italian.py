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
