"""How a phone gets its configuration: the bootstrap first, then with a secret of its own.

The bootstrap is open to anyone, so a phone refuses one that holds a secret. The secret is a
token in the address, or a password proved by Digest.
"""

import secrets
from dataclasses import dataclass

from simulator.configuration import Configuration, refuse_secrets
from simulator.digest import Login, authorization, choose, parse_challenges
from simulator.exchange import Caller, Reply, expect, fetch, place_of
from simulator.refusal import RefusedError

_LIMIT = 1 << 20


class NoAuthAddressError(RefusedError):
    """The bootstrap does not say where a phone with a password proves itself."""


@dataclass(frozen=True)
class TokenCredential:
    """The secret part of the phone's own address."""

    token: str


@dataclass(frozen=True)
class PasswordCredential:
    """The phone's own password; its user name is its MAC address."""

    password: str


Credential = TokenCredential | PasswordCredential


@dataclass(frozen=True)
class Visit:
    """One phone at one server; `server_url` is the phone plane's address, without a path."""

    caller: Caller
    server_url: str
    mac: str


@dataclass(frozen=True)
class Fetched:
    """A configuration and its ETag; `configuration` is None where the phone has it already."""

    configuration: Configuration | None
    etag: str | None


async def fetch_bootstrap(visit: Visit) -> Configuration:
    """The file that says where to prove oneself; one with a secret in it is refused."""
    url = f"{visit.server_url}/p/{visit.mac}.cfg"
    reply = await fetch(visit.caller, url, {}, limit=_LIMIT)
    expect(reply.head, url, 200)
    refuse_secrets(reply.body)
    return Configuration.parse(reply.body)


async def fetch_configuration(
    visit: Visit, credential: Credential, auth_url: str | None, etag: str | None
) -> Fetched:
    """The whole configuration, or word that the one under `etag` is still right."""
    known = {} if etag is None else {"If-None-Match": etag}
    match credential:
        case TokenCredential(token):
            url = f"{visit.server_url}/p/{token}/{visit.mac}.cfg"
            reply = await fetch(visit.caller, url, known, limit=_LIMIT)
        case PasswordCredential(password):
            if auth_url is None:
                raise NoAuthAddressError("no auth_url in the bootstrap")
            url = auth_url
            reply = await _prove(visit.caller, url, Login(visit.mac, password), known)
    expect(reply.head, "the address of its configuration", 200, *([304] if known else []))
    if reply.head.status == 304:
        return Fetched(None, etag)
    return Fetched(Configuration.parse(reply.body), reply.head.first("etag"))


async def _prove(caller: Caller, url: str, login: Login, known: dict[str, str]) -> Reply:
    # A phone never sends a proof unasked: the first answer has to be the challenge.
    asked = await fetch(caller, url, known, limit=_LIMIT)
    expect(asked.head, url, 401)
    challenge = choose(parse_challenges(asked.head.all("www-authenticate")))
    target = place_of(url).target
    proof = authorization(challenge, "GET", target, login, secrets.token_hex(8))
    return await fetch(caller, url, {**known, "Authorization": proof}, limit=_LIMIT)
