"""The mail world of the pytest plugin: each promise, held in a real inner session."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from tests.testing.inner import forget_loops

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

pytest_plugins = ["pytester"]

# Inner sessions in this process forget the modules they loaded first; extension
# modules cannot be loaded twice, so they are loaded here.
for _name in ("anyio", "mailprobe.testing.fixtures", "trio"):
    import_module(_name)

SENDING = '''
import smtplib
from email.message import EmailMessage


def send(service, to, subject="Hello", sender="", body="Hi"):
    """Send a mail as a careful program does."""
    message = EmailMessage()
    message["From"] = sender or service.user
    message["To"] = to
    message["Subject"] = subject
    message.set_content(body)
    with connect(service) as client:
        client.login(service.user, service.password)
        client.send_message(message)


def connect(service):
    context = service.ssl_context()
    if service.security == "tls":
        return smtplib.SMTP_SSL(service.host, service.port, context=context)
    client = smtplib.SMTP(service.host, service.port)
    if service.security == "starttls":
        client.starttls(context=context)
    return client
'''

# Order is part of some promises here, and hypothesis takes a second to say goodbye.
UNUSED = ("randomly", "cacheprovider", "hypothesispytest")

INI = """
[pytest]
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run a suite of one file in a session of its own, in order, in this process."""
    pytester.makeini(INI)
    pytester.makepyfile(sending=SENDING)

    def run_suite(source: str, *options: str, apart: bool = False) -> pytest.RunResult:
        pytester.makepyfile(test_suite=source)
        start = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
        try:
            return start(*(f"-pno:{name}" for name in UNUSED), *options)
        finally:
            forget_loops()

    return run_suite


def complaints(result: pytest.RunResult) -> list[str]:
    """Return what a failed test says, without the sources around it."""
    return [line[1:].strip() for line in result.outlines if line.startswith("E  ")]


def places(result: pytest.RunResult) -> set[str]:
    """Return the files that the tracebacks of a session show."""
    lines = (re.match(r"([\w./<>-]+):\d+: ", line) for line in result.outlines)
    return {line[1] for line in lines if line}


# --- it works, in every kind of test ------------------------------------------------


@pytest.mark.parametrize("security", ["tls", "starttls", "plain"])
def test_synchronous(run: Run, security: str) -> None:
    """A plain test sends by any kind of protection, and waits without sleeping."""
    result = run(f"""
        from sending import send

        def test_mail(mail_lab):
            ada = mail_lab.mailbox("ada@example.test")
            send(mail_lab.{security}.smtp, "ada@example.test", subject="Welcome, Ada")
            found = ada.wait_for(subject="welcome", to="ADA@example.test")
            assert found["From"] == mail_lab.sender
            assert [str(m["Subject"]) for m in ada.messages] == ["Welcome, Ada"]
    """)
    result.assert_outcomes(passed=1)


ASYNC_TEST = """
import asyncio, smtplib
import pytest
from sending import send
{decorator}
async def test_mail(mail_lab):
    ada = mail_lab.mailbox()
    {submit}
    found = await ada.wait(subject="Hello", sender=mail_lab.sender)
    assert found["To"] == ada.address
    await ada.stays_empty(subject="Bye", within=0.01)
