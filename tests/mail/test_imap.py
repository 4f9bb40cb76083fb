"""IMAP responses, read."""

from __future__ import annotations

import re
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail import imap
from mailprobe.mail.imap import Item
from mailprobe.mail.imap_stream import Response, ResponseReader, StreamError
from mailprobe.mail.text import readable
from mailprobe.model.failure import Reply
from mailprobe.model.report import Folder


def responses(data: bytes) -> list[Response]:
    """Cut whole lines into responses, as a session does."""
    return ResponseReader(line_bytes=100_000, literal_bytes=100_000).feed(data)


def one(data: bytes) -> Response:
    """Return the only response in *data*; its line end is added."""
    (response,) = responses(data + b"\r\n")
    return response


@pytest.mark.parametrize(
    ("rest", "reply"),
    [
        (b"OK done", Reply("OK", None, "done")),
        (b"ok Done", Reply("OK", None, "Done")),
        (b"NO", Reply("NO", None, "")),
        (b"BAD ", Reply("BAD", None, "")),
        (b"BYE bye now", Reply("BYE", None, "bye now")),
        (b"PREAUTH hello", Reply("PREAUTH", None, "hello")),
        (b"NO [UNAVAILABLE] later", Reply("NO", "UNAVAILABLE", "later")),
        (b"NO [unavailable]later", Reply("NO", "UNAVAILABLE", "later")),
        (b"OK [ALERT] disk is full", Reply("OK", "ALERT", "disk is full")),
        (b"OK [UIDNEXT 17] x", Reply("OK", "UIDNEXT", "x (17)")),
        (b"OK [UIDNEXT 17]", Reply("OK", "UIDNEXT", "(17)")),
        (b"OK [CAPABILITY IMAP4rev1 IDLE] hi", Reply("OK", "CAPABILITY", "hi")),
        (b"OK [PERMANENTFLAGS (\\*)] go", Reply("OK", "PERMANENTFLAGS", "go")),
        (b"NO [ not a code", Reply("NO", None, "[ not a code")),
        (b"NO []", Reply("NO", None, "[]")),
        (b"NO \xff\x00", Reply("NO", None, "\\xff\\x00")),
    ],
)
def test_a_status_is_condition_code_and_text(rest: bytes, reply: Reply) -> None:
    """RFC 9051 7.1 and RFC 5530: what stands where is told apart."""
    assert imap.status_reply(rest) == reply


@pytest.mark.parametrize(
    "rest", [b"", b"OKAY", b"3 EXISTS", b"FETCH OK", b" OK", b"NOOP", b"\xff"]
)
def test_what_is_no_status_is_none(rest: bytes) -> None:
    """Words that only begin like a condition are no status."""
    assert imap.status_reply(rest) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"* CAPABILITY IMAP4rev1 idle AUTH=plain\r\n", ("AUTH=PLAIN", "IDLE")),
        (b"* OK [CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN] x\r\n", ("AUTH=PLAIN", "IDLE")),
        (b"* capability IMAP4rev1 IDLE IDLE AUTH=PLAIN\r\n", ("AUTH=PLAIN", "IDLE")),
        (
            (
                b"* CAPABILITY IMAP4rev1 OLD\r\nA1 OK [CAPABILITY IMAP4rev1 AUTH=PLAIN "
                b"IDLE] x\r\n"
            ),
            ("AUTH=PLAIN", "IDLE"),
        ),
    ],
)
def test_capabilities_are_what_was_announced_last(
    data: bytes, expected: tuple[str, ...]
) -> None:
    """Both forms count, in capitals, sorted and once each."""
    assert imap.capabilities(responses(data)) == (*expected, "IMAP4REV1")


def test_no_announcement_is_not_an_empty_one() -> None:
    """None means that nothing was said about capabilities."""
    assert imap.capabilities(responses(b"* OK hi\r\n* 3 EXISTS\r\n")) is None
    assert imap.capabilities([]) is None
    assert imap.capabilities(responses(b"* CAPABILITY \r\n")) == ()


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b"* 3 EXISTS", 3),
        (b"* 3 exists", 3),
        (b"* 3 EXISTS ", 3),
        (b"* 3 RECENT", None),
        (b"A1 3 EXISTS", None),
        (b"* -3 EXISTS", None),
        (b"* 99999999999 EXISTS", None),
        (b"* EXISTS", None),
        (b"* OK 3 EXISTS", None),
    ],
)
def test_a_count_is_an_untagged_number_and_word(
    line: bytes, number: int | None
) -> None:
    """Only ``* n WORD`` counts."""
    assert imap.count(one(line), "EXISTS") == number


