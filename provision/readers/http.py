"""Reading a phone's status page over HTTP, with requests.

A polled phone may be owned by somebody else: so no redirect is followed, no proxy or password
file of ours is used, each visit has its own Digest object (a shared one would show one phone's
answer to another phone), and the leash bounds all that is read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from urllib3.exceptions import NewConnectionError

from provision.families.family import Family, HttpLogin, HttpMap, Picker
from provision.readers.errors import (
    AccessDeniedError,
    CertificateChangedError,
    CertificateUnknownError,
    Phrase,
    ReadError,
    UnexpectedAnswerError,
    UnreachableError,
    UnreadableWayError,
)
from provision.readers.facts import DeviceFacts, Found, LineFacts, gather
from provision.readers.http_values import lines_of, read_document
from provision.readers.leash import (
    CompressedError,
    Leash,
    LeashedAdapter,
    LeashError,
    OtherCertificateError,
    TooLargeError,
    TooLongError,
)
from provision.readers.networks import Target
from provision.readers.ways import Login

VIA = "HTTP"
BYTES_MAX = 256 * 1024
WALL_CLOCK_S = 10.0
_HEADERS = {"User-Agent": "flatpro", "Accept": "*/*", "Accept-Encoding": "identity"}

_LEASH_REASONS = {
    TooLongError: Phrase("ответ тянется слишком долго", "the answer takes too long"),
    TooLargeError: Phrase("ответ слишком велик", "the answer is too large"),
    CompressedError: Phrase("ответ сжат", "the answer is compressed"),
}


@dataclass(frozen=True)
class _Visit:
    """One visit to a phone: one session on one leash, whatever pages it takes."""

    target: Target
    places: HttpMap
    session: requests.Session
    credential: Login | None
    timeout_s: float

    def fetch(self, path: str) -> bytes:
        places = self.places
        url = f"{places.scheme}://{self.target.address}:{self.target.port or places.port}{path}"
        with self.session.get(
            url,
            auth=_auth(places.login, self.credential),
            headers=_HEADERS,
            allow_redirects=False,
            stream=True,
            timeout=self.timeout_s,
            verify=False,
        ) as response:
            if response.status_code in {401, 403}:
                raise AccessDeniedError(address=self.target.address, via=VIA)
            if response.status_code != 200:
                status = Phrase(f"код {response.status_code}", f"status {response.status_code}")
                raise _unexpected(self.target, status)
            return bytes(response.raw.read(decode_content=False))


def read_http(
    target: Target,
    family: Family,
    credential: Login | None,
    timeout_s: float = 3.0,
    wall_clock_s: float = WALL_CLOCK_S,
    *,
    fingerprint: str | None = None,
) -> DeviceFacts:
    """What the pages at `target` tell; raises a ReadError.

    `timeout_s` bounds each silence, `wall_clock_s` the whole visit, 256 KiB all that is read.
    `fingerprint` is the SHA-256 of the certificate that the phone must show, where it has one.
    """
    places = family.http
    if places is None:
        raise UnreadableWayError(address=target.address, family=family.name, via=VIA)
    with _errors(target, fingerprint), requests.Session() as session:
        session.trust_env = False
        leash = Leash(wall_clock_s, BYTES_MAX)
        session.mount("http://", LeashedAdapter(leash))
        pinned = LeashedAdapter(leash, fingerprint, old_tls=places.old_tls)
        session.mount("https://", pinned)
        visit = _Visit(target, places, session, credential, min(timeout_s, wall_clock_s))
        facts = _facts(visit, family.vendor)
    if not facts.told:
        reason = Phrase("в ответе нет нужных значений", "the answer holds none of the values")
        raise _unexpected(target, reason)
    return facts


def _auth(kind: HttpLogin, credential: Login | None) -> AuthBase | None:
    """A new object for each request, so that no phone sees what was made for another."""
    if credential is None or kind is HttpLogin.NONE:
        return None
    if kind is HttpLogin.BASIC:
        return HTTPBasicAuth(credential.user, credential.password)
    return HTTPDigestAuth(credential.user, credential.password)


def _facts(visit: _Visit, vendor: str) -> DeviceFacts:
    """What all pages tell; only the first one has to be there, as models differ in the others."""
    found: list[Found] = []
    lines: list[LineFacts] = []
    lines_source = ""
    for number, page in enumerate(visit.places.pages):
        source = f"http {page.path}"
        try:
            document = read_document(visit.fetch(page.path), page.format)
        except ReadError:
            if number == 0:
                raise
            continue
        for name, order in page.fields.items():
            found += [Found(name, document.value(one), _source(source, one)) for one in order]
        if not lines:
            lines, lines_source = lines_of(document, page), source
    if any(one.value is not None for one in found):
        found.append(Found("vendor", vendor, f"http {visit.places.pages[0].path}"))
    return gather(found, lines, lines_source)


def _source(page: str, picker: Picker) -> str:
    return f"{page}#{picker.at}" if picker.at else page


@contextmanager
def _errors(target: Target, fingerprint: str | None) -> Iterator[None]:
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
    except OtherCertificateError as error:
        raise _other_certificate(target, fingerprint, error.fingerprint) from error
    except LeashError as error:
        raise _unexpected(target, _LEASH_REASONS[type(error)]) from error
    except Exception as error:
        # A hostile challenge makes requests' Digest raise KeyError, a deep document
        # RecursionError: what a phone says must never end as a fault of ours.
        raise _unexpected(target, Phrase("ответ не читается", "it is unreadable")) from error


def _other_certificate(target: Target, pinned: str | None, shown: str) -> ReadError:
    if pinned is None:
        return CertificateUnknownError(address=target.address, fingerprint=shown)
    return CertificateChangedError(address=target.address, fingerprint=shown, pinned=pinned)


def _unreachable(target: Target, reason: Phrase) -> UnreachableError:
    return UnreachableError(address=target.address, via=VIA, reason=reason)


def _unexpected(target: Target, reason: Phrase) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(address=target.address, via=VIA, reason=reason)