"""
IN_ASYNCIO = "await asyncio.to_thread(send, mail_lab.smtp, ada.address)"
IN_ANYIO = (
    "from anyio import to_thread; "
    "await to_thread.run_sync(send, mail_lab.smtp, ada.address)"
)


@pytest.mark.parametrize(
    ("decorator", "submit", "options", "passed"),
    [
        ("@pytest.mark.asyncio", IN_ASYNCIO, ("--asyncio-mode=strict",), 1),
        ("", IN_ASYNCIO, ("--asyncio-mode=auto",), 1),
        ("@pytest.mark.anyio", IN_ANYIO, (), 2),
    ],
    ids=["asyncio-strict", "asyncio-auto", "anyio-and-trio"],
)
def test_asynchronous(
    run: Run, decorator: str, submit: str, options: tuple[str, ...], passed: int
) -> None:
    """An async test awaits its mail, whichever plugin and whichever loop runs it."""
    result = run(ASYNC_TEST.format(decorator=decorator, submit=submit), *options)
    result.assert_outcomes(passed=passed)


def test_awaits_while_the_loop_runs(run: Run) -> None:
    """Awaiting a mail lets the rest of the program run on: it may be what sends it."""
    result = run("""
        import asyncio
        import pytest
        from sending import send

        @pytest.mark.asyncio
        async def test_mail(mail_lab):
            ada = mail_lab.mailbox()
            waiting = asyncio.create_task(ada.wait(timeout=30))
            await asyncio.sleep(0)
            await asyncio.to_thread(send, mail_lab.smtp, ada.address)
            assert (await waiting)["Subject"] == "Hello"
    """)
    result.assert_outcomes(passed=1)


def test_workers(run: Run) -> None:
    """Under pytest-xdist every worker has a lab of its own."""
    result = run(
        """
        import pytest
        from sending import send

        @pytest.mark.parametrize("number", range(8))
        def test_mail(mail_lab, number):
            ada = mail_lab.mailbox("ada@example.test")
            send(mail_lab.smtp, ada.address, subject=f"Mail {number}")
            assert ada.wait_for()["Subject"] == f"Mail {number}"
            assert len(ada.messages) == 1
        """,
        "-n2",
    )
    result.assert_outcomes(passed=8)


# --- a fresh world for each test ----------------------------------------------------


def test_fresh(run: Run) -> None:
    """No mail, mailbox, fault, password or connection outlives its test."""
    result = run("""
        import socket
        import pytest
        from mailprobe.lab import Lose
        from sending import send

        left = {}

        def test_first(mail_lab):
            ada = mail_lab.mailbox("ada@example.test")
            send(mail_lab.smtp, ada.address)
            left["password"] = ada.password
            left["active"] = mail_lab.fault(Lose())
            left["active"].__enter__()
            left["line"] = socket.create_connection(
                (mail_lab.smtp.host, mail_lab.plain.smtp.port)
            )
            assert left["line"].recv(3) == b"220"

        def test_second(mail_lab):
            with left["line"] as line:
                line.settimeout(10)
                with pytest.raises(ConnectionResetError):
                    while line.recv(1000):
                        pass
                    raise ConnectionResetError
            ada = mail_lab.mailbox("ada@example.test")
            assert ada.messages == []
            assert ada.password != left["password"]
            send(mail_lab.smtp, ada.address)
            ada.wait_for()
    """)
    result.assert_outcomes(passed=2)


def test_unique_addresses(run: Run) -> None:
    """Addresses that a test lets the lab choose are taken by no other test."""
    result = run("""
        import pytest

        seen = set()

        @pytest.mark.parametrize("number", range(3))
        def test_address(mail_lab, number):
            mine = {
                mail_lab.address(),
                mail_lab.address("customer"),
                str(mail_lab.mailbox()),
            }
            assert len(mine) == 3
            assert seen.isdisjoint(mine)
            seen.update(mine)
    """)
    result.assert_outcomes(passed=3)


def test_server_of_the_session(run: Run) -> None:
    """What a suite starts once is given servers that stay the same for the session."""
    result = run("""
        import pytest
        from sending import send

        @pytest.fixture(scope="session")
        def program(mail_lab_server):
            return mail_lab_server.smtp

        @pytest.mark.parametrize("number", range(2))
        def test_mail(program, mail_lab, number):
            assert program == mail_lab.smtp
            send(program, mail_lab.address())
    """)
    result.assert_outcomes(passed=2)


def test_a_mailbox_ends_with_its_test(run: Run) -> None:
    """A mailbox kept from another test is refused at the call, in one sentence."""
    result = run("""
        kept = []

        def test_first(mail_lab):
            kept.append(mail_lab.mailbox("ada@example.test"))

        def test_second(mail_lab):
            kept[0].wait_for(timeout=0)
    """)
    result.assert_outcomes(passed=1, failed=1)
    (sentence,) = complaints(result)
    assert "UsageError: ada@example.test of a test that is over cannot be" in sentence
    assert places(result) == {"test_suite.py"}


# --- what a failure says ------------------------------------------------------------


def test_says_what_arrived(run: Run) -> None:
    """A mail that does not come is reported with a table of those that did."""
    result = run("""
        from sending import send

        def test_mail(mail_lab):
            ada = mail_lab.mailbox("ada@example.test")
            bob = mail_lab.mailbox("bob@example.test")
            send(mail_lab.smtp, ada.address, subject="Welcome")
            send(mail_lab.smtp, bob.address, subject="Invoice 7")
            with mail_lab.outage("mail_late"):
                send(mail_lab.smtp, ada.address, subject="Invoice 8")
                ada.wait_for(subject="invoice", timeout=0.05)
    """)
    result.assert_outcomes(failed=1)
    head, title, columns, first, second, waits = complaints(result)
    assert head.endswith(
        "no mail with subject 'invoice' came to ada@example.test within 0.05 s"
    )
    assert title == "what did arrive:"
    assert re.split(r"\s{2,}", columns)[:2] == ["after", "mailbox"]
    assert re.split(r"\s{2,}", first)[1:] == [
        "ada@example.test",
        "app@example.test",
        "ada@example.test",
        "Welcome",
        "subject",
    ]
    assert re.split(r"\s{2,}", second)[-2:] == ["Invoice 7", "mailbox"]
    assert waits == "1 mail was accepted and waits, held back by a fault"
    assert places(result) == {"test_suite.py"}


def test_no_mail(run: Run) -> None:
    """Silence is confirmed, and broken silence shows what broke it."""
    result = run("""
        from sending import send

        def test_silence(mail_lab):
            ada = mail_lab.mailbox("ada@example.test")
            ada.assert_no_mail(within=0.01)
            send(mail_lab.smtp, ada.address)
            ada.assert_no_mail(subject="goodbye", within=0.01)

        def test_noise(mail_lab):
            ada = mail_lab.mailbox("ada@example.test")
            send(mail_lab.smtp, ada.address)
            ada.assert_no_mail(within=30)
    """)
    result.assert_outcomes(passed=1, failed=1)
    said = complaints(result)
    assert said[0].endswith("mail came to ada@example.test, though none was expected")
    assert "Hello" in said[3]


def test_blocking_in_a_loop(run: Run) -> None:
    """Blocking the event loop is refused, with the words to write instead."""
    result = run("""
        import pytest

        @pytest.mark.asyncio
        async def test_wait(mail_lab):
            mail_lab.mailbox().wait_for()

        @pytest.mark.asyncio
        async def test_silence(mail_lab):
            mail_lab.mailbox().assert_no_mail()
    """)
    result.assert_outcomes(failed=2)
    first, second = complaints(result)
    assert first.endswith("write await inbox.wait(...)")
    assert second.endswith("write await inbox.stays_empty(...)")
    assert places(result) == {"test_suite.py"}


MISUSE = {
    'mail_lab.outage("imap_dwn")': "there is no outage 'imap_dwn'; write one of",
    'mail_lab.outage("junk", domain="a.test")': "domain 'a.test' is not one of",
    'mail_lab.replay("libero", phase="slow")': "there is no replay 'libero'",
    'mail_lab.replay("libero-2023-01", phase="x")': "has no phase 'x'; write one of",
    'mail_lab.replay("libero-2023-06", phase="unknown")': "nobody described it",
    'mail_lab.fault("imap_down")': "'imap_down' is no fault; import one from",
    'mail_lab.mailbox("ada@gmail.com")': "override the session fixture",
    'mail_lab.mailbox("ada")': "'ada' is not in one of the lab's domains",
    "mail_lab.inbox.wait_for(subject=5)": "subject=5 cannot be compared",
    'mail_lab.inbox.wait_for(sender="Ada")': "sender='Ada' is no mail address",
    "mail_lab.inbox.wait_for(matching=5)": "matching=5 cannot be called",
    "mail_lab.inbox.wait_for(timeout=-1)": "-1 is no time to wait",
    'mail_lab.inbox.deliver("Hello")': "a str is no mail",
}


def test_misuse(run: Run) -> None:
    """Bad use is an error at the call: one sentence, and the user's own line."""
    tests = (
        f"def test_{number}(mail_lab):\n    {call}\n"
        for number, call in enumerate(MISUSE)
    )
    result = run("\n\n".join(tests))
    result.assert_outcomes(failed=len(MISUSE))
    said = complaints(result)
    assert len(said) == len(MISUSE)
    for sentence, expected in zip(said, MISUSE.values(), strict=True):
        assert expected in sentence
        assert "UsageError: " in sentence
    assert places(result) == {"test_suite.py"}


