"""The IMAP servers' manners, seen through imaplib and a plain socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailprobe.lab import Withhold
from tests.lab.clients import Wire, imap, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.lab import ThreadedLab

ADA = "ada@libero.test"
FIRST = b"Subject: one\r\nFrom: bob\r\nX-Token: abc\r\n\r\nfirst body\r\n"
SECOND = b"Subject: two\r\n folded\r\nTo: eve\r\n\r\nsecond\r\n"


@pytest.fixture
def wire(lab: ThreadedLab) -> Iterator[Wire]:
    """A session of ada's, logged in, with two messages in INBOX."""
    lab.store.deliver(ADA, FIRST)
    lab.store.deliver(ADA, SECOND)
    with Wire(lab, lab.endpoint("libero.test", "imap")) as session:
        session.line()
        _log_in(session, lab)
        yield session


def _log_in(session: Wire, lab: ThreadedLab) -> bytes:
    password = lab.store.account(ADA).password
    return session.imap(f'LOGIN "{ADA}" {password}'.encode())


def test_greeting_and_starttls(lab: ThreadedLab) -> None:
    """In clear LOGIN is disabled; after STARTTLS it works."""
    with Wire(lab, lab.endpoint("libero.test", "imap", "starttls")) as session:
        greeting = session.line()
        assert greeting.startswith(b"* OK [CAPABILITY IMAP4rev1 ")
        assert b" STARTTLS LOGINDISABLED]" in greeting
        assert b"AUTH=" not in greeting
        assert session.imap(b"STARTTLS").startswith(b"a OK ")
        session.secure()
        capabilities = session.imap(b"CAPABILITY")
        assert b"STARTTLS" not in capabilities
        assert b"LOGINDISABLED" not in capabilities
        assert b" SASL-IR " in capabilities
        assert b" AUTH=PLAIN AUTH=LOGIN AUTH=CRAM-MD5 " in capabilities
        after = _log_in(session, lab)
    for name in (b"IDLE", b"UIDPLUS", b"SPECIAL-USE", b"QUOTA", b"NAMESPACE"):
        assert name in after


def test_login_in_clear_is_refused_and_noted(lab: ThreadedLab) -> None:
    """A password shown in clear is refused, and it is written down."""
    with Wire(lab, lab.endpoint("libero.test", "imap", "starttls")) as session:
        session.line()
        assert b"a NO [PRIVACYREQUIRED] " in _log_in(session, lab)
    assert lab.surprises == ["imap imap.libero.test: LOGIN in clear"]


def test_wrong_password(lab: ThreadedLab) -> None:
    """A wrong password gets AUTHENTICATIONFAILED, an unknown user as well."""
    with imap(lab, lab.endpoint("libero.test", "imap")) as client:
        for user in (ADA, "nobody@libero.test", "x@elsewhere.test"):
            with pytest.raises(client.error, match="AUTHENTICATIONFAILED"):
                client.login(user, "wrong")
    assert lab.store.counters["imap"].auth_attempts == 3
    assert lab.store.counters["imap"].logins == 0


@pytest.mark.parametrize("mark", [b"", b"+"])
def test_login_by_literals(lab: ThreadedLab, mark: bytes) -> None:
    """Names and passwords may be literals: quotes and umlauts get through."""
    account = lab.store.account("quoted@libero.test")
    account.password = 'pä"ss\\ {3}'
    secret = account.password.encode()
    with Wire(lab, lab.endpoint("libero.test", "imap")) as session:
        session.line()
        name = account.address.encode()
        session.send(b"a LOGIN {%d%s}\r\n" % (len(name), mark))
        if not mark:
            assert session.line() == b"+ OK\r\n"
        session.send(b"%s {%d%s}\r\n" % (name, len(secret), mark))
        if not mark:
            assert session.line() == b"+ OK\r\n"
        session.send(secret + b"\r\n")
        assert session.line().startswith(b"a OK [CAPABILITY ")


def test_an_oversized_literal_is_refused(lab: ThreadedLab) -> None:
    """A literal larger than any password is not waited for."""
    with Wire(lab, lab.endpoint("libero.test", "imap")) as session:
        session.line()
        assert session.imap(b"LOGIN {99999999999}") == b"a NO [TOOBIG] too large\r\n"
        assert session.imap(b"NOOP").startswith(b"a OK")


