"""minisign: Debian's program and we believe each other, and refuse the same forgeries."""

import base64
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from catalogue.minisign import (
    BadSignatureError,
    PublicKey,
    PublicKeyFormatError,
    SignatureFormatError,
    SigningKey,
    SigningKeyFileError,
    TrustedCommentError,
    WrongKeyError,
    verify,
)
from storage.refusals import RefusedError

KEY = SigningKey.generate()
DATA = "прошивка 2.4.1\n".encode()
COMMENT = "serial:7 product:FP-B2 channel:stable issued:2026-11-22T10:00:00Z"
SIGNATURE = KEY.sign(DATA, COMMENT)
LINES = SIGNATURE.split("\n")


def _flipped(line: str, place: int) -> str:
    """The Base64 line with one bit of byte `place` turned."""
    raw = bytearray(base64.b64decode(line))
    raw[place] ^= 1
    return base64.b64encode(raw).decode()


def _with(line: int, text: str) -> str:
    return "\n".join([*LINES[:line], text, *LINES[line + 1 :]])


FORGERIES = {
    "another body": (_with(1, _flipped(LINES[1], 20)), BadSignatureError),
    "another global signature": (_with(3, _flipped(LINES[3], 20)), TrustedCommentError),
    "another serial": (_with(2, LINES[2].replace("serial:7", "serial:9")), TrustedCommentError),
    "a space after the comment": (_with(2, LINES[2] + " "), TrustedCommentError),
    "another key id": (_with(1, _flipped(LINES[1], 5)), WrongKeyError),
    "another algorithm": (_with(1, _flipped(LINES[1], 1)), SignatureFormatError),
    "a shorter signature": (
        _with(1, base64.b64encode(base64.b64decode(LINES[1])[:-3]).decode()),
        SignatureFormatError,
    ),
    "a shorter global signature": (_with(3, LINES[3][:-4]), SignatureFormatError),
    "no Base64": (_with(1, "*" * len(LINES[1])), SignatureFormatError),
    "a letter outside ASCII in the Base64": (_with(1, "я" + LINES[1][1:]), SignatureFormatError),
    "no untrusted comment": (_with(0, "comment: x"), SignatureFormatError),
    "no trusted comment": (_with(2, "untrusted comment: x"), SignatureFormatError),
    "three lines": ("\n".join(LINES[:3]) + "\n", SignatureFormatError),
    "nothing": ("", SignatureFormatError),
}


@pytest.fixture(scope="module")
def minisign() -> str:
    program = shutil.which("minisign")
    if program is None:
        pytest.skip("minisign (Debian package minisign) is not installed")
    return program


def _debian_accepts(
    program: str, folder: Path, data: bytes, signature: str, key: PublicKey
) -> bool:
    (folder / "файл.json").write_bytes(data)
    (folder / "файл.json.minisig").write_text(signature, encoding="utf-8")
    (folder / "minisign.pub").write_text(key.text())
    check = [program, "-V", "-p", "minisign.pub", "-m", "файл.json"]
    run = subprocess.run(check, cwd=folder, capture_output=True, check=False)
    return run.returncode == 0


def test_what_we_sign_debian_verifies(minisign: str, tmp_path: Path) -> None:
    assert _debian_accepts(minisign, tmp_path, DATA, SIGNATURE, KEY.public)
    shown = subprocess.run(
        [minisign, "-V", "-Q", "-P", KEY.public.line, "-m", tmp_path / "файл.json"],
        capture_output=True,
        check=True,
    )
    assert shown.stdout.decode() == f"{COMMENT}\n"


# The second holds a line separator of Unicode, which is none to minisign.
@pytest.mark.parametrize("comment", ["подписано вручную: serial:1", "a\u2028b\x85c"])
def test_what_debian_signs_we_verify(minisign: str, tmp_path: Path, comment: str) -> None:
    public = _made_by_debian(minisign, tmp_path)
    (tmp_path / "файл").write_bytes(DATA)
    sign = [minisign, "-S", "-s", tmp_path / "secret", "-m", tmp_path / "файл", "-t", comment]
    subprocess.run(sign, check=True, capture_output=True)

    signature = (tmp_path / "файл.minisig").read_text(encoding="utf-8")

    assert verify(DATA, signature, public) == comment
    with pytest.raises(BadSignatureError):
        verify(DATA + b"\n", signature, public)


def test_the_older_signature_without_prehash_is_refused(minisign: str, tmp_path: Path) -> None:
    public = _made_by_debian(minisign, tmp_path)
    (tmp_path / "file").write_bytes(DATA)
    sign = [minisign, "-S", "-l", "-s", tmp_path / "secret", "-m", tmp_path / "file"]
    subprocess.run(sign, check=True, capture_output=True)

    with pytest.raises(SignatureFormatError):
        verify(DATA, (tmp_path / "file.minisig").read_text(), public)


def test_key_ids_are_printed_as_debian_prints_them(minisign: str, tmp_path: Path) -> None:
    public = _made_by_debian(minisign, tmp_path)

    assert public.text() == (tmp_path / "public").read_text()


def test_a_key_id_has_no_zeros_before_it_as_in_minisigns_own_files() -> None:
    text = "untrusted comment: minisign public key 52A5CBFD443612"
    key = PublicKey(key_id=bytes.fromhex("123644fdcba55200"), raw=bytes(32))
    assert key.text().splitlines()[0] == text
    assert PublicKey.parse(key.text()) == key


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_refused_by_its_name(forgery: str) -> None:
    signature, expected = FORGERIES[forgery]

    with pytest.raises(expected):
        verify(DATA, signature, KEY.public)


