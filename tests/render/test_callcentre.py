"""What a call centre reads out, word for word."""

from __future__ import annotations

from typing import Any, Final

import pytest

from mailprobe.model.incident import NETWORK, RESOLVER, Planned, State
from mailprobe.model.passage import Balance
from mailprobe.model.sample import Function
from mailprobe.model.verdict import Blame
from mailprobe.render.callcentre import spoken
from mailprobe.render.italian import ITALIAN
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
        "still on the way. We saw no mail get lost."
    )
    assert said.italian == (
        "Il problema non è nostro, è di Italiaonline (Libero Mail e Virgilio Mail): "
        "dall'1:05 di lunedì 23 gennaio 2023 i suoi utenti ricevono la posta in "
        "ritardo o non la ricevono affatto e non riescono ad accedere alla propria "
        "casella. Non occorre cambiare né la password né le impostazioni, anche se "
        "il programma di posta segnala che la password è sbagliata: basta attendere e "
        "riprovare più tardi. Dei 20 messaggi di prova inviati in quel periodo, 20 "
        "devono ancora arrivare. "
        "Non ci risulta che siano andati persi messaggi."
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
        "sender and one never arrived and may be lost. Whoever gets a notice that a "
        "message could not be delivered must send it again."
    )
    assert said.italian == (
        "Il problema non era nostro, era di Italiaonline (Libero Mail e "
        "Virgilio Mail): "
        "dall'1:05 alle 16:05 di lunedì 23 gennaio 2023 i suoi utenti non hanno potuto "
        "accedere alla propria casella. Ora è risolto. Dei 28 messaggi di prova "
        "inviati in quel periodo, 2 sono tornati al mittente e uno non è mai arrivato "
        "e potrebbe essere andato perso. Chi riceve un avviso di mancata consegna deve "
        "inviare di nuovo "
        "il messaggio."
    )


CASES: Final[list[tuple[dict[str, Any], str, str]]] = [
    (
        {"functions": (SUBMIT,), "balance": Balance(submitted=3, rejected=3)},
        (
            "please keep the message among your drafts and send it later. Whether "
            "mail was lost we cannot tell, for no test mail of ours went out in that "
            "time."
        ),
        (
            "salvi il messaggio nelle bozze e lo invii più tardi. Non possiamo dire se "
            "siano andati persi messaggi, perché in quel periodo non è partito nessun "
            "messaggio di prova."
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
            "sono arrivati: non ci risulta che siano andati persi messaggi."
        ),
    ),
    (
        {"state": State.RECOVERING},
        (
            "there has been trouble; it is passing, but some of its users still cannot "
            "open their mailboxes."
        ),
        (
            "ci sono problemi; la situazione sta migliorando, ma alcuni utenti ancora "
            "non riescono ad accedere alla propria casella."
        ),
    ),
    (
        {"state": State.RECOVERING, "ended_at": BEGAN + HOUR},
        (
            "from 01:05 to 02:05 on Monday 23 January 2023 its users could not open "
            "their mailboxes. It works again now, but it is not over yet: mail sent"
        ),
        (
            "dall'1:05 alle 2:05 di lunedì 23 gennaio 2023 i suoi utenti non hanno "
            "potuto accedere alla propria casella. Ora il servizio funziona di nuovo, "
            "ma non è ancora tutto a posto: i messaggi"
        ),
    ),
    (
        {"planned": Planned.PLANNED},
        "cannot open their mailboxes because of announced maintenance.",
        "non riescono ad accedere alla propria casella a causa di una manutenzione",
    ),
    (
        {"planned": Planned.OVERRUN},
        "because of announced maintenance that takes longer than announced.",
        "a causa di una manutenzione annunciata che sta durando più del previsto.",
    ),
    (
        {"planned": Planned.OVERRUN, **OVER},
        "because of announced maintenance that took longer than announced. It is over.",
        "di una manutenzione annunciata che è durata più del previsto. Ora è risolto.",
    ),
    (
        {"hit": 2, **OVER},
        "some of its users could not open their mailboxes. It is over.",
        "alcuni dei suoi utenti non hanno potuto accedere alla propria casella.",
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
        "The one test mail that we sent in that time is still on the way. We saw no",
        "L'unico messaggio di prova inviato in quel periodo deve ancora arrivare. Non",
    ),
    (
        {"balance": Balance(submitted=1, accepted=1, bounced=1)},
        "The one test mail that we sent in that time came back to the sender. Whoever",
        "L'unico messaggio di prova inviato in quel periodo è tornato al mittente. Chi",
    ),
    (
        {"balance": Balance(submitted=1, accepted=1, late=1)},
        "The one test mail that we sent in that time has arrived.",
        "L'unico messaggio di prova inviato in quel periodo è arrivato.",
    ),
    (
        {"balance": Balance(submitted=2, accepted=2, late=2)},
        "Both test mails that we sent in that time have arrived;",
        "Entrambi i messaggi di prova inviati in quel periodo sono arrivati:",
    ),
]


