"""The fast door before the phone plane: a plain WSGI callable, without Flask, ORM or template.

A phone that was given its configuration before, and asks with the same words, gets it again as it
is kept: one lookup, one decryption, one line of the journal. What was found before is not read
again, only whether it is current is asked of the database, each time. Whatever the door does not
know goes to the views behind it, which decide by the same functions and keep what they made. While
the database is away it gives what the phone had last, and says how old that is.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote

import structlog
from prometheus_client import Counter

from provision.limits import Limiter
from provision.phone_fetches import checkin_lines
from provision.phone_fetches.last_good import LastGood
from provision.rendered import answer as answers
from provision.rendered.answer import Answer
from provision.rendered.lookup import Found, Lookup
from storage.journal import Journal
from storage.sealed import Seal, UnsealError

Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[..., Any]
Application: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]


class DoorRequest(NamedTuple):
    """A GET without a body, as far as the door looks at it; `target` is the raw one.

    What each fetch makes are tuples: a frozen dataclass costs five times as much.
    """

    target: str
    agent: str
    address: str
    if_none_match: str | None
    has_authorization: bool

    def __repr__(self) -> str:
        """Without the target, which holds a phone's token."""
        return f"DoorRequest({self.address}, {self.agent!r})"


class Reply(NamedTuple):
    """What goes out; `headers` are whole lines."""

    status: int
    headers: bytes
    body: bytes

    def __repr__(self) -> str:
        """Without the body, which holds a phone's passwords."""
        return f"Reply({self.status}, {len(self.body)} bytes)"


#: One phone's fetches: one that asks more often is broken, and must not fill the journal.
FETCHES_PER_MINUTE = 240
RETRY_AFTER_S = 60
#: What every answer under /p/ carries.
PRIVATE: Mapping[str, str] = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
}
_PRIVATE = "".join(f"{name}: {value}\r\n" for name, value in PRIVATE.items()).encode()
_REASONS = {
    200: "200 OK",
    204: "204 NO CONTENT",
    304: "304 NOT MODIFIED",
    429: "429 TOO MANY REQUESTS",
}
#: The views' own words for too many failures.
_TOO_OFTEN = Reply(
    429,
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n%bRetry-After: %d\r\n"
    % (_PRIVATE, RETRY_AFTER_S),
    b"429\n",
)
#: Each answer counts among the figures of monitoring, as the views' answers do.
_COUNTED = Counter("flatpro_door_answers", "What the phones' door answered.", ["status"])
_COUNTED_AS = {status: _COUNTED.labels(str(status)) for status in _REASONS}
#: After a failed lookup the views answer alone for so long (seconds).
_REST_S = 1.0

#: What is kept for a request, and how old it is where nobody could check it.
Current: TypeAlias = tuple[Found, float | None]

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Turn:
    """Requests that are answered together: when, and what the journal is to hold of them."""

    at_us: int
    at_s: float
    records: list[bytes] = field(default_factory=list)


