"""Passwords: argon2id hashes, one cost for known and unknown logins, and generated first ones."""

import functools
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from storage.refusals import RefusedError

MIN_LENGTH = 12
_hasher = PasswordHasher()


class WeakPasswordError(RefusedError):
    code = "weak-password"
    field = "password"
    ru = "Пароль короче {minimum} знаков."
    en = "The password is shorter than {minimum} characters."


def hash_password(password: str) -> str:
    """The argon2id hash; raises WeakPasswordError for a short password."""
    if len(password) < MIN_LENGTH:
        raise WeakPasswordError(minimum=MIN_LENGTH)
    return _hasher.hash(password)


def matches(password: str, password_hash: str | None) -> bool:
    """Whether the password is right; as slow for an unknown login (None) as for a known one."""
    nobody = _nobody()
    try:
        return _hasher.verify(password_hash or nobody, password) and password_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


@functools.cache
def _nobody() -> str:
    """Verified when a login is unknown, so that the answer takes as long as for a known one."""
    return _hasher.hash(secrets.token_hex(16))


def generate() -> str:
    """A password for a first login, easy to read out: 4 groups of 5, 100 bits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789-"
    return "-".join("".join(secrets.choice(alphabet[:-1]) for _ in range(5)) for _ in range(4))
