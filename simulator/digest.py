"""HTTP Digest (RFC 7616, qop auth): the arithmetic, and a client's answer to a challenge."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.refusal import RefusedError

# In the order a phone prefers them.
ALGORITHMS = {"SHA-256": "sha256", "MD5": "md5"}

_PARAMETER = re.compile(
    r'(?:\b([A-Za-z]+)[ \t]+)?([A-Za-z][\w-]*)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s,"]+)'
)


class UnusableChallengeError(RefusedError):
    """The server asks for a proof that a phone cannot give."""


@dataclass(frozen=True)
class Challenge:
    realm: str
    nonce: str
    algorithm: str
    qop: tuple[str, ...]
    opaque: str | None


@dataclass(frozen=True)
class Login:
    username: str
    password: str


@dataclass(frozen=True)
class DigestProof:
    """What both sides feed into the arithmetic besides the password."""

    algorithm: str
    realm: str
    nonce: str
    nc: str
    cnonce: str
    method: str
    uri: str

    def response(self, login: Login) -> str:
        """The `response` value of qop auth for this login, in hex."""
        secret = self._hash(f"{login.username}:{self.realm}:{login.password}")
        asked = self._hash(f"{self.method}:{self.uri}")
        return self._hash(f"{secret}:{self.nonce}:{self.nc}:{self.cnonce}:auth:{asked}")

    def _hash(self, text: str) -> str:
        name = ALGORITHMS[self.algorithm]
        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def parse_parameters(text: str) -> list[tuple[str, dict[str, str]]]:
    """Split a header into its schemes (lower-case), each with its parameters unquoted."""
    schemes: list[tuple[str, dict[str, str]]] = []
    for scheme, name, value in _PARAMETER.findall(text):
        if scheme:
            schemes.append((scheme.lower(), {}))
        if schemes:
            schemes[-1][1][name.lower()] = _unquoted(value)
    return schemes


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def parse_challenges(values: Iterable[str]) -> tuple[Challenge, ...]:
    """The Digest challenges of all WWW-Authenticate headers, in the order in which they stand."""
    return tuple(
        Challenge(
            realm=parameters.get("realm", ""),
            nonce=parameters.get("nonce", ""),
            algorithm=parameters.get("algorithm", "MD5").upper(),
            qop=tuple(word.strip() for word in parameters.get("qop", "").split(",")),
            opaque=parameters.get("opaque"),
        )
        for value in values
        for scheme, parameters in parse_parameters(value)
        if scheme == "digest"
    )


def choose(challenges: Iterable[Challenge]) -> Challenge:
    """The strongest challenge that a phone can meet: SHA-256 before MD5, and only qop auth."""
    usable = {
        challenge.algorithm: challenge
        for challenge in challenges
        if challenge.nonce and "auth" in challenge.qop
    }
    for algorithm in ALGORITHMS:
        if algorithm in usable:
            return usable[algorithm]
    raise UnusableChallengeError("no Digest challenge with qop auth and SHA-256 or MD5")


def authorization(challenge: Challenge, method: str, uri: str, login: Login, cnonce: str) -> str:
    """The Authorization header that answers `challenge` for one request, the first of its nonce."""
    proof = DigestProof(
        challenge.algorithm, challenge.realm, challenge.nonce, "00000001", cnonce, method, uri
    )
    quoted = {
        "username": login.username,
        "realm": challenge.realm,
        "nonce": challenge.nonce,
        "uri": uri,
        "response": proof.response(login),
        "cnonce": cnonce,
    }
    if challenge.opaque is not None:
        quoted["opaque"] = challenge.opaque
    fields = [f'{name}="{_escaped(value)}"' for name, value in quoted.items()]
    return ", ".join(
        [
            f"Digest {fields[0]}",
            *fields[1:],
            f"algorithm={proof.algorithm}",
            "qop=auth",
            "nc=00000001",
        ]
    )


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