def test_select_tells_everything(lab: ThreadedLab, wire: Wire) -> None:
    """SELECT gives flags, counts, UIDVALIDITY and UIDNEXT, as Dovecot does."""
    folder = lab.store.account(ADA).folders["INBOX"]
    lines = wire.imap(b"SELECT inbox").splitlines()
    assert b"* 2 EXISTS" in lines
    assert b"* 2 RECENT" in lines
    assert b"* OK [UNSEEN 1] First unseen." in lines
    assert b"* OK [UIDVALIDITY %d] UIDs valid" % folder.uid_validity in lines
    assert b"* OK [UIDNEXT %d] Predicted next UID" % folder.uid_next in lines
    assert lines[-1].startswith(b"a OK [READ-WRITE] Select completed")
    assert wire.imap(b"SELECT Nowhere").startswith(b"a NO [NONEXISTENT] ")


def test_examine_changes_nothing(lab: ThreadedLab, wire: Wire) -> None:
    """EXAMINE is read-only: no flag is set, nothing is expunged."""
    assert b"a OK [READ-ONLY]" in wire.imap(b"EXAMINE INBOX")
    wire.imap(b"FETCH 1 BODY[]")
    assert wire.imap(b"STORE 1 +FLAGS (\\Deleted)").startswith(b"a NO [READ-ONLY]")
    assert wire.imap(b"EXPUNGE").startswith(b"a NO [READ-ONLY]")
    assert [m.flags for m in lab.store.messages(ADA)] == [frozenset()] * 2


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (b"BODY.PEEK[]", b"BODY[] {53}\r\n" + FIRST),
        (b"(BODY.PEEK[]<3.4>)", b"(BODY[]<3> {4}\r\nject)"),
        (b"BODY.PEEK[]<900.4>", b"(BODY[]<900> {0}\r\n)"),
        (b"BODY.PEEK[TEXT]", b"(BODY[TEXT] {12}\r\nfirst body\r\n)"),
        (b"RFC822.SIZE", b"* 1 FETCH (RFC822.SIZE 53)\r\n"),
        (
            b"BODY.PEEK[HEADER.FIELDS (x-token subject)]",
            b"(X-TOKEN SUBJECT)] {30}\r\nSubject: one\r\nX-Token: abc\r\n\r\n)",
        ),
        (
            b"BODY.PEEK[HEADER.FIELDS.NOT (FROM X-TOKEN)]",
            b"{16}\r\nSubject: one\r\n\r\n)",
        ),
        (b"FLAGS", b"* 1 FETCH (FLAGS ())\r\n"),
        (b"BODY[HEADER]", b" FLAGS (\\Seen))\r\n"),
    ],
)
def test_fetch(wire: Wire, items: bytes, expected: bytes) -> None:
    """Each item of a message can be had, whole or in part."""
    wire.imap(b"SELECT INBOX")
    reply = wire.imap(b"FETCH 1 " + items)
    assert expected in reply
    assert reply.endswith(b"a OK Fetch completed (0.001 + 0.000 secs).\r\n")


def test_uid_fetch_names_the_uid(lab: ThreadedLab, wire: Wire) -> None:
    """UID FETCH always gives the UID; a set that fits nothing gives nothing."""
    uids = [m.uid for m in lab.store.messages(ADA)]
    wire.imap(b"SELECT INBOX")
    reply = wire.imap(b"UID FETCH %d:* (FLAGS)" % uids[1])
    assert reply.startswith(b"* 2 FETCH (UID %d FLAGS ())\r\na OK" % uids[1])
    assert wire.imap(b"UID FETCH %d FLAGS" % (uids[1] + 9)).startswith(b"a OK")


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        (b"ALL", b" 1 2"),
        (b"HEADER X-Token ABC", b" 1"),
        (b'SUBJECT "folded"', b" 2"),
        (b"CHARSET UTF-8 FROM bob", b" 1"),
        (b"NOT FROM bob", b" 2"),
        (b"OR FROM bob TO eve", b" 1 2"),
        (b"(UNSEEN TEXT second)", b" 2"),
        (b"BODY first SMALLER 100", b" 1"),
        (b"2:*", b" 2"),
        (b"LARGER 50", b" 1"),
        (b"SINCE 01-Jan-2020 UNDELETED", b" 1 2"),
        (b"BEFORE 01-Jan-2020", b""),
        (b"SEEN", b""),
        (b"UID 999999", b""),
        (b"KEYWORD x", b""),
        (b"UNKEYWORD x 1", b" 1"),
    ],
)
def test_search(wire: Wire, criteria: bytes, expected: bytes) -> None:
    """SEARCH finds by flags, headers, text, size, date and number."""
    wire.imap(b"SELECT INBOX")
    assert wire.imap(b"SEARCH " + criteria).startswith(
        b"* SEARCH" + expected + b"\r\na OK "
    )


