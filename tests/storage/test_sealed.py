"""Secrets at rest."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.sealed import KEY_BYTES, KeyFileError, Place, Seal, UnsealError, load_or_create_key

PLACE = Place("device_credential", "02f1a7000001", "secret")
SEAL = Seal(b"k" * KEY_BYTES)


@given(st.text())
def test_what_was_sealed_opens_at_its_place(secret: str) -> None:
    assert SEAL.open(SEAL.close(secret, PLACE), PLACE) == secret


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("profile_setting", "02f1a7000001", "secret"),
        Place("device_credential", "02f1a7000002", "secret"),
        Place("device_credential", "02f1a7000001", "other"),
    ],
)
def test_a_ciphertext_moved_to_another_place_does_not_open(elsewhere: Place) -> None:
    with pytest.raises(UnsealError):
        SEAL.open(SEAL.close("s3cret", PLACE), elsewhere)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(UnsealError):
        Seal(b"x" * KEY_BYTES).open(SEAL.close("s3cret", PLACE), PLACE)


@given(st.integers(min_value=0, max_value=30))
def test_a_changed_byte_does_not_open(position: int) -> None:
    sealed = bytearray(SEAL.close("s3cret", PLACE))
    sealed[1 + position % (len(sealed) - 1)] ^= 1
    with pytest.raises(UnsealError):
        SEAL.open(bytes(sealed), PLACE)


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    assert SEAL.close("s3cret", PLACE) != SEAL.close("s3cret", PLACE)


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets.key"
    assert load_or_create_key(path) == load_or_create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_cut_key_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "secrets.key"
    path.write_bytes(b"short")
    with pytest.raises(KeyFileError, match="5 bytes"):
        load_or_create_key(path)


def test_an_unwritable_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="No such file"):
        load_or_create_key(tmp_path / "missing" / "secrets.key")