def test_a_number_is_taken_from_its_response_code() -> None:
    """The first response code of that name counts."""
    said = responses(
        b"* OK [UIDVALIDITY 12] a\r\n* ok [uidnext 17] b\r\n* OK [UIDNEXT 18] c\r\n"
    )
    assert imap.code_number(said, "UIDNEXT") == 17
    assert imap.code_number(said, "UIDVALIDITY") == 12
    assert imap.code_number(said, "UNSEEN") is None
    assert imap.code_number(responses(b"* OK [UIDNEXT]\r\n"), "UIDNEXT") is None
    assert imap.code_number(responses(b"* OK [UIDNEXT x]\r\n"), "UIDNEXT") is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"* a b", [b"a", b"b"]),
        (b"* (a (b ()) c) d", [[b"a", [b"b", []], b"c"], b"d"]),
        (b'* "q" "" "a b"', [b"q", b"", b"a b"]),
        (b'* "a\\"b\\\\c"', [b'a"b\\c']),
        (b'* "(" ")"', [b"(", b")"]),
        (b'* NIL nil "NIL" NILS', [None, None, b"NIL", b"NILS"]),
        (b"* (NIL)(NIL)", [[None], [None]]),
        (b"* BODY[HEADER.FIELDS (A B)]<0> x", [b"BODY[HEADER.FIELDS (A B)]<0>", b"x"]),
        (b"* [Gmail]/Spam", [b"[Gmail]/Spam"]),
        (b"* \\Seen $Junk", [b"\\Seen", b"$Junk"]),
        (b"*  a   b ", [b"a", b"b"]),
        (b"* \xff\xfe", [b"\xff\xfe"]),
        (b"*", []),
        (b"* ({3}\r\nx)( {0}\r\n a)", [[b"x)(", b"", b"a"]]),
    ],
)
def test_items_are_atoms_strings_and_lists(line: bytes, expected: list[Item]) -> None:
    """Quotes, escapes, NIL, literals and nesting are read as the grammar says."""
    assert imap.items(one(line)) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"* (a",
        b"* a)",
        b"* )(",
        b'* "a',
        b'* "a\\"',
        b"* [a",
        b"* a{b",
        b"* " + b"(" * 33 + b")" * 33,
        b"* " + b"(" * 20_000,
    ],
)
def test_what_does_not_balance_is_a_stream_error(line: bytes) -> None:
    """The message quotes the line, in part."""
    with pytest.raises(StreamError, match="not a readable response") as caught:
        imap.items(Response(line))
    assert len(str(caught.value)) < 1000


def test_a_fetch_gives_its_attributes_by_name() -> None:
    """Names in capitals, ``BODY[...]`` as ``BODY``, values as they are."""
    head = b"Subject: x\r\n\r\n"
    line = (
        b"* 12 fetch (UID 7 Flags (\\Seen) BODY[HEADER.FIELDS (MESSAGE-ID SUBJECT)]<0> "
        b"{%d}\r\n%s INTERNALDATE NIL)" % (len(head), head)
    )
    assert imap.fetched(one(line)) == {
        "UID": b"7",
        "FLAGS": [b"\\Seen"],
        "BODY": head,
        "INTERNALDATE": None,
    }


@pytest.mark.parametrize(
    "line",
    [
        b"* 12 EXISTS",
        b"* x FETCH (UID 7)",
        b"* 12 FETCH",
        b"* 12 FETCH UID",
        b"* OK FETCH (UID 7)",
    ],
)
def test_what_is_no_fetch_is_none(line: bytes) -> None:
    """Other responses between the wanted ones are passed over."""
    assert imap.fetched(one(line)) is None


def test_a_fetch_of_odd_length_gives_its_pairs() -> None:
    """A name without a value is left out."""
    assert imap.fetched(one(b"* 1 FETCH (UID 7 FLAGS)")) == {"UID": b"7"}