def test_an_unknown_charset(wire: Wire) -> None:
    """SEARCH in a charset that is not known gets NO [BADCHARSET]."""
    wire.imap(b"SELECT INBOX")
    assert wire.imap(b"SEARCH CHARSET KOI8-R ALL").startswith(b"a NO [BADCHARSET")


def test_delete_one_by_uid(lab: ThreadedLab, wire: Wire) -> None:
    """UID STORE and UID EXPUNGE remove one message; its UID never comes back."""
    first, second = (m.uid for m in lab.store.messages(ADA))
    wire.imap(b"SELECT INBOX")
    wire.imap(b"STORE 1 +FLAGS.SILENT (\\Deleted)")
    reply = wire.imap(b"UID STORE %d +FLAGS (\\Deleted)" % second)
    assert reply.startswith(b"* 2 FETCH (UID %d FLAGS (\\Deleted))\r\n" % second)
    assert wire.imap(b"UID EXPUNGE %d" % second).startswith(b"* 2 EXPUNGE\r\na OK")
    assert [m.uid for m in lab.store.messages(ADA)] == [first]
    assert lab.store.deliver(ADA, b"x").uid == second + 1
    assert b"* 2 EXISTS\r\n" in wire.imap(b"NOOP")
    assert wire.imap(b"EXPUNGE").startswith(b"* 1 EXPUNGE\r\na OK")


def test_store_sets_adds_and_takes(lab: ThreadedLab, wire: Wire) -> None:
    """FLAGS, +FLAGS and -FLAGS do what they say; SILENT says nothing."""
    wire.imap(b"SELECT INBOX")
    assert b"(FLAGS (\\Flagged \\Seen))" in wire.imap(
        b"STORE 1 FLAGS (\\Seen \\Flagged)"
    )
    assert wire.imap(b"STORE 1 -FLAGS.SILENT \\Seen").startswith(b"a OK")
    assert b"(FLAGS (\\Flagged mine))" in wire.imap(b"STORE 1 +FLAGS (mine)")
    assert lab.store.messages(ADA)[0].flags == {"\\Flagged", "mine"}


def test_two_sessions_agree(lab: ThreadedLab, wire: Wire) -> None:
    """What one session changes, another is told of at its next command."""
    wire.imap(b"SELECT INBOX")
    with opened(lab, lab.mailbox(ADA)) as client:
        client.store("1", "+FLAGS", "\\Flagged")
        assert b"* 1 FETCH (FLAGS (\\Flagged))\r\n" in wire.imap(b"NOOP")
        client.store("1", "+FLAGS", "\\Deleted")
        client.expunge()
        numbered = wire.imap(b"FETCH 1:2 UID")
        assert numbered.count(b" FETCH (UID ") == 2
        assert b"EXPUNGE" not in numbered
        assert b"* 1 EXPUNGE\r\n" in wire.imap(b"NOOP")


def test_idle_tells_of_removals_too(lab: ThreadedLab, wire: Wire) -> None:
    """An idling session hears what vanished; then DONE ends it in order."""
    wire.imap(b"SELECT INBOX")
    wire.imap(b"IDLE")
    lab.store.clear()
    assert (wire.line(), wire.line()) == (b"* 2 EXPUNGE\r\n", b"* 1 EXPUNGE\r\n")
    wire.send(b"DONE\r\n")
    assert wire.line().startswith(b"a OK ")


def test_folders(wire: Wire) -> None:
    """LIST shows the special folders, with and without extended syntax."""
    everything = wire.imap(b'LIST "" *')
    assert everything.count(b"* LIST ") == 4
    assert b'* LIST (\\HasNoChildren \\Junk) "/" Junk\r\n' in everything
    assert b"INBOX" in wire.imap(b'LIST "" % RETURN (SPECIAL-USE)')
    assert wire.imap(b'LIST (SPECIAL-USE) "" "*"').count(b"* LIST ") == 3
    assert wire.imap(b'LIST "" ""').startswith(b'* LIST (\\Noselect) "/" ""')
    assert wire.imap(b'LIST "" "T%"').count(b"* LIST ") == 1