@pytest.mark.parametrize(("facts", "english", "italian"), CASES)
def test_each_case(facts: dict[str, Any], english: str, italian: str) -> None:
    """Both languages say the same of it."""
    said = spoken(account(**facts), ROME)
    assert english in said.english
    assert italian in said.italian


@pytest.mark.parametrize(
    ("number", "all_of", "of"),
    [
        (7, "Tutti i 7", "Dei 7"),
        (8, "Tutti gli 8", "Degli 8"),
        (11, "Tutti gli 11", "Degli 11"),
        (18, "Tutti i 18", "Dei 18"),
        (83, "Tutti gli 83", "Degli 83"),
        (110, "Tutti i 110", "Dei 110"),
        (1152, "Tutti i 1152", "Dei 1152"),
        (11_520, "Tutti gli 11520", "Degli 11520"),
    ],
)
def test_numbers_have_their_article(number: int, all_of: str, of: str) -> None:
    """In Italian, numbers that begin with a vowel when spoken take another article."""
    assert ITALIAN.all_arrived(number).startswith(f"{all_of} messaggi di prova")
    assert ITALIAN.of_mails(number, "").startswith(f"{of} messaggi di prova")


def test_our_own_network() -> None:
    """No provider is accused, and nobody is told that mail is lost."""
    said = spoken(
        account((ACCEPT,), blame=Blame.VANTAGE, culprit=NETWORK, parties=()),
        ROME,
    )
    assert said.english == (
        "At the moment we cannot say how your mail provider is: since 01:05 on Monday "
        "23 January 2023 our own connection to the internet, with which we check, does "
        "not work. That is our fault and not the provider's. Please ask again later. "
        "Nothing tells of lost mail."
    )
    assert said.italian == (
        "Al momento non possiamo dire se il suo gestore di posta funzioni: "
        "dall'1:05 di "
        "lunedì 23 gennaio 2023 non funziona la nostra connessione a Internet, con cui "
        "facciamo le verifiche. Il guasto è nostro e non del gestore. La preghiamo di "
        "ricontattarci più tardi. Nulla indica che siano andati persi messaggi."
    )


def test_a_part_of_our_network() -> None:
    """Where one port alone is closed to us, no more than that is said to be broken."""
    said = spoken(account(blame=Blame.VANTAGE, culprit=f"{NETWORK}, to accept"))
    assert "a part of our own connection to the internet, with" in said.english
    assert "una parte della nostra connessione a Internet, con" in said.italian


def test_our_own_resolver() -> None:
    """What it is for is said in the words of somebody who has never heard of DNS."""
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
    assert said.english.endswith("Nothing tells of lost mail.")


def test_one_mailbox_that_its_provider_broke() -> None:
    """Neither is our mailbox named, nor is its provider said to fail for all."""
    facts: dict[str, Any] = {"culprit": "canary7@libero.test", "parties": ("libero",)}
    said = spoken(account(**facts), ROME)
    assert said.english.startswith(
        "We know of no trouble at Libero Mail as a whole: since 01:05 on Monday 23 "
        "January 2023 a test mailbox of ours does not work there, and others do. If "
        "your mailbox does not work either, there is no need to change the password"
    )
    assert said.italian.startswith(
        "Non ci risultano problemi generali di Libero Mail: dall'1:05 di lunedì 23 "
        "gennaio 2023 una nostra casella di prova non funziona, mentre le altre "
        "funzionano. Se neanche la sua casella funziona, non occorre cambiare"
    )
    over = spoken(account(**facts, **OVER), ROME)
    for text in (said.english, said.italian, over.english, over.italian):
        assert "canary7" not in text


@pytest.mark.parametrize(
    "facts",
    [
        {"blame": Blame.VANTAGE, "culprit": NETWORK},
        {"blame": Blame.ACCOUNT, "culprit": "canary7@libero.test"},
    ],
)
def test_lost_mail_is_never_denied(facts: dict[str, Any]) -> None:
    """If test mails did get lost, nobody is told that nothing tells of it."""
    books = Balance(submitted=9, accepted=9, delivered=8, presumed_lost=1)
    said = spoken(account(balance=books, **facts))
    assert "Nothing tells" not in said.english
    assert said.english.endswith("one never arrived and may be lost.")
    assert said.italian.endswith(
        "uno non è mai arrivato e potrebbe essere andato perso."
    )


def test_times_are_those_of_the_caller() -> None:
    """The zone is named only where it is nobody's own."""
    assert "since 00:05 UTC on Monday" in spoken(account()).english
    assert "dalle 0:05 UTC di lunedì" in spoken(account()).italian
