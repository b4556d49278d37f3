"""Signatures: those of minisign are believed, and nothing that was touched is."""

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simulator.trust import BadKeyError, BadSignatureError, PublicKey, verify

if TYPE_CHECKING:
    from conftest import Signer


def test_a_signature_by_minisign_itself_is_believed(tmp_path: Path) -> None:
    minisign = shutil.which("minisign")
    if minisign is None:
        pytest.skip("minisign is not installed")
    file = tmp_path / "file"
    file.write_bytes(b"the bytes")
    keys = ["-p", str(tmp_path / "key.pub"), "-s", str(tmp_path / "key")]
    subprocess.run([minisign, "-G", "-W", *keys], check=True, capture_output=True)
    signing = [minisign, "-S", *keys[2:], "-m", str(file), "-t", "serial:3 channel:stable"]
    subprocess.run(signing, check=True, capture_output=True)
    signature = (tmp_path / "file.minisig").read_text()
    key = PublicKey.parse((tmp_path / "key.pub").read_text())
    assert verify(b"the bytes", signature, [key]) == "serial:3 channel:stable"
    with pytest.raises(BadSignatureError):
        verify(b"the bytez", signature, [key])


def test_one_of_several_keys_is_enough(signer: "Signer") -> None:
    key = PublicKey.parse(signer.public)
    stranger = PublicKey(b"8 bytes!", key.key)
    assert verify(b"m", signer.sign(b"m", "c"), [stranger, key]) == "c"
    with pytest.raises(BadSignatureError, match="stranger"):
        verify(b"m", signer.sign(b"m"), [stranger])


def test_a_touched_trusted_comment_is_not_believed(signer: "Signer") -> None:
    signature = signer.sign(b"m", "serial:1").replace("serial:1", "serial:2")
    with pytest.raises(BadSignatureError):
        verify(b"m", signature, [PublicKey.parse(signer.public)])


def test_a_signature_of_the_old_unhashed_kind_is_not_believed(signer: "Signer") -> None:
    with pytest.raises(BadSignatureError, match="prehashed"):
        verify(b"m", signer.sign(b"m", algorithm=b"Ed"), [PublicKey.parse(signer.public)])


@pytest.mark.parametrize("text", ["", "a\nb\nc\nd", "u\n!\ntrusted comment: c\n!\n", "u\nQQ=="])
def test_what_is_no_signature_is_refused(signer: "Signer", text: str) -> None:
    with pytest.raises(BadSignatureError):
        verify(b"m", text, [PublicKey.parse(signer.public)])


@pytest.mark.parametrize("text", ["", "RWQ", "QUJD", "é"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(BadKeyError):
        PublicKey.parse(text)
