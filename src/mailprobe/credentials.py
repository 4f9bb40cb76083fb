"""
Where secrets come from: the environment, a file, a command, a prompt.

Values come out as `mailprobe.model.secret.Secret`. Every failure is a
`ConfigError` of one sentence that names what was missing and what to do; it
never holds the secret, nor what a command printed.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from mailprobe.model.errors import ConfigError
from mailprobe.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from mailprobe.model.target import TokenSource

SIZE_LIMIT: Final = 64 * 1024
"""Bytes of a secret: OAuth 2 tokens reach some kilobytes; more is a wrong file."""

COMMAND_TIMEOUT: Final = 30.0
"""Seconds for a command: unlocking a key ring by hand takes some ten of them."""

# No NUL (UTF-16 looks like that), no undecodable bytes of the environment.
_TEXT: Final = re.compile(r"[^\0\ud800-\udfff]+")
_NO_TEXT: Final = "\0"

Kind: TypeAlias = Literal["env", "file", "command"]

WAYS: Final = '"env:NAME", "file:PATH" or "command:PROGRAM ARGUMENTS"'
"""How a reference is written, for messages."""


@dataclass(frozen=True, slots=True)
class Reference:
    """
    Where a secret is to be found; nothing is looked up until it is needed.

    Attributes:
        kind: "env", "file" or "command".
        value: The variable's name, the file's path or the command line; not
            shown by `repr`, for a command line may hold secrets of its own.
    """

    kind: Kind
    value: str = field(repr=False)

    @classmethod
    def parse(cls, text: str, folder: Path | None = None) -> Reference:
        """
        Read ``env:NAME``, ``file:PATH`` or ``command:PROGRAM ARGUMENTS``.

        Args:
            text: The reference.
            folder: What a relative PATH starts from; the current directory if
                left out. ``~`` is the home directory.

        Raises:
            ConfigError: If it is none of the three; *text* is not quoted, for
                it may be a password written in the wrong place.
        """
        kind, colon, value = text.partition(":")
        if not colon or kind not in {"env", "file", "command"} or not value.strip():
            message = f"a secret does not stand in the file itself; write {WAYS}"
            raise ConfigError(message)
        if kind == "file":
            path = os.path.expanduser(value.strip())  # noqa: PTH111 - never raises
            return cls("file", str((folder or Path()) / path))
        return cls(cast("Kind", kind), value.strip())

    def resolve(self) -> Secret:
        """Fetch the secret now; see `from_env`, `from_file`, `from_command`."""
        return Secret(self._text())

    def key(self) -> bytes:
        """Fetch the secret now as a key of 32 bytes: the SHA-256 of its text."""
        import hashlib  # noqa: PLC0415 - for signing keys only

        return hashlib.sha256(self._text().encode()).digest()

    def token_source(self, where: str = "") -> TokenSource:
        """
        Return a callable for `mailprobe.Mailbox.token`: a fresh secret each time.

        A command runs beside the event loop and is killed if its caller is
        cancelled.

        Args:
            where: What error messages begin with.
        """

        async def fetch() -> Secret:
            try:
                if self.kind == "command":
                    return await _from_command_async(self.value)
                return self.resolve()
            except ConfigError as error:
                if not where:
                    raise
                message = f"{where}: {error}"
                raise ConfigError(message) from None

        return fetch

    def _text(self) -> str:
        read = {"env": _env, "file": _file, "command": _command}
        return read[self.kind](self.value)


def from_env(name: str) -> Secret:
    """
    Take a secret from an environment variable.

    Raises:
        ConfigError: If it is not set, or empty.
    """
    return Secret(_env(name))


def from_file(path: str | os.PathLike[str]) -> Secret:
    """
    Take a secret from the first line of a file; its line end does not count.

    Raises:
        ConfigError: If it cannot be read, is larger than `SIZE_LIMIT`, or its
            first line is empty or not text.
    """
    return Secret(_file(path))


def readable_by_others(path: str | os.PathLike[str]) -> bool:
    """
    Whether users other than the owner may read a secret file (POSIX modes).

    False for what is no regular file (a pipe has no readers but us) or cannot be
    looked at.
    """
    import stat  # noqa: PLC0415 - only for this question

    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except (OSError, ValueError):
        return False
    others = stat.S_IRGRP | stat.S_IROTH
    return os.name == "posix" and stat.S_ISREG(mode) and bool(mode & others)


def from_command(command: str | Sequence[str]) -> Secret:
    """
    Take a secret from the first line a command prints.

    No shell is involved: a string is split into words as a shell would split
    it, and nothing in it is expanded. The command has no standard input; what
    it says on standard error goes to ours.

    Raises:
        ConfigError: If it cannot be started, fails, takes longer than
            `COMMAND_TIMEOUT` seconds, or prints no secret.
    """
    return Secret(_command(command))


async def _from_command_async(command: str | Sequence[str]) -> Secret:
    """Do what `from_command` does without holding up the event loop."""
    import asyncio  # noqa: PLC0415 - whoever gets here has it already

    run = _Run(command)
    try:
        async with asyncio.timeout(COMMAND_TIMEOUT):
            return Secret(run.text(await asyncio.wrap_future(run.output)))
    except TimeoutError:
        raise run.too_late() from None
    finally:
        run.stop()


def from_prompt(label: str) -> Secret:
    """
    Ask for a secret on the terminal, without showing it.

    Args:
        label: Whose secret it is ("canary@libero.it").

    Raises:
        ConfigError: If there is no terminal, or nothing is typed.
    """
    if not all(stream and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        message = (
            f"no password for {label} and no terminal to ask for it; give it by "
            "--password-env, --password-file, --password-command or mailprobe.toml"
        )
        raise ConfigError(message)
    import getpass  # noqa: PLC0415 - only for a prompt
    import warnings  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            # It warns before it would show what is typed: do not let it.
            warnings.simplefilter("error", getpass.GetPassWarning)
            value = getpass.getpass(f"Password for {label}: ")
    except (EOFError, OSError, getpass.GetPassWarning):
        message = f"no password for {label}: the terminal could not be read"
        raise ConfigError(message) from None
    return Secret(_checked(value, f"the password typed for {label}"))


def _env(name: str) -> str:
    source = f"the environment variable {_quoted(name)}"
    value = os.environ.get(name)
    if value is None:
        message = f"{source} is not set; export it first"
        raise ConfigError(message)
    return _checked(value, source)


def _file(path: str | os.PathLike[str]) -> str:
    name = os.fspath(path)
    try:
        if os.path.isdir(name):  # noqa: PTH112 - the path is only quoted and opened
            message = f"{name!r} is a directory; name the file that holds the secret"
            raise ConfigError(message)
        with open(name, "rb") as file:  # noqa: PTH123
            content = file.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or "not a usable path"
        message = f"the secret file {name!r} cannot be read: {reason}"
        raise ConfigError(message) from None
    return _first_line(content, f"the secret file {name!r}")


def _command(command: str | Sequence[str]) -> str:
    run = _Run(command)
    try:
        return run.text(run.output.result(COMMAND_TIMEOUT))
    except TimeoutError:
        raise run.too_late() from None
    finally:
        run.stop()


class _Run:
    """
    A command on its way, read by a thread that nobody has to wait for.

    A grandchild may hold the pipe open for ever; then the thread stays behind
    and ends with it, or with us.
    """

    def __init__(self, command: str | Sequence[str]) -> None:
        # Only those who use a command pay for what it takes to run one.
        import subprocess  # noqa: PLC0415
        import threading  # noqa: PLC0415
        from concurrent.futures import Future  # noqa: PLC0415

        argv = _words(command)
        self._name = _program(argv)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the user's own command
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
            )
        except (OSError, ValueError) as error:  # ValueError: a NUL in a word
            reason = getattr(error, "strerror", None) or "not a usable name"
            message = f"the command {self._name} cannot be started: {reason}"
            raise ConfigError(message) from None
        self.output: Future[tuple[int, bytes]] = Future()
        self.output.set_running_or_notify_cancel()  # waiters cannot cancel it
        threading.Thread(target=self._read, daemon=True).start()

    def text(self, ended: tuple[int, bytes]) -> str:
        """Return the first line of what was printed, if the command ended well."""
        status, output = ended
        if status != 0 and len(output) <= SIZE_LIMIT:
            how = f"exit status {status}" if status > 0 else f"signal {-status}"
            message = (
                f"the command {self._name} failed with {how}; run it by hand to see why"
            )
            raise ConfigError(message)
        return _first_line(output, f"the output of the command {self._name}")

    def too_late(self) -> ConfigError:
        """Make the error for a command that took too long."""
        return ConfigError(
            f"the command {self._name} gave no secret within {COMMAND_TIMEOUT:g} s; "
            "it must end by itself and wants no input"
        )

    def stop(self) -> None:
        """Leave no process behind."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101 - asked for above
        with pipe:
            output = pipe.read(SIZE_LIMIT + 1)
        if len(output) > SIZE_LIMIT:
            self._process.kill()
        self.output.set_result((self._process.wait(), output))


