"""What a call centre reads out, word for word."""

from __future__ import annotations

from typing import Any, Final

import pytest

from mailprobe.judge.culprits import RESOLVER_NAME
from mailprobe.model.incident import Planned, State
from mailprobe.model.passage import Balance
from mailprobe.model.sample import Function
from mailprobe.model.verdict import Blame
from mailprobe.render.callcentre import RESOLVER, spoken
from tests.render.accounts import BEGAN, HOUR, ROME, account

SUBMIT, ACCEPT, DELIVER, READ = Function
OVER: Final[dict[str, Any]] = {
    "state": State.CLOSED,
    "ended_at": BEGAN + 15 * HOUR,
    "closed_at": BEGAN + 20 * HOUR,
}
SENT: Final = Balance(submitted=20, accepted=20, delivered=20)


def test_a_provider_is_down() -> None:
    """Whose fault, what, since when, what to do, and whether mail is lost."""
    said = spoken(account((READ, DELIVER)), ROME)
    assert said.english == (
        "It is not us, it is Italiaonline (Libero Mail and Virgilio Mail): since 01:05 "
        "on Monday 23 January 2023 its users get their mail late or not at all and "
        "cannot open their mailboxes. There is no need to change the password or the "
        "settings, even if your mail program says that the password is wrong: please "
        "wait and try again later. Of 20 test mails that we sent in that time, 20 are "
        "still on the way. None of them is lost as far as we can see."
    )
    assert said.italian == (
        "Il problema non è nostro, è di Italiaonline (Libero Mail e Virgilio Mail): "
        "dall'1:05 di lunedì 23 gennaio 2023 i suoi utenti ricevono la posta "
        "in ritardo "
        "o non la ricevono affatto e non riescono ad aprire la casella. Non occorre "
        "cambiare né la password né le impostazioni, anche se il programma di posta "
        "segnala che la password è sbagliata: basta attendere e riprovare più tardi. "
        "Dei 20 messaggi di prova inviati in quel periodo, 20 devono ancora arrivare. "
        "Per quanto ci risulta, nessuno è andato perso."
    )


def test_it_is_over() -> None:
    """Mail that came back has to be sent again; what is missing may be lost."""
    books = Balance(
        submitted=30, rejected=2, accepted=28, late=25, bounced=2, presumed_lost=1
    )
    said = spoken(account((READ,), books, **OVER), ROME)
    assert said.english == (
        "It was not us, it was Italiaonline (Libero Mail and Virgilio Mail): "
        "from 01:05 "
        "to 16:05 on Monday 23 January 2023 its users could not open their mailboxes. "
        "It is over. Of 28 test mails that we sent in that time, 2 came back to the "
        "sender and 1 never arrived and may be lost. Whoever gets a notice that a "
        "message could not be delivered must send it again."
    )
    assert said.italian == (
        "Il problema non era nostro, era di Italiaonline (Libero Mail e "
        "Virgilio Mail): "
        "dall'1:05 alle 16:05 di lunedì 23 gennaio 2023 i suoi utenti non hanno potuto "
        "aprire la casella. Ora è risolto. Dei 28 messaggi di prova inviati in quel "
        "periodo, 2 sono tornati al mittente e uno non è mai arrivato e "
        "potrebbe essere "
        "andato perso. Chi riceve un avviso di mancata consegna deve inviare di nuovo "
        "il messaggio."
    )


