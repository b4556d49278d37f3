"""People's keys: files with and without a passphrase, and a real PKCS#11 token (SoftHSM)."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from securesystemslib.exceptions import UnverifiedSignatureError

from catalogue.minisign import SigningKey
from catalogue.signing import signers
from catalogue.signing.key_rotation import KeyChange
from catalogue.signing.signers import BadPublicKeyFileError, PublicKeyFile, SignerError
from catalogue.tuf.layout import Purpose
from tests.catalogue.test_ceremony import change
from tests.catalogue.vendor import CODE, People, Vendor

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "314159"


@pytest.fixture
def backend() -> str:
    """Signatures do not know where they are kept."""
    return "sqlite"


def refuse(secret: str) -> str:
    raise AssertionError(f"{secret} was asked for")


def test_a_key_file_signs_and_its_public_half_travels(tmp_path: Path) -> None:
    key = signers.make(tmp_path / "anna.pem", "")
    (tmp_path / "anna.pub").write_text(PublicKeyFile("anna", key).to_json())
    for where in (str(tmp_path / "anna.pem"), f"file2:{tmp_path / 'anna.pem'}"):
        signer = signers.open_signer(where, refuse)
        key.verify_signature(signer.sign(b"data"), b"data")
        with pytest.raises(UnverifiedSignatureError):
            key.verify_signature(signer.sign(b"data"), b"other")
    loaded = PublicKeyFile.load(tmp_path / "anna.pub")
    assert (loaded.name, loaded.key) == ("anna", key)
    assert (tmp_path / "anna.pem").stat().st_mode & 0o777 == 0o600


def test_a_passphrase_is_asked_for_once_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    signers.make(tmp_path / "anna.pem", "correct horse")
    assert b"ENCRYPTED" in (tmp_path / "anna.pem").read_bytes()
    assert signers.open_signer(str(tmp_path / "anna.pem"), lambda _: "correct horse").sign(b"x")
    with pytest.raises(SignerError):
        signers.open_signer(str(tmp_path / "anna.pem"), lambda _: "wrong")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    signers.make(tmp_path / "anna.pem", "")
    with pytest.raises(SignerError):
        signers.make(tmp_path / "anna.pem", "")
    with pytest.raises(SignerError):
        signers.make(tmp_path / "no such folder" / "anna.pem", "")


@pytest.mark.parametrize(
    "where", ["/no/such/key.pem", "file2:/no/such/key.pem", "awskms:arn:aws:kms:x", "none:x"]
)
def test_a_key_that_cannot_be_reached_is_refused_with_the_reason(where: str) -> None:
    with pytest.raises(SignerError):
        signers.open_signer(where, refuse)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"kind":"flatpro-public-key"}'])
def test_a_file_that_is_no_public_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.pub").write_text(text)
    with pytest.raises(BadPublicKeyFileError):
        PublicKeyFile.load(tmp_path / "x.pub")


@pytest.fixture
def new_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Makes a token with a P-256 key in it; its URI."""
    pytest.importorskip("pkcs11", reason="the extra pkcs11 is not installed")
    for program in ("softhsm2-util", "pkcs11-tool"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (apt-get install softhsm2 opensc)")
    settings = tmp_path / "softhsm2.conf"
    (tmp_path / "tokens").mkdir()
    settings.write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(settings))
    monkeypatch.setenv("PYKCS11LIB", str(MODULE))

    def made(label: str) -> str:
        run(
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            label,
            "--so-pin",
            "0000",
            "--pin",
            PIN,
        )
        run(
            "pkcs11-tool", "--module", str(MODULE), "--token-label", label, "--login",
            "--pin", PIN, "--keypairgen", "--key-type", "EC:prime256v1", "--id", "02",
        )  # fmt: skip
        return f"hsm:2?label={label}"

    return made


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=30)


def test_two_tokens_sign_a_release(vendor: Vendor, new_token: Callable[[str], str]) -> None:
    """The library keeps one SoftHSM for the process, so this is one story."""
    asked: list[str] = []

    def ask(secret: str) -> str:
        asked.append(secret)
        return PIN

    people = People(vendor)
    uris = {name: new_token(name) for name in ("build", "qa")}
    opened = {name: signers.open_signer(uri, ask) for name, uri in uris.items()}
    people.set_up()
    for number, signer in enumerate(opened.values(), start=1):
        people.signers[f"firmware-{number}"] = signer
    assert opened["build"].public_key.scheme == "ecdsa-sha2-nistp256"
    replace_firmware_keys(people)
    people.sign_all()

    path = vendor.publish("1.0.0", CODE)
    assert (
        people.sign("targets-1", "targets-2", "firmware-1", statements=True).listed == frozenset()
    )
    assert people.sign("firmware-2").listed == {path}
    assert set(asked) == {"pin"}

    with pytest.raises(SignerError):
        signers.open_signer("hsm:2?label=nobody", ask)
    with pytest.raises(SignerError):
        signers.open_signer("hsm:7?label=qa", ask)
    vendor.publish("1.1.0", CODE)
    wrong_pin = signers.open_signer(uris["qa"], lambda _: "0")
    with pytest.raises(SignerError, match=r"PinIncorrect|PinLenRange"):
        signers.sign(people.request(), wrong_pin)


def replace_firmware_keys(people: People) -> None:
    """The tokens take the seats of the keys that the setting up made."""
    added = [(f"token-{n}", people.signers[f"firmware-{n}"].public_key) for n in (1, 2)]
    change(people, KeyChange(Purpose.FIRMWARE, ["firmware-1", "firmware-2"], added))


def test_minisign_keys_serve_as_signers_of_files(tmp_path: Path) -> None:
    """One format of PEM for all: what `keys new --statement` makes opens as a signer too."""
    (tmp_path / "s.pem").write_bytes(SigningKey.generate().to_pem())
    assert signers.open_signer(str(tmp_path / "s.pem"), refuse).public_key.scheme == "ed25519"