@pytest.mark.parametrize("forgery", FORGERIES)
def test_debian_refuses_the_same_forgeries(minisign: str, tmp_path: Path, forgery: str) -> None:
    assert not _debian_accepts(minisign, tmp_path, DATA, FORGERIES[forgery][0], KEY.public)


@given(st.binary(max_size=200), st.text(st.characters(codec="utf-8"), max_size=40))
def test_a_signature_gives_its_comment_back(data: bytes, comment: str) -> None:
    if not comment.isprintable():
        with pytest.raises(ValueError, match="printable"):
            KEY.sign(data, comment)
    else:
        assert verify(data, KEY.sign(data, comment), KEY.public) == comment


@given(st.binary(max_size=50))
def test_a_signature_fits_its_data_only(data: bytes) -> None:
    if data != DATA:
        with pytest.raises(BadSignatureError):
            verify(data, SIGNATURE, KEY.public)


@given(st.text(max_size=400) | st.integers(0, len(SIGNATURE)).map(lambda n: SIGNATURE[:n]))
def test_any_text_is_a_signature_or_a_typed_refusal(text: str) -> None:
    try:
        assert verify(DATA, text, KEY.public) == COMMENT
    except RefusedError:
        return
    assert text.removesuffix("\n") == SIGNATURE.removesuffix("\n")


def test_half_a_character_in_a_signature_is_refused() -> None:
    with pytest.raises(SignatureFormatError):
        verify(DATA, _with(2, LINES[2] + "\ud800"), KEY.public)


def test_bits_that_base64_throws_away_make_no_second_spelling() -> None:
    # 74 bytes leave four bits unused in the last letter before the padding.
    spare = LINES[1][:-2] + chr(ord(LINES[1][-2]) + 1) + "="
    assert base64.b64decode(spare) == base64.b64decode(LINES[1])

    with pytest.raises(SignatureFormatError):
        verify(DATA, _with(1, spare), KEY.public)


def test_line_ends_of_another_system_change_nothing() -> None:
    assert verify(DATA, SIGNATURE.replace("\n", "\r\n"), KEY.public) == COMMENT


def test_another_key_is_named_with_the_expected_one() -> None:
    other = SigningKey.generate().public

    with pytest.raises(WrongKeyError) as refusal:
        verify(DATA, SIGNATURE, other)

    assert refusal.value.details == {"found": KEY.public.id_text, "expected": other.id_text}


def test_a_key_with_the_right_id_and_other_bytes_does_not_fit() -> None:
    impostor = PublicKey(key_id=KEY.public.key_id, raw=SigningKey.generate().public.raw)

    with pytest.raises(BadSignatureError):
        verify(DATA, SIGNATURE, impostor)


def test_a_public_key_is_read_from_its_file_and_from_its_line() -> None:
    assert PublicKey.parse(KEY.public.text()) == KEY.public
    assert PublicKey.parse(KEY.public.line) == KEY.public


@pytest.mark.parametrize(
    "text",
    [
        "",
        "RWQ",
        "untrusted comment: only",
        SIGNATURE,
        base64.b64encode(b"ED" + bytes(40)).decode(),
        base64.b64encode(b"Ed" + bytes(39)).decode(),
        f"comment\n{KEY.public.line}\n",
        "ключ",
    ],
    # Keys differ in each process that collects the tests, so they must not name them.
    ids=range(8),
)
def test_anything_else_is_no_public_key(text: str) -> None:
    with pytest.raises(PublicKeyFormatError):
        PublicKey.parse(text)


def _file(folder: Path, pem: bytes) -> Path:
    path = folder / "key.pem"
    path.write_bytes(pem)
    path.chmod(0o600)
    return path


def test_a_key_is_the_same_after_its_file(tmp_path: Path) -> None:
    loaded = SigningKey.load(_file(tmp_path, KEY.to_pem()))

    assert loaded.public == KEY.public
    assert loaded.sign(DATA, COMMENT) == SIGNATURE


def test_openssl_reads_the_key_file(tmp_path: Path) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    show = [program, "pkey", "-in", _file(tmp_path, KEY.to_pem()), "-pubout", "-outform", "DER"]

    assert subprocess.run(show, capture_output=True, check=True).stdout.endswith(KEY.public.raw)


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        (b"", "not an unencrypted PEM key"),
        (KEY.to_pem()[:-40], "not an unencrypted PEM key"),
        (
            Ed448PrivateKey.generate().private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ),
            "not an Ed25519 key",
        ),
    ],
    ids=["empty", "cut", "another kind"],
)
def test_a_broken_key_file_is_refused_with_its_path(
    tmp_path: Path, pem: bytes, reason: str
) -> None:
    with pytest.raises(SigningKeyFileError, match=rf"key\.pem .*{reason}"):
        SigningKey.load(_file(tmp_path, pem))


def test_a_key_file_that_is_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SigningKeyFileError, match="No such file"):
        SigningKey.load(tmp_path / "key.pem")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = _file(tmp_path, KEY.to_pem())
    path.chmod(mode)

    with pytest.raises(SigningKeyFileError, match="chmod 600"):
        SigningKey.load(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def _made_by_debian(program: str, folder: Path) -> PublicKey:
    make = [program, "-G", "-W", "-p", folder / "public", "-s", folder / "secret"]
    subprocess.run(make, check=True, capture_output=True)
    return PublicKey.parse((folder / "public").read_text())
