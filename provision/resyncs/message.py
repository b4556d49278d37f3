"""The SIP NOTIFY that asks a phone to fetch again, and what it answers (pure; RFC 3261, 6665)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from urllib.parse import quote

from provision.resyncs.answering import Login

BRANCH_COOKIE = "z9hG4bK"
REASON_LENGTH_MAX = 80
_STATUS_LINE = re.compile(r"SIP/2\.0 (?P<status>[1-6][0-9]{2})(?: (?P<reason>.*))?", re.ASCII)
_FOLDED = re.compile(r"\r?\n[ \t]+")
_BRANCH = re.compile(r";\s*branch\s*=\s*(?P<branch>[^\s;,]+)", re.IGNORECASE | re.ASCII)
_CSEQ = re.compile(r"(?P<number>[0-9]{1,10})\s+(?P<method>[A-Z]+)", re.ASCII)
#: The short names that phones may use for the headers that matter here (RFC 3261 section 7.3.3).
_SHORT = {"v": "via", "i": "call-id"}


@dataclass(frozen=True)
class Notice:
    """What is to be said to one phone; `key` is the asker's own number for it.

    At an address where the phone has not proved itself (`unproved`) nobody gets its login.
    """

    key: int
    address: IPv4Address
    port: int
    event: str
    user: str = ""
    login: Login | None = field(default=None, repr=False)
    unproved: bool = False


@dataclass(frozen=True)
class Marks:
    """What an answer must bring back; nobody who has not seen the question can guess them."""

    branch: str
    call_id: str
    tag: str
    sequence: int = 1


@dataclass(frozen=True)
class Proof:
    """The header that answers a challenge."""

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class Reply:
    """An answer taken apart. `challenges` are the values of its header of that status' kind."""

    status: int
    reason: str
    branch: str
    call_id: str
    sequence: int
    challenges: tuple[str, ...] = ()

    @property
    def is_final(self) -> bool:
        return self.status >= 200

    @property
    def proof_header(self) -> str | None:
        """The header that a challenge of this status is answered in."""
        return {401: "Authorization", 407: "Proxy-Authorization"}.get(self.status)


def target(notice: Notice) -> str:
    """The Request-URI, which a Digest answer is made for too."""
    user = f"{quote(notice.user, safe='')}@" if notice.user else ""
    return f"sip:{user}{notice.address}:{notice.port}"


def written(notice: Notice, marks: Marks, here: tuple[str, int], proof: Proof | None) -> bytes:
    """The NOTIFY as it goes out; `here` is the address that the phone sees us at."""
    host, port = here
    to = target(notice)
    lines = [
        f"NOTIFY {to} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:{port};branch={marks.branch};rport",
        "Max-Forwards: 70",
        f"From: <sip:flatpro@{host}>;tag={marks.tag}",
        f"To: <{to}>",
        f"Call-ID: {marks.call_id}",
        f"CSeq: {marks.sequence} NOTIFY",
        f"Contact: <sip:flatpro@{host}:{port}>",
        f"Event: {notice.event}",
        "Subscription-State: terminated;reason=noresource",
        "User-Agent: FLAT-PRO",
        *([f"{proof.name}: {proof.value}"] if proof else []),
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


def read(datagram: bytes) -> Reply | None:
    """The answer to a NOTIFY of ours; None for anything that is none."""
    head = datagram.decode("utf-8", "surrogateescape").partition("\r\n\r\n")[0]
    first, _, rest = _FOLDED.sub(" ", head).partition("\r\n")
    status = _STATUS_LINE.fullmatch(first)
    if status is None:
        return None
    headers = list(_headers(rest))
    found = dict(reversed(headers))
    branch, sequence = _BRANCH.search(found.get("via", "")), _CSEQ.fullmatch(found.get("cseq", ""))
    if branch is None or sequence is None or sequence["method"] != "NOTIFY":
        return None
    asks = "www-authenticate" if status["status"] == "401" else "proxy-authenticate"
    return Reply(
        status=int(status["status"]),
        reason=_printable(status["reason"] or ""),
        branch=branch["branch"],
        call_id=found.get("call-id", ""),
        sequence=int(sequence["number"]),
        challenges=tuple(value for name, value in headers if name == asks),
    )


def _headers(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            plain = name.strip().lower()
            yield _SHORT.get(plain, plain), value.strip()


def _printable(text: str) -> str:
    """A phone's own words, harmless to show."""
    return "".join(sign if " " <= sign <= "~" else "?" for sign in text)[:REASON_LENGTH_MAX]