@dataclass
class PhoneDoor:
    """Stands before `behind`; what it cannot answer by itself it passes on untouched."""

    behind: Application
    lookup: Lookup
    seal: Seal
    journal: Journal
    _fetches: Limiter = field(default_factory=lambda: Limiter(FETCHES_PER_MINUTE, 100_000))
    last_good: LastGood[Found] = field(default_factory=LastGood)
    _rests_until_s: float = 0.0
    _is_alone: bool = False

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        reply = self.reply(_request_of(environ)) if environ["REQUEST_METHOD"] == "GET" else None
        if reply is None:
            return self.behind(environ, start_response)
        rows = reply.headers.decode("latin-1").split("\r\n")[:-1]
        headers = [(name, value) for name, _, value in (row.partition(": ") for row in rows)]
        start_response(_REASONS[reply.status], headers)
        return [reply.body]

    def reply(self, asked: DoorRequest) -> Reply | None:
        """The answer to a phone; None where the views must be asked."""
        [reply] = self.replies([asked])
        return reply

    def replies(self, asked: Sequence[DoorRequest]) -> list[Reply | None]:
        """The answers to phones that asked before this was called, in their order.

        Together they cost one question to the database and one write to the journal.
        """
        at_us, at_s = time.time_ns() // 1000, time.monotonic()
        # A request with a proof beside its path is the views' to judge.
        names = [
            b"" if one.has_authorization else answers.request_sha256(one.target, one.agent)
            for one in asked
        ]
        found = self._find([name for name in names if name], at_s)
        turn = _Turn(at_us, at_s)
        replies = [
            self._reply(one, name, found[name], turn) if name in found else None
            for one, name in zip(asked, names, strict=True)
        ]
        if turn.records:
            self._record(turn.records)
        return replies

    def _reply(
        self, asked: DoorRequest, request: bytes, current: Current, turn: _Turn
    ) -> Reply | None:
        found, age_s = current
        if found.until_us is not None and found.until_us <= turn.at_us:
            return None
        try:
            answer = answers.opened(found.sealed, request, self.seal)
        except UnsealError:
            return None
        wanted = asked.if_none_match
        if wanted is not None and wanted != answer.etag:
            return None
        if not self._fetches.add(str(found.credential_id), turn.at_s):
            _COUNTED_AS[429].inc()
            return _TOO_OFTEN
        status = answer.status if wanted is None else 304
        line = checkin_lines.completed(answer.record, turn.at_us, asked.address, status)
        turn.records.append(line)
        _COUNTED_AS[status].inc()
        return Reply(status, _headers(answer, status, age_s), answer.body if status == 200 else b"")

    def remember(self) -> int:
        """Take to mind what is kept now, as far as there is room; how many answers."""
        for request, found in self.lookup.all():
            self.last_good.keep(request, found, len(found.sealed), time.monotonic())
        return len(self.last_good)

    def _find(self, requests: Sequence[bytes], at_s: float) -> dict[bytes, Current]:
        if at_s >= self._rests_until_s:
            try:
                return self._current(requests, at_s)
            except Exception as error:  # noqa: BLE001 - whatever a driver raises, phones are served
                self._rests_until_s = at_s + _REST_S
                self._is_alone = self.lookup.is_away()
                _log.warning("door-rests", reason=type(error).__name__, alone=self._is_alone)
        if not self._is_alone:
            # A database that answers somebody answers the views: theirs is the current state.
            return {}
        held = ((request, self.last_good.find(request, at_s)) for request in requests)
        return {request: found for request, found in held if found is not None}

    def _current(self, requests: Sequence[bytes], at_s: float) -> dict[bytes, Current]:
        """What the database says is current, read anew only where it is not what is held here."""
        held = {request: self.last_good.find(request, at_s) for request in requests}
        devices = [known[0].device_id for known in held.values() if known]
        counted = self.lookup.counted(devices) if devices else {}
        current: dict[bytes, Current] = {}
        for request, known in held.items():
            found = known[0] if known else None
            if found is not None and found.stands(counted):
                self.last_good.renew(request, at_s)
            else:
                found = self._read(request, at_s)
            if found is not None:
                current[request] = (found, None)
        return current

    def _read(self, request: bytes, at_s: float) -> Found | None:
        found = self.lookup.find(request)
        if found is None:
            self.last_good.forget(request)
        else:
            self.last_good.keep(request, found, len(found.sealed), at_s)
        return found

    def _record(self, records: Sequence[bytes]) -> None:
        """A record that cannot be written costs no phone its file."""
        try:
            self.journal.append(*records)
        except OSError:
            _log.exception("check-in-lost", number=len(records))


def raw_target(environ: Environ) -> str:
    """The request target as it was sent, where the server tells it."""
    raw = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if raw:
        return str(raw)
    path = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe="/:;=@!$&'()*+,~-._")
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def _request_of(environ: Environ) -> DoorRequest:
    return DoorRequest(
        target=raw_target(environ),
        agent=environ.get("HTTP_USER_AGENT", ""),
        address=environ.get("REMOTE_ADDR", ""),
        if_none_match=environ.get("HTTP_IF_NONE_MATCH"),
        has_authorization="HTTP_AUTHORIZATION" in environ,
    )


def _headers(answer: Answer, status: int, age_s: float | None) -> bytes:
    # How old an answer is that nobody could check (RFC 9111 section 5.1).
    private = _PRIVATE if age_s is None else b"%bAge: %d\r\n" % (_PRIVATE, int(age_s))
    if status == 204:
        return private
    tag = answer.etag.encode("latin-1")
    if status == 304:
        return b"%bETag: %b\r\n" % (private, tag)
    kind, length = answer.media_type.encode("latin-1"), len(answer.body)
    return b"Content-Type: %b\r\nContent-Length: %d\r\n%bETag: %b\r\n" % (
        kind,
        length,
        private,
        tag,
    )
