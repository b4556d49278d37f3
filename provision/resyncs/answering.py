"""Our answer to a phone that wants to know who asks it: Digest (RFC 3261 section 22; pure).

The password of its SIP account goes into a hash over the method NOTIFY and the phone's own
address: whoever sits there instead can use it for no call and no registration.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

METHOD = "NOTIFY"
#: The strongest first; a phone that names none means MD5.
_ALGORITHMS = {"SHA-256": "sha256", "MD5": "md5"}
_PARAMETER = re.compile(r'([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', re.ASCII)
_LENGTH_MAX = 2048


@dataclass(frozen=True)
class Login:
    """The SIP account of a phone."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class _Challenge:
    realm: str
    nonce: str
    algorithm: str
    says_algorithm: bool
    has_quality: bool
    opaque: str | None


def answer(challenges: Sequence[str], login: Login, uri: str, cnonce: str) -> str | None:
    """The value that answers the strongest challenge; None where none can be answered.

    Basic is never answered: it would hand the password over.
    """
    found = [one for text in challenges if (one := _read(text)) is not None]
    for algorithm in _ALGORITHMS:
        for challenge in found:
            if challenge.algorithm == algorithm:
                return _answer(challenge, login, uri, cnonce)
    return None


def _read(text: str) -> _Challenge | None:
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() != "digest" or len(text) > _LENGTH_MAX or not text.isprintable():
        return None
    given = {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
        for name, quoted, plain in _PARAMETER.findall(rest)
    }
    quality = {word.strip().lower() for word in given.get("qop", "").split(",")} - {""}
    algorithm = given.get("algorithm", "MD5").upper()
    usable = given.get("nonce") and algorithm in _ALGORITHMS and (not quality or "auth" in quality)
    if not usable:
        return None
    return _Challenge(
        realm=given.get("realm", ""),
        nonce=given["nonce"],
        algorithm=algorithm,
        says_algorithm="algorithm" in given,
        has_quality=bool(quality),
        opaque=given.get("opaque"),
    )


def _answer(challenge: _Challenge, login: Login, uri: str, cnonce: str) -> str:
    def digest(*parts: str) -> str:
        name = _ALGORITHMS[challenge.algorithm]
        text = ":".join(parts).encode("utf-8", "surrogateescape")
        return hashlib.new(name, text, usedforsecurity=False).hexdigest()

    secret = digest(login.user, challenge.realm, login.password)
    asked = digest(METHOD, uri)
    count = "00000001"
    once = (challenge.nonce, count, cnonce, "auth") if challenge.has_quality else (challenge.nonce,)
    quoted = {
        "username": login.user,
        "realm": challenge.realm,
        "nonce": challenge.nonce,
        "uri": uri,
        "response": digest(secret, *once, asked),
    }
    if challenge.has_quality:
        quoted["cnonce"] = cnonce
    if challenge.opaque is not None:
        quoted["opaque"] = challenge.opaque
    fields = [f'{name}="{_escaped(value)}"' for name, value in quoted.items()]
    if challenge.says_algorithm:
        fields.append(f"algorithm={challenge.algorithm}")
    if challenge.has_quality:
        fields += ["qop=auth", f"nc={count}"]
    return "Digest " + ", ".join(fields)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