@pytest.mark.parametrize(
    ("line", "raw", "folder"),
    [
        (b'* LIST () "/" INBOX', b"INBOX", Folder(name="INBOX", role="")),
        (b'* list (\\HasNoChildren) "." "Sent"', b"Sent", Folder(name="Sent", role="")),
        (b'* LIST (\\Junk) "/" Foo', b"Foo", Folder(name="Foo", role="junk")),
        (
            b'* LIST (\\jUNK \\HasNoChildren) NIL "A b"',
            b"A b",
            Folder(name="A b", role="junk"),
        ),
        (b'* LIST (\\Sent) "/" Spam', b"Spam", Folder(name="Spam", role="sent")),
        (b'* LIST () "/" Spam', b"Spam", Folder(name="Spam", role="junk")),
        (
            b'* LIST () "." INBOX.Spam',
            b"INBOX.Spam",
            Folder(name="INBOX.Spam", role="junk"),
        ),
        (
            b'* LIST () "/" [Gmail]/Spam',
            b"[Gmail]/Spam",
            Folder(name="[Gmail]/Spam", role="junk"),
        ),
        (
            b'* LIST () "/" "Ind&AOk-sirables"',
            b"Ind&AOk-sirables",
            Folder(name="Indésirables", role="junk"),
        ),
        (b'* LIST () "/" {4}\r\nJunk', b"Junk", Folder(name="Junk", role="junk")),
        (b'* LIST () "/" "NIL"', b"NIL", Folder(name="NIL", role="")),
        (
            b'* LIST (\\Flagged) "/" a ("CHILDINFO" ("x"))',
            b"a",
            Folder(name="a", role="flagged"),
        ),
    ],
)
def test_a_folder_has_its_name_and_its_role(
    line: bytes, raw: bytes, folder: Folder
) -> None:
    """SPECIAL-USE decides; without it, the names known for unwanted mail do."""
    assert imap.folder(one(line)) == (raw, folder)


@pytest.mark.parametrize(
    "line",
    [
        b'* LIST (\\Noselect) "/" Spam',
        b'* LIST (\\NoSelect \\Junk) "/" Spam',
        b'* LIST (\\NonExistent) "/" Spam',
        b"* LIST",
        b"* LIST ",
        b"* LIST ()",
        b'* LIST x "/" INBOX',
        b'* LIST () "/" NIL',
        b'* LIST () "/" ()',
        b'* LSUB () "/" INBOX',
        b"* OK LIST done",
    ],
)
def test_what_cannot_be_opened_is_no_folder(line: bytes) -> None:
    """Folders that only hold others, and other responses, give None."""
    assert imap.folder(one(line)) is None


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"INBOX", "INBOX"),
        (b"Posta indesiderata", "Posta indesiderata"),
        (b"Citt&AOA-", "Città"),
        (b"A&-B", "A&B"),
        (b"&ZeVnLIqe-", "日本語"),
        (b"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
        (b"&2D3eAA-", "\U0001f600"),
        (b"&2D0-", "&2D0-"),
        (b"&AOA", "&AOA"),
        (b"&A-", "&A-"),
        ("Città".encode(), "Città"),
        (b"&\xff-", "&\\xff-"),
        (b"&AAo-", "\n"),
        (b"&AAA-", "\\x00"),
    ],
)
def test_a_folder_name_is_read_from_modified_utf7(raw: bytes, name: str) -> None:
    """RFC 3501 5.1.3; what is not valid stays as it was sent."""
    assert imap.folder_name(raw) == name


def test_status_numbers_come_by_name() -> None:
    """Only what is a number is taken."""
    line = b"* STATUS INBOX (MESSAGES 3 uidnext 17 X NIL Y -1 SIZE 9223372036854775807)"
    assert imap.status_numbers(one(line)) == {
        "MESSAGES": 3,
        "UIDNEXT": 17,
        "SIZE": 2**63 - 1,
    }
    assert imap.status_numbers(one(b"* STATUS INBOX (X 9223372036854775808)")) == {}
    assert imap.status_numbers(one(b"* STATUS INBOX ()")) == {}
    assert imap.status_numbers(one(b"* STATUS INBOX")) is None
    assert imap.status_numbers(one(b"* STATUS ")) is None
    assert imap.status_numbers(one(b"* OK x")) is None


