"""Pairs of wrong tries at a secret: nearly right or of a known name, and neither.

Each is a raw request for its number; whoever times the answers must see no difference.
"""

import json
import random
import re
import string
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode

from provision.redirects.judging import WRONG_TRIES_MAX
from support.public_checks.check_limits import LABEL_LIMIT
from tests.portal.held_secrets import LOGIN, HeldSecrets

_LETTERS = string.ascii_letters + string.digits
_WRONG_PASSWORD = "wrong-Guess-4711"

Request = Callable[[int], bytes]


@dataclass(frozen=True)
class NearMiss:
    """`near` and `far` are answered alike. One that `is_costly` is slow to check, by design."""

    name: str
    near: Request
    far: Request
    status: int = 404
    is_phones: bool = False
    is_costly: bool = False


@dataclass(frozen=True)
class Guesser:
    """Somebody with a form of the pages at hand, who makes wrong tries."""

    held: HeldSecrets
    cookie: str
    form_token: str
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    @classmethod
    def at(cls, pages: str, held: HeldSecrets) -> "Guesser":
        with urllib.request.urlopen(f"{pages}/login", timeout=20) as answer:
            found = re.search(rb'name="csrf_token" value="([^"]+)"', answer.read())
            assert found
            cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return cls(held, cookie, found[1].decode())

    def kinds(self) -> Iterator[NearMiss]:
        """Every secret that answers over HTTP."""
        held, json_kind = self.held, "application/json"
        yield self.login()
        yield self.digest()
        yield self.label()
        yield self.box_code()
        yield from self.tokens(
            "a phone's token", held.phone_token,
            lambda token: get(f"/p/{token}/{held.mac}.cfg"), is_phones=True,
        )  # fmt: skip
        yield from self.tokens(
            "an API token", held.api_token,
            lambda token: get("/api/v1/devices", f"Bearer {token}"), skip=4, status=401,
        )  # fmt: skip
        yield from self.tokens(
            "a collector's token", held.collector_token,
            lambda token: post("/api/v1/collector/claim", json_kind, b"", f"Bearer {token}"),
            skip=4, status=401,
        )  # fmt: skip
        for before, token in held.followed.items():
            yield from self.tokens(f"{before}…", token, partial(_get_after, before))

    def tokens(
        self, name: str, token: str, request: Callable[[str], bytes], *, skip: int = 0, **more: Any
    ) -> Iterator[NearMiss]:
        """A token with one wrong character, its first (past `skip`) or its last."""

        def wrong_at(at: int) -> bytes:
            other = self.chance.choice(_LETTERS.replace(token[at], ""))
            return request(token[:at] + other + token[at + 1 :])

        def far(_number: int) -> bytes:
            return request(token[:skip] + self.like(token[skip:]))

        last = len(token) - 1
        yield NearMiss(f"{name}, wrong at its start", lambda _: wrong_at(skip), far, **more)
        yield NearMiss(f"{name}, wrong at its end", lambda _: wrong_at(last), far, **more)

    def login(self) -> NearMiss:
        def tries(login: str) -> bytes:
            return self.form("/login", login=login, password=_WRONG_PASSWORD)

        return NearMiss(
            "a known login",
            lambda _: tries(LOGIN),
            lambda _: tries(self.like(LOGIN)),
            422,
            is_costly=True,
        )

    def digest(self) -> NearMiss:
        """What is wrong is refused before the nonce is looked at, so any will do."""

        def tries(mac: str) -> bytes:
            target = f"/p/auth/{mac}.cfg"
            said = {
                "username": mac, "realm": "flatphone", "nonce": self.like("n" * 32), "uri": target,
                "qop": "auth", "nc": "00000001", "cnonce": "0a4f113b", "algorithm": "SHA-256",
                "response": self.hexadecimal(64),
            }  # fmt: skip
            return get(target, "Digest " + ", ".join(f'{name}="{v}"' for name, v in said.items()))

        return NearMiss(
            "the password of a known MAC",
            lambda _: tries(self.held.mac),
            lambda _: tries(f"02f1a7e{self.hexadecimal(5)}"),
            401,
            is_phones=True,
        )

    def label(self) -> NearMiss:
        def tries(serial: str) -> bytes:
            return self.form("/warranty", serial=serial, mac_ending=f"e{self.hexadecimal(5)}")

        return NearMiss(
            "the serial number of a known phone",
            lambda number: tries(self.held.labels[number // LABEL_LIMIT]),
            lambda number: tries(self.held.strangers[number // LABEL_LIMIT]),
            422,
        )

    def box_code(self) -> NearMiss:
        """Of the few wrong tries that a partner has, half are near."""

        def tries(serial: str, number: int) -> bytes:
            partner = self.held.partners[number * 2 // WRONG_TRIES_MAX]
            code = "".join(self.chance.choices("23456789ABCDEFGH", k=12))
            claim = {"unit": serial, "code": code, "url": "https://pbx.partner.example/{mac}.cfg"}
            body = json.dumps(claim).encode()
            return post("/api/v1/claims", "application/json", body, f"Bearer {partner}")

        return NearMiss(
            "the box of a known phone",
            lambda number: tries(self.held.serial, number),
            lambda number: tries(self.held.strangers[number // LABEL_LIMIT], number),
            422,
        )

    def form(self, path: str, **typed: str) -> bytes:
        body = urlencode({**typed, "csrf_token": self.form_token}).encode()
        return post(path, "application/x-www-form-urlencoded", body, cookie=self.cookie)

    def like(self, secret: str) -> str:
        """Another text of that length."""
        return "".join(self.chance.choices(_LETTERS, k=len(secret)))

    def hexadecimal(self, digits: int) -> str:
        return f"{self.chance.randrange(16**digits):0{digits}x}"


def get(path: str, authorization: str = "") -> bytes:
    proof = f"Authorization: {authorization}\r\n" if authorization else ""
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{proof}\r\n".encode()


def _get_after(before: str, token: str) -> bytes:
    return get(before + token)


def post(path: str, kind: str, body: bytes, authorization: str = "", cookie: str = "") -> bytes:
    lines = {"Authorization": authorization, "Cookie": cookie}
    more = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n{more}\r\n"
    )
    return head.encode() + body