CASES: Final[list[tuple[dict[str, Any], str, str]]] = [
    (
        {"functions": (SUBMIT,), "balance": Balance(submitted=3, rejected=3)},
        (
            "please keep the message among your drafts and send it later. Whether "
            "mail was "
            "lost we cannot tell, for we sent no test mail in that time."
        ),
        (
            "conservi il messaggio tra le bozze e lo invii più tardi. Non possiamo "
            "dire se "
            "siano andati persi messaggi, perché in quel periodo non abbiamo inviato"
        ),
    ),
    (
        {"functions": (ACCEPT,), "hit": 2, "balance": SENT},
        (
            "some of its users get no mail from outside. There is nothing you have "
            "to do: "
            "please wait. All 20 test mails that we sent in that time have "
            "arrived; we saw "
            "no mail get lost."
        ),
        (
            "alcuni dei suoi utenti non ricevono posta dall'esterno. Non occorre fare "
            "nulla: basta attendere. Tutti i 20 messaggi di prova inviati in quel "
            "periodo "
            "sono arrivati: non ci risulta che sia andata persa posta."
        ),
    ),
    (
        {"state": State.RECOVERING},
        (
            "there has been trouble; it is passing, but some of its users still cannot "
            "open their mailboxes."
        ),
        (
            "c'è un guasto; si sta risolvendo, ma alcuni utenti ancora non riescono ad "
            "aprire la casella."
        ),
    ),
    (
        {"state": State.RECOVERING, "ended_at": BEGAN + HOUR},
        "It works again now, but it is not over yet: mail sent meanwhile may still be",
        "Ora il servizio funziona di nuovo, ma non è ancora tutto a posto: i messaggi",
    ),
    (
        {"planned": Planned.PLANNED},
        "cannot open their mailboxes because of announced maintenance.",
        "non riescono ad aprire la casella per una manutenzione annunciata.",
    ),
    (
        {"planned": Planned.OVERRUN},
        "because of announced maintenance that takes longer than announced.",
        "per una manutenzione annunciata che dura più del previsto.",
    ),
    (
        {"blame": Blame.UNCLEAR},
        "There is trouble with Italiaonline (Libero Mail and Virgilio Mail): since",
        "Non sappiamo ancora da chi dipenda.",
    ),
    (
        {"blame": Blame.UNCLEAR, **OVER},
        "Whose fault it was we cannot say.",
        "Non possiamo dire da chi dipendesse.",
    ),
    (
        {"balance": Balance(submitted=1, accepted=1, in_flight=1)},
        "Of one test mail that we sent in that time, 1 is still on the way.",
        "Dell'unico messaggio di prova inviato in quel periodo, uno deve ancora",
    ),
]


@pytest.mark.parametrize(("facts", "english", "italian"), CASES)
def test_each_case(facts: dict[str, Any], english: str, italian: str) -> None:
    """Both languages say the same of it."""
    said = spoken(account(**facts), ROME)
    assert english in said.english
    assert italian in said.italian


def test_our_own_network() -> None:
    """No provider is accused, and nobody is told that mail is lost."""
    said = spoken(
        account((ACCEPT,), blame=Blame.VANTAGE, culprit="this network", parties=()),
        ROME,
    )
    assert said.english == (
        "At the moment we cannot say how your mail provider is: since 01:05 on Monday "
        "23 January 2023 our own connection to the internet, with which we check, does "
        "not work. That is our fault and not the provider's, and nothing tells of lost "
        "mail. Please ask again later."
    )
    assert said.italian == (
        "Al momento non possiamo dire se il suo gestore di posta funzioni: "
        "dall'1:05 di "
        "lunedì 23 gennaio 2023 non funziona la nostra connessione a Internet, con cui "
        "facciamo le verifiche. Il guasto è nostro e non del gestore, e nulla indica "
        "che sia andata persa posta. La preghiamo di chiedere di nuovo più tardi."
    )


def test_our_own_resolver_is_called_what_the_judge_calls_it() -> None:
    """The word by which it is known is the same in both rooms."""
    assert RESOLVER == RESOLVER_NAME
    said = spoken(account(blame=Blame.VANTAGE, culprit=RESOLVER, **OVER), ROME)
    assert "our own look-up of internet names, with which we check" in said.english
    assert said.italian.startswith("Il guasto era nostro e non del suo gestore")


def test_our_own_account() -> None:
    """One test mailbox is no outage; whose it is concerns no caller."""
    box = "canary7@libero.test"
    facts: dict[str, Any] = {
        "blame": Blame.ACCOUNT,
        "culprit": box,
        "parties": ("libero",),
    }
    said = spoken(account(**facts), ROME)
    assert said.english.startswith("We know of no trouble at Libero Mail: since 01:05")
    assert said.italian.startswith(
        "Non ci risultano problemi di Libero Mail: dall'1:05"
    )
    over = spoken(account(**facts, **OVER), ROME)
    for text in (said.english, said.italian, over.english, over.italian):
        assert box not in text
        assert text.count(".") >= 2


def test_times_are_those_of_the_caller() -> None:
    """The zone is named only where it is nobody's own."""
    assert "since 00:05 UTC on Monday" in spoken(account()).english
    assert "dalle 0:05 UTC di lunedì" in spoken(account()).italian
