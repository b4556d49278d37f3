"""A check-in as one line of the journal, and back (pure): JSON, instants in microseconds UTC.

A line may be read by another version of this program: unknown names are passed over, and what
is missing or of a wrong type makes the line unreadable.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring_ascii
from typing import Any

from provision.checkins import SelfReport, Visit
from provision.devices.identity import SerialNumber
from provision.models import CheckInKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_VARYING = frozenset({"at", "status", "address"})


@dataclass(frozen=True)
class Line:
    """One check-in, and what a proof with it told of the device."""

    visit: Visit
    said: SelfReport | None = None


def written(line: Line) -> bytes:
    """The line without its end."""
    return json.dumps(_values(line), separators=(",", ":")).encode()


def fixed_part(line: Line) -> str:
    """What stays the same of a phone's lines: all but the instant, the address and the status."""
    fixed: dict[str, Any] = {
        name: value for name, value in _values(line).items() if name not in _VARYING
    }
    return json.dumps(fixed, separators=(",", ":"))


def completed(fixed: str, at_us: int, address: str, status: int) -> bytes:
    """The line of one check-in, from its fixed part; the instant in microseconds UTC."""
    told = encode_basestring_ascii(address)
    varying = f'{{"at":{at_us},"status":{status},"address":{told},'
    return (varying + fixed[1:]).encode()


def read(record: bytes) -> Line:
    """What a line says; raises ValueError for one that says nothing."""
    try:
        values = json.loads(record)
        return Line(_visit(values), _said(values.get("said")))
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"no check-in: {type(error).__name__}") from error


def microseconds(at: datetime) -> int:
    """An instant as a line holds it."""
    return (at - _EPOCH) // _MICROSECOND


def _values(line: Line) -> dict[str, Any]:
    values: dict[str, Any] = asdict(line.visit) | {"at": microseconds(line.visit.at)}
    if line.said is not None:
        values["said"] = asdict(line.said)
    return values


def _visit(values: dict[str, Any]) -> Visit:
    texts = ("mac", "firmware", "proof", "revision", "version", "hint")
    return Visit(
        at=_EPOCH + timedelta(microseconds=values["at"]),
        kind=CheckInKind(values["kind"]),
        method=_text(values["method"]),
        path_kind=_text(values["path_kind"]),
        status=int(values["status"]),
        address=_text(values["address"]),
        user_agent=_text(values["user_agent"]),
        total_bytes=values.get("total_bytes"),
        **{name: _text(values[name]) for name in texts if values.get(name) is not None},
    )


def _said(values: dict[str, Any] | None) -> SelfReport | None:
    if values is None:
        return None
    serial = values.get("serial")
    return SelfReport(
        mac=_text(values["mac"]),
        credential_id=int(values["credential_id"]),
        firmware=values.get("firmware"),
        serial=SerialNumber(serial["text"], serial["raw"]) if serial else None,
        hardware=values.get("hardware"),
        product=values.get("product"),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
