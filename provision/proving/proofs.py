"""Proving who asks: the token in the path, or the answer to a Digest challenge.

A wrong proof and a proof for an unknown MAC are one and the same outcome.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from sqlalchemy.orm import Session

from provision import credentials
from provision.credentials import KnownPassword
from provision.devices.identity import MacAddress
from provision.families.family import PathKind
from provision.families.identification import Asked, Origin, Proof
from provision.proving import digest
from provision.proving.certificates import ClientCertificate
from provision.proving.digest import Accepted, AnswersSeen, Stale
from storage.installation import Installation
from storage.sealed import Seal


@dataclass(frozen=True)
class Proved:
    """The asker is the device of `proof.mac`, by its secret number `credential_id`.

    `is_used`: it was used before; at its first use older ones must end at once. A certificate
    that was never shown before has no number yet.
    """

    proof: Proof
    credential_id: int
    is_used: bool = True
    certificate: ClientCertificate | None = None


@dataclass(frozen=True)
class Unproved:
    """Nothing was proved. `failed`: a wrong proof was tried; `stale`: only its time is over."""

    failed: bool = False
    stale: bool = False


@dataclass(frozen=True)
class Attempt:
    """What a request brings to prove itself; `target` is the request target as it was sent."""

    method: str
    target: str = field(repr=False)
    authorization: str | None = field(repr=False)
    certificate: ClientCertificate | None = None


@dataclass(frozen=True)
class Verifier:
    """Checks proofs; `seen` remembers used answers, so that an overheard one is worth nothing."""

    seal: Seal
    nonce_key: bytes = field(repr=False)
    seen: AnswersSeen

    @classmethod
    def of(cls, installation: Installation) -> Self:
        key = hmac.new(installation.secret_key, b"digest-nonce", hashlib.sha256).digest()
        return cls(installation.seal, key, AnswersSeen())

    def prove(
        self, session: Session, asked: Asked, attempt: Attempt, now: datetime
    ) -> Proved | Unproved:
        """What a request for `asked` proves."""
        if asked.token is not None:
            holder = credentials.verify_token(session, asked.token, asked.mac, now)
            if holder is None:
                return Unproved(failed=True)
            proof = Proof(Origin.TOKEN, holder.mac)
            return Proved(proof, holder.credential_id, holder.is_used)
        shown = attempt.certificate
        if shown is not None and asked.mac is not None:
            holder = credentials.verify_certificate(session, shown, asked.mac, now)
            if holder is not None:
                proof = Proof(Origin.CERTIFICATE, holder.mac)
                return Proved(proof, holder.credential_id, holder.is_used, shown)
        if asked.kind is not PathKind.AUTHENTICATED or asked.mac is None:
            return Unproved()
        if attempt.authorization is None:
            return Unproved()
        passwords = credentials.passwords_of(session, asked.mac, self.seal, now)
        return self._by_password(asked.mac, attempt, passwords, now)

    def challenge(self, mac: MacAddress, now: datetime, *, stale: bool) -> Sequence[str]:
        """The values of the WWW-Authenticate headers, the same for known and unknown MACs."""
        return digest.challenge(self.nonce_key, now, mac, stale=stale)

    def _by_password(
        self, mac: MacAddress, attempt: Attempt, passwords: Sequence[KnownPassword], now: datetime
    ) -> Proved | Unproved:
        # A device without a password costs the same arithmetic as one with another password, or
        # with two of them.
        nobodys = [KnownPassword(0, "")] * (credentials.LIVE_MAX - len(passwords))
        for known in (*passwords, *nobodys):
            verdict = digest.check(
                attempt.authorization,
                attempt.method,
                attempt.target,
                known.text or None,
                self.nonce_key,
                now,
                mac,
            )
            match verdict:
                case Accepted() if self.seen.is_first(verdict):
                    proof = Proof(Origin.DIGEST, mac)
                    return Proved(proof, known.credential_id, known.is_used)
                case Accepted() | Stale():
                    return Unproved(stale=True)
        return Unproved(failed=True)