@pytest.mark.parametrize(
    ("line", "quota"),
    [
        (b'* QUOTA "" (STORAGE 10 512)', (10, 512)),
        (b'* quota "" (MESSAGE 1 2 storage 10 512)', (10, 512)),
        (b'* QUOTA "" (STORAGE 10)', None),
        (b'* QUOTA "" (STORAGE x 512)', None),
        (b'* QUOTA "" (STORAGE (1) 512)', None),
        (b'* QUOTA "" ()', None),
        (b"* QUOTA ", None),
        (b"* QUOTAROOT INBOX (STORAGE 10 512)", None),
    ],
)
def test_storage_is_used_and_allowed_kib(
    line: bytes, quota: tuple[int, int] | None
) -> None:
    """RFC 9208: of a QUOTA response, only STORAGE is of interest."""
    assert imap.storage_quota(one(line)) == quota


def test_id_tells_pairs() -> None:
    """RFC 2971: pairs in the server's order, bounded; NIL tells nothing."""
    line = b'* ID ("name" "Dovecot" "version" NIL "os" "Linux" odd)'
    assert imap.id_pairs(one(line)) == (("name", "Dovecot"), ("os", "Linux"))
    assert imap.id_pairs(one(b"* ID NIL")) == ()
    assert imap.id_pairs(one(b"* ID ")) == ()
    assert imap.id_pairs(one(b"* OK x")) is None
    many = b"* ID (" + b"a b " * 500 + b")"
    assert len(imap.id_pairs(one(many)) or ()) == 30


words = st.sampled_from(
    [
        b"(",
        b")",
        b'"',
        b"\\",
        b"{0}",
        b"{3}",
        b"[",
        b"]",
        b" ",
        b"NIL",
        b"&",
        b"-",
        b"7",
        b"FETCH",
        b"BODY[HEADER]",
        b"STORAGE",
        b"\\Junk",
        b"\xff",
        b"OK",
        b"UIDNEXT",
    ]
)
beginnings = st.sampled_from(
    [
        b"* ",
        b"A1 ",
        b"* LIST ",
        b"* STATUS ",
        b"* QUOTA ",
        b"* ID ",
        b"* 7 FETCH ",
        b"* OK [",
        b"* CAPABILITY ",
        b"",
        b"* LIST () NIL ",
    ]
)
lines = st.tuples(
    beginnings,
    st.one_of(st.binary(max_size=60), st.lists(words, max_size=25).map(b"".join)),
).map(b"".join)


@given(lines, st.lists(st.binary(max_size=5), max_size=3).map(tuple))
def test_any_line_is_a_value_or_a_stream_error(
    line: bytes, literals: tuple[bytes, ...]
) -> None:
    """No reader raises anything else, whatever the server sends."""
    response = Response(line, literals)
    for reading in (
        imap.items,
        imap.fetched,
        imap.folder,
        imap.status_numbers,
        imap.storage_quota,
        imap.id_pairs,
    ):
        try:
            reading(response)
        except StreamError as error:
            assert str(error).isprintable()  # noqa: PT017 - one of two good ends
    reply = imap.status_reply(response.rest)
    assert reply is None or reply.text.encode().decode() == reply.text
    assert imap.count(response, "EXISTS") is None or line.startswith(b"*")
    imap.capabilities([response])
    imap.code_number([response], "UIDNEXT")


@given(st.text(max_size=40))
def test_any_name_survives_modified_utf7(name: str) -> None:
    """A name written as RFC 3501 says is read again, as far as it is printable."""
    assert imap.folder_name(modified_utf7(name)) == readable(name, 500)


def modified_utf7(name: str) -> bytes:
    """Write a folder name as RFC 3501 5.1.3 says, by Python's UTF-7."""

    def shifted(run: re.Match[str]) -> str:
        if run[0] == "&":
            return "&-"
        coded = run[0].encode("utf-16-be")
        text = b64encode(coded).decode().rstrip("=")
        return f"&{text.replace('/', ',')}-"

    return re.sub(r"&|[^\x20-\x7e]+", shifted, name).encode("ascii")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_folder_name(raw: bytes) -> None:
    """What is shown of a name is printable, however it was sent."""
    shown = imap.folder_name(raw)
    assert shown.replace("\n", "").replace("\t", "").isprintable()