# --- surprises ----------------------------------------------------------------------


def test_surprise(run: Run) -> None:
    """A client that breaks the protocol fails its own test, and not the next one."""
    result = run("""
        import socket

        def test_rude(mail_lab):
            where = mail_lab.plain.smtp
            with socket.create_connection((where.host, where.port)) as line:
                line.sendall(b"HELLO\\r\\n")

        def test_polite(mail_lab):
            pass
    """)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        ["*surprised by this test: submission smtp.example.test: unknown command*"]
    )


@pytest.mark.parametrize("recipient", ["eve@example.test", "eve@example.org"])
def test_unexpected_recipient(run: Run, recipient: str) -> None:
    """Mail to nobody fails the test that sent it, with the words that help."""
    result = run(f"""
        import contextlib
        import smtplib
        from sending import send

        def test_mail(mail_lab):
            with contextlib.suppress(smtplib.SMTPRecipientsRefused):
                send(mail_lab.smtp, "{recipient}")
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*mail_lab.mailbox('{recipient}')*"])


def test_surprise_beside_a_failure(run: Run) -> None:
    """A test that fails anyway is told of the surprises in a section of their own."""
    result = run("""
        import socket

        def test_rude(mail_lab):
            where = mail_lab.plain.smtp
            with socket.create_connection((where.host, where.port)) as line:
                line.sendall(b"HELLO\\r\\n")
            assert False
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*mail lab call*", "*unknown command 'HELLO'*"])


def test_late_surprise(run: Run) -> None:
    """A surprise while fixtures are torn down is an error of that test."""
    result = run("""
        import socket
        import pytest

        @pytest.fixture
        def client(mail_lab):
            where = mail_lab.plain.smtp
            with socket.create_connection((where.host, where.port)) as line:
                yield
                line.sendall(b"HELLO\\r\\n")

        def test_rude(client):
            pass

        def test_polite(mail_lab):
            pass
    """)
    result.assert_outcomes(passed=2, errors=1)


def test_expected_surprise(run: Run) -> None:
    """A test that takes the surprises it expected does not fail for them."""
    result = run("""
        import smtplib
        import pytest
        from sending import send

        def test_mail(mail_lab):
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                send(mail_lab.smtp, "eve@example.test")
            (surprise,) = mail_lab.take_surprises()
            assert "eve@example.test" in surprise
    """)
    result.assert_outcomes(passed=1)


# --- outages ------------------------------------------------------------------------


def test_outages(run: Run) -> None:
    """Faults, named outages and replays are active for as long as their block runs."""
    result = run("""
        import smtplib
        import pytest
        from mailprobe.lab import Reply
        from sending import send

        def test_fault(mail_lab):
            ada = mail_lab.mailbox()
            with mail_lab.fault(Reply("RCPT", 451, "4.3.0 later")):
                with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                    send(mail_lab.smtp, ada.address)
                assert refused.value.recipients[ada.address][0] == 451
            send(mail_lab.smtp, ada.address)

        def test_outage(mail_lab):
            ada = mail_lab.mailbox()
            with mail_lab.outage("submission_down"):
                with pytest.raises(ConnectionRefusedError):
                    send(mail_lab.smtp, ada.address)
            send(mail_lab.smtp, ada.address)
            ada.wait_for()

        def test_junk(mail_lab):
            ada = mail_lab.mailbox()
            with mail_lab.outage("junk", domain="example.test"):
                send(mail_lab.smtp, ada.address)
            ada.in_folder("Junk").wait_for()
            ada.assert_no_mail(within=0.01)

        def test_replay(mail_lab):
            ada = mail_lab.mailbox("ada@virgilio.test")
            with mail_lab.replay("libero-2023-01", phase="accepts-not-delivers"):
                send(mail_lab.smtp, ada.address)
                ada.assert_no_mail(within=0.01)
            ada.wait_for()

        def test_gives_up(mail_lab):
            ada = mail_lab.mailbox("ada@libero.test")
            with mail_lab.replay("libero-2023-01", phase="gives-up"):
                send(mail_lab.smtp, ada.address)
                bounce = mail_lab.inbox.wait_for(subject="undelivered")
            assert "5.4.7" in bounce.as_string()
            ada.assert_no_mail(within=0.01)
    """)
    result.assert_outcomes(passed=5)


# --- around it ----------------------------------------------------------------------


def test_environment(run: Run) -> None:
    """The environment names the servers, and makes default TLS contexts trust them."""
    result = run("""
        import os, smtplib, ssl
        from sending import send

        def test_env(mail_lab, monkeypatch):
            mail_lab.patch_env(monkeypatch)
            assert dict(os.environ) | mail_lab.env == dict(os.environ)
            host, port = os.environ["EMAIL_HOST"], int(os.environ["EMAIL_PORT"])
            with smtplib.SMTP_SSL(
                host, port, context=ssl.create_default_context()
            ) as client:
                client.login(
                    os.environ["EMAIL_HOST_USER"], os.environ["EMAIL_HOST_PASSWORD"]
                )

        def test_gone(mail_lab):
            assert "EMAIL_HOST_PASSWORD" not in os.environ
    """)
    result.assert_outcomes(passed=2)


def test_names(run: Run) -> None:
    """The default resolvers of dnspython know the lab's domains while patched."""
    result = run("""
        import dns.asyncresolver, dns.resolver
        import pytest

        before = dns.resolver.default_resolver

        def test_mx(mail_lab, monkeypatch):
            mail_lab.dns.patch(monkeypatch)
            answer = dns.resolver.resolve("example.test", "MX")
            assert str(min(answer).exchange) == "mx1.example.test."
            with pytest.raises(dns.resolver.NXDOMAIN):
                dns.resolver.resolve("elsewhere.test", "MX")

        @pytest.mark.asyncio
        async def test_async(mail_lab, monkeypatch):
            mail_lab.dns.patch(monkeypatch)
            answer = await dns.asyncresolver.resolve("example.test", "MX")
            assert len(answer) == 2

        def test_gone():
            assert dns.resolver.default_resolver is before
    """)
    result.assert_outcomes(passed=3)


SOCKET_SUITE = """
from sending import send

def test_mail(mail_lab):
    ada = mail_lab.mailbox()
    send(mail_lab.smtp, ada.address)
    ada.wait_for()
"""


def test_allowed_sockets(run: Run) -> None:
    """With pytest-socket, a suite that may only talk to itself has its lab."""
    run(SOCKET_SUITE, "--disable-socket", "--allow-hosts=127.0.0.1").assert_outcomes(
        passed=1
    )


def test_blocked_sockets(run: Run) -> None:
    """Where pytest-socket blocks everything, one sentence says how to let it in."""
    result = run(SOCKET_SUITE, "--disable-socket")
    result.assert_outcomes(errors=1)
    assert complaints(result)[-1].endswith("or mark the test with enable_socket")


def test_overriding(run: Run) -> None:
    """A suite makes the fixtures its own by overriding them."""
    result = run("""
        import pytest
        from sending import send

        @pytest.fixture(scope="session")
        def mail_lab_domains(mail_lab_domains):
            return ("shop.example", *mail_lab_domains)

        @pytest.fixture
        def mail_lab(mail_lab):
            mail_lab.mailbox("owner@shop.example")
            return mail_lab

        def test_mail(mail_lab):
            assert mail_lab.sender == "app@shop.example"
            send(mail_lab.smtp, "owner@shop.example")
            mail_lab.mailbox("owner@shop.example").wait_for()
    """)
    result.assert_outcomes(passed=1)


def test_bad_domains(run: Run) -> None:
    """Domains that cannot be meant are an error in one sentence."""
    result = run("""
        import pytest

        @pytest.fixture(scope="session")
        def mail_lab_domains():
            return "shop.example"

        def test_mail(mail_lab):
            pass
    """)
    result.assert_outcomes(errors=1)
    assert "mail_lab_domains returned 'shop.example'" in complaints(result)[-1]


def test_costs_nothing_unused(run: Run) -> None:
    """In a suite that does not use it, nothing of mailprobe but its door is loaded."""
    result = run(
        """
        import sys

        def test_modules(request):
            ours = {name for name in sys.modules if name.startswith("mailprobe")}
            assert ours == {"mailprobe", "mailprobe.pytest_plugin"}
            theirs = {"aioimaplib", "aiosmtplib", "cryptography", "dns", "msgspec"}
            assert theirs.isdisjoint(sys.modules)
            assert not [n for n in request.fixturenames if n.startswith("mail")]
            manager = request.config.pluginmanager
            assert not manager.has_plugin("mailprobe-lab")
            assert not manager.has_plugin("mailprobe-live")
        """,
        "-p",
        "no:xdist",
        apart=True,
    )
    result.assert_outcomes(passed=1)


def test_leaves_nothing(run: Run, pytester: pytest.Pytester) -> None:
    """After the session no thread, socket or temporary file of the lab is left."""
    folder = pytester.mkdir("temporary")
    pytester.makeconftest(f"""
        import contextlib, os, stat, tempfile, threading
        tempfile.tempdir = {str(folder)!r}

        def sockets():
            for number in range(256):
                with contextlib.suppress(OSError):
                    if stat.S_ISSOCK(os.fstat(number).st_mode):
                        yield number

        before = set(sockets())

        def pytest_unconfigure():
            threads = [t.name for t in threading.enumerate() if "mailprobe" in t.name]
            files = os.listdir({str(folder)!r})
            print("left:", threads, sorted(set(sockets()) - before), files)
    """)
    result = run(SOCKET_SUITE, "-s", apart=True)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*left: [[]] [[]] [[]]"])