def _words(command: str | Sequence[str]) -> list[str]:
    try:
        argv = shlex.split(command) if isinstance(command, str) else list(command)
    except ValueError as error:
        message = f"the command for the secret cannot be read: {error}"
        raise ConfigError(message) from None
    if not argv:
        message = "the command for the secret is empty; write PROGRAM ARGUMENTS"
        raise ConfigError(message)
    return argv


def _program(argv: list[str]) -> str:
    """Name the program; in ``VARIABLE=value program``, a secret may be the value."""
    name, assigned, _ = argv[0].partition("=")
    return repr(name + "=..." if assigned else name)


def _first_line(content: bytes, source: str) -> str:
    """Return the secret in the first line; *source* names where it came from."""
    if len(content) > SIZE_LIMIT:
        kib = SIZE_LIMIT // 1024
        message = f"{source} is larger than {kib} KiB, which is no password or token"
        raise ConfigError(message)
    try:
        # Windows editors put a byte order mark before the first character.
        line = content.partition(b"\n")[0].removesuffix(b"\r").decode("utf-8-sig")
    except UnicodeDecodeError:
        line = _NO_TEXT
    return _checked(line, f"the first line of {source}")


def _checked(value: str, source: str) -> str:
    if not value:
        message = f"{source} is empty; the secret must stand there"
        raise ConfigError(message)
    if not _TEXT.fullmatch(value):
        message = f"{source} is not text in UTF-8"
        raise ConfigError(message)
    return value


def _quoted(name: str) -> str:
    return name if name.isprintable() else repr(name)
