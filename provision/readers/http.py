"""Reading a phone's status page over HTTP, with requests.

A polled phone may be owned by somebody else: so no redirect is followed, no proxy or password
file of ours is used, each visit has its own Digest object (a shared one would show one phone's
answer to another phone), and the leash bounds all that is read.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests
from requests.auth import HTTPDigestAuth
from urllib3.exceptions import NewConnectionError

from provision.families.family import Family, HttpMap
from provision.readers.errors import (
    AccessDeniedError,
    Phrase,
    ReadError,
    UnexpectedAnswerError,
    UnreachableError,
    UnreadableWayError,
)
from provision.readers.facts import LINES_MAX, DeviceFacts, Found, LineFacts, clean, gather
from provision.readers.leash import (
    CompressedError,
    Leash,
    LeashedAdapter,
    LeashError,
    TooLargeError,
    TooLongError,
)
from provision.readers.networks import Target

VIA = "HTTP"
BYTES_MAX = 256 * 1024
WALL_CLOCK_S = 10.0
_HEADERS = {"User-Agent": "flatpro", "Accept": "application/json", "Accept-Encoding": "identity"}

_LEASH_REASONS = {
    TooLongError: Phrase("ответ тянется слишком долго", "the answer takes too long"),
    TooLargeError: Phrase("ответ слишком велик", "the answer is too large"),
    CompressedError: Phrase("ответ сжат", "the answer is compressed"),
}

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True)
class Login:
    """The user and password of a phone's own pages."""

    user: str
    password: str = field(repr=False)


def read_http(
    target: Target,
    family: Family,
    credential: Login | None,
    timeout_s: float = 3.0,
    wall_clock_s: float = WALL_CLOCK_S,
) -> DeviceFacts:
    """What the status page at `target` tells; raises a ReadError.

    `timeout_s` bounds each silence, `wall_clock_s` the whole visit, 256 KiB all that is read.
    """
    places = family.http
    if places is None:
        raise UnreadableWayError(address=target.address, family=family.name, via=VIA)
    url = f"http://{target.address}:{target.port or places.port}{places.path}"
    with _errors(target):
        document: Json = json.loads(_fetch(target, url, credential, timeout_s, wall_clock_s))
        facts = _facts(document, places, family.vendor)
    if not facts.told:
        reason = Phrase("в ответе нет нужных значений", "the answer holds none of the values")
        raise _unexpected(target, reason)
    return facts


def _fetch(
    target: Target, url: str, credential: Login | None, timeout_s: float, wall_clock_s: float
) -> bytes:
    auth = HTTPDigestAuth(credential.user, credential.password) if credential else None
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", LeashedAdapter(Leash(wall_clock_s, BYTES_MAX)))
        with session.get(
            url,
            auth=auth,
            headers=_HEADERS,
            allow_redirects=False,
            stream=True,
            timeout=min(timeout_s, wall_clock_s),
        ) as response:
            if response.status_code in {401, 403}:
                raise AccessDeniedError(address=target.address, via=VIA)
            if response.status_code != 200:
                status = Phrase(f"код {response.status_code}", f"status {response.status_code}")
                raise _unexpected(target, status)
            return bytes(response.raw.read(decode_content=False))


@contextmanager
def _errors(target: Target) -> Iterator[None]:
    """Turn whatever the visit raised into a ReadError."""
    try:
        yield
    except ReadError:
        raise
    except (requests.ConnectTimeout, requests.ReadTimeout) as error:
        raise _unreachable(target, Phrase("нет ответа", "no answer")) from error
    except requests.ConnectionError as error:
        if isinstance(getattr(error.args[0], "reason", None), NewConnectionError):
            reason = Phrase("соединение не принято", "the connection is not accepted")
            raise _unreachable(target, reason) from error
        raise _unexpected(target, Phrase("связь оборвалась", "the connection broke off")) from error
    except LeashError as error:
        raise _unexpected(target, _LEASH_REASONS[type(error)]) from error
    except Exception as error:
        # A hostile challenge makes requests' Digest raise KeyError, a deep document
        # RecursionError: what a phone says must never end as a fault of ours.
        raise _unexpected(target, Phrase("ответ не читается", "it is unreadable")) from error


def _unreachable(target: Target, reason: Phrase) -> UnreachableError:
    return UnreachableError(address=target.address, via=VIA, reason=reason)


def _unexpected(target: Target, reason: Phrase) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(address=target.address, via=VIA, reason=reason)


def _facts(document: Json, places: HttpMap, vendor: str) -> DeviceFacts:
    source = f"http {places.path}"
    found = [
        Found(name, scalar(point(document, pointer)), f"{source}#{pointer}")
        for name, order in places.fields.items()
        for pointer in order
    ]
    if any(one.value is not None for one in found):
        found.append(Found("vendor", vendor, source))
    entries = point(document, places.lines_at) if places.lines_at else None
    lines = (
        [_line(entry, places) for entry in entries[:LINES_MAX]] if isinstance(entries, list) else []
    )
    return gather(found, lines, source)


def _line(entry: Json, places: HttpMap) -> LineFacts:
    cells = {
        column: scalar(point(entry, pointer)) for column, pointer in places.line_fields.items()
    }
    return LineFacts(**{name: clean(cell) if cell else None for name, cell in cells.items()})


def point(document: Json, pointer: str) -> Json:
    """What a JSON pointer (RFC 6901) points at, or None for nothing there."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document.get(key)
        elif isinstance(document, list) and key.isascii() and key.isdecimal():
            document = document[int(key)] if int(key) < len(document) else None
        else:
            return None
    return document


def scalar(value: Json) -> str | None:
    """A text or number as text; whole numbers without a fraction; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return (
        str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    )
