"""Signed heads: proof, kept elsewhere, of what the ledger was."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mailprobe.model.errors import LedgerError, UsageError
from mailprobe.monitor import seal
from mailprobe.monitor.chain import Head
from tests.monitor.stories import NOON

HEAD = Head(ledger="ab" * 16, seq=3, at=NOON, digest="cd" * 32)
PRIVATE = (
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)
PUBLIC = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo


def test_a_seal_survives_being_written_down() -> None:
    """One line of JSON, and it is the same and genuine."""
    key = Ed25519PrivateKey.generate()
    made = seal.sign(HEAD, key)
    line = seal.write(made)
    assert "\n" not in line
    assert seal.read(line, "here") == made
    assert seal.genuine(made, key.public_key())


@pytest.mark.parametrize(
    "change", [{"seq": 4}, {"digest": "ce" * 32}, {"ledger": "x"}, {"at": NOON.min}]
)
def test_a_seal_is_for_one_head(change: dict[str, object]) -> None:
    """Nothing of the head can be changed under the signature."""
    key = Ed25519PrivateKey.generate()
    made = seal.sign(HEAD, key)
    other = replace(made, head=replace(HEAD, **change))  # type: ignore[arg-type]
    assert not seal.genuine(other, key.public_key())


def test_a_seal_is_of_one_key() -> None:
    """A signature of somebody else, or what is none, is not genuine."""
    key = Ed25519PrivateKey.generate().public_key()
    made = seal.sign(HEAD, Ed25519PrivateKey.generate())
    assert not seal.genuine(made, key)
    assert not seal.genuine(replace(made, signature="?"), key)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"head": 1}', "\udcff"])
def test_what_is_no_seal_is_named(text: str) -> None:
    """The message says where it stands and what should stand there."""
    with pytest.raises(UsageError, match="seals, line 2: this is no signed head"):
        seal.read(text, "seals, line 2")


def test_keys_that_cannot_be_used(tmp_path: Path) -> None:
    """Missing files, other keys and other files are one sentence each."""
    other = generate_private_key(SECP256R1())
    (tmp_path / "ec").write_bytes(other.private_bytes(*PRIVATE))
    (tmp_path / "ec.pub").write_bytes(other.public_key().public_bytes(*PUBLIC))
    (tmp_path / "text").write_text("hello")
    for name, words in (("none", "No such"), ("ec", "another kind"), ("text", "no pr")):
        with pytest.raises(LedgerError, match=words):
            seal.private_key(tmp_path / name)
    for name, words in (("ec.pub", "another kind"), ("text", "no public key")):
        with pytest.raises(LedgerError, match=words):
            seal.public_key(tmp_path / name)


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_keys_of_openssl(tmp_path: Path) -> None:
    """The commands of the documentation make keys that fit together."""
    key, public = tmp_path / "key", tmp_path / "public"
    for words in (
        ["genpkey", "-algorithm", "ed25519", "-out", str(key)],
        ["pkey", "-in", str(key), "-pubout", "-out", str(public)],
    ):
        subprocess.run(["openssl", *words], check=True, capture_output=True)  # noqa: S603, S607
    made = seal.sign(HEAD, seal.private_key(key))
    assert seal.genuine(made, seal.public_key(public))