def test_status_quota_namespace_id(lab: ThreadedLab, wire: Wire) -> None:
    """The small questions get their answers."""
    folder = lab.store.account(ADA).folders["INBOX"]
    status = wire.imap(b"STATUS INBOX (MESSAGES UIDNEXT UNSEEN)")
    assert b"(MESSAGES 2 UIDNEXT %d UNSEEN 2)" % folder.uid_next in status
    quota = wire.imap(b"GETQUOTAROOT INBOX")
    assert b'* QUOTAROOT INBOX "User quota"\r\n' in quota
    assert b'* QUOTA "User quota" (STORAGE 1 1048576)\r\n' in quota
    assert b'* NAMESPACE (("" "/")) NIL NIL\r\n' in wire.imap(b"NAMESPACE")
    assert b'* ID ("name" "mailprobe lab")' in wire.imap(b'ID ("name" "x")')


def test_append(lab: ThreadedLab) -> None:
    """APPEND stores a message with flags and date, and names its UID."""
    with opened(lab, lab.mailbox(ADA)) as client:
        date = '"23-Jan-2023 16:00:00 +0100"'
        _, data = client.append("Sent", "(\\Seen)", date, FIRST)
    (message,) = lab.store.messages(ADA, "Sent")
    assert b"[APPENDUID " in data[0]
    assert message.raw == FIRST
    assert message.flags == {"\\Seen"}
    assert message.arrived.isoformat() == "2023-01-23T16:00:00+01:00"


def test_close_and_unselect(lab: ThreadedLab, wire: Wire) -> None:
    """UNSELECT leaves all as it is; CLOSE removes what is marked."""
    wire.imap(b"SELECT INBOX")
    wire.imap(b"STORE 1 +FLAGS (\\Deleted)")
    assert wire.imap(b"UNSELECT").startswith(b"a OK")
    assert len(lab.store.messages(ADA)) == 2
    wire.imap(b"SELECT INBOX")
    assert wire.imap(b"CLOSE").startswith(b"a OK")
    assert len(lab.store.messages(ADA)) == 1
    assert wire.imap(b"FETCH 1 FLAGS").startswith(b"a BAD")


@pytest.mark.parametrize(
    "command",
    [
        b"WHAT",
        b"FETCH 1 FLAGS",
        b"LOGIN again please",
        b"STARTTLS",
        b'LIST ("',
        b"STATUS INBOX",
        b"UID NOOP",
        b"",
    ],
)
def test_nonsense_is_refused(lab: ThreadedLab, wire: Wire, command: bytes) -> None:
    """What cannot be meant, here and now, gets BAD and is written down."""
    assert wire.imap(command).startswith(b"a BAD ")
    assert len(lab.surprises) == 1


def test_too_many_errors_end_the_session(wire: Wire) -> None:
    """A client that goes on and on gets BYE."""
    wire.send(b"a WHAT\r\n" * 20)
    lines = [wire.line() for _ in range(22)]
    assert lines[-2:] == [b"* BYE Too many invalid IMAP commands.\r\n", b""]


def test_logout(wire: Wire) -> None:
    """LOGOUT says BYE, then OK, and the connection ends."""
    assert wire.imap(b"LOGOUT") == b"* BYE Logging out\r\na OK Logout completed.\r\n"
    assert wire.line() == b""


@pytest.mark.parametrize(
    ("capability", "command"),
    [
        ("IDLE", b"IDLE"),
        ("UIDPLUS", b"UID EXPUNGE 1"),
        ("QUOTA", b"GETQUOTAROOT INBOX"),
        ("ID", b"ID NIL"),
        ("NAMESPACE", b"NAMESPACE"),
        ("UNSELECT", b"UNSELECT"),
    ],
)
def test_withheld_capabilities(
    lab: ThreadedLab, wire: Wire, capability: str, command: bytes
) -> None:
    """What is withheld is neither offered nor carried out."""
    wire.imap(b"SELECT INBOX")
    with lab.fault(Withhold(capability)):
        words = wire.imap(b"CAPABILITY").splitlines()[0].split()
        assert capability.encode() not in words
        assert wire.imap(command).startswith(b"a BAD ")


def test_withheld_special_use(lab: ThreadedLab, wire: Wire) -> None:
    """Without SPECIAL-USE folders bear no attributes."""
    with lab.fault(Withhold("SPECIAL-USE")):
        assert b"\\Junk" not in wire.imap(b'LIST "" *')
