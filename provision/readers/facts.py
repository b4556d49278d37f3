"""What a phone was found to be: each fact with the place it was read from (pure).

Absent is not empty: a phone that keeps silent about its serial, or says "", takes nothing away
from what was known.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Self

from provision.devices.identity import BadMacError, BadSerialError, MacAddress, SerialNumber

TEXT_LENGTH_MAX = 255
LINES_MAX = 32
#: Ten years: no phone runs for longer, and an instant so far back is still a date.
UPTIME_MAX_S = 10 * 366 * 24 * 3600


@dataclass(frozen=True)
class LineFacts:
    """One SIP line as the phone sees it."""

    number: str | None = None
    server: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class DeviceFacts:
    """What one read found; None is "not told". Seconds, milliseconds and per cent as named.

    `clock` and `certificate_until` are instants in ISO form (UTC), `duplex` is "full" or "half",
    `configuration` is the revision that the phone says it runs. `sources` tells for each fact where
    it was read, `refused` what was said but is no such value.
    """

    vendor: str | None = None
    product: str | None = None
    hardware: str | None = None
    serial: SerialNumber | None = None
    mac: MacAddress | None = None
    firmware: str | None = None
    description: str | None = None
    uptime_s: int | None = None
    last_reboot_reason: str | None = None
    ip: str | None = None
    vlan: int | None = None
    poe_class: int | None = None
    neighbour: str | None = None
    mos: float | None = None
    loss_percent: float | None = None
    jitter_ms: float | None = None
    clock: str | None = None
    duplex: str | None = None
    link_mbps: int | None = None
    certificate_until: str | None = None
    configuration: str | None = None
    lines: tuple[LineFacts, ...] | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> Mapping[str, object]:
        """The facts that are not absent, by name."""
        values = {name: getattr(self, name) for name in FACTS}
        return {name: value for name, value in values.items() if value is not None}

    def as_record(self) -> dict[str, Any]:
        """The facts as JSON holds them; `from_record` reads it back."""
        record: dict[str, Any] = {name: _plain(value) for name, value in self.told.items()}
        return record | {"sources": dict(self.sources), "refused": dict(self.refused)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """The facts of a record, through the same sieve as those of a reader.

        Names that this version does not know are left out; TypeError for what has not the form of
        facts at all.
        """
        sources, refused = _texts(record.get("sources", {})), _texts(record.get("refused", {}))
        lines = [LineFacts(**_texts(line)) for line in record.get("lines", ())[:LINES_MAX]]
        facts = gather(
            [Found(name, _plain_told(record[name]), "") for name in _SINGLE if name in record],
            lines,
        )
        values: dict[str, Any] = {**facts.told}
        return cls(
            **values,
            sources={
                name: sources.get(name, "") for name in values if name in record.get("sources", {})
            },
            refused={name: refused[name] for name in FACTS if name in refused} | {**facts.refused},
        )


FACTS = tuple(part.name for part in fields(DeviceFacts) if part.name not in {"sources", "refused"})
_SINGLE = tuple(name for name in FACTS if name != "lines")
_DUPLEX = ("full", "half")


@dataclass(frozen=True)
class Found:
    """One value as a reader found it, before it is known to be a value of its kind."""

    name: str
    value: object
    source: str


@dataclass(frozen=True)
class Difference:
    """One fact that two readings tell differently."""

    name: str
    before: object
    after: object


def gather(
    found: Iterable[Found], lines: Iterable[LineFacts] = (), source: str = ""
) -> DeviceFacts:
    """The facts in what a reader found: the first good value of each name counts.

    `source` is where the lines were read.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    refused: dict[str, str] = {}
    for one in found:
        text = clean(str(one.value))
        if one.name in values or one.value is None or text is None:
            continue
        value = _value(one.name, text)
        if value is None:
            refused.setdefault(one.name, text)
        else:
            values[one.name], sources[one.name] = value, one.source
    told = tuple(line for line in lines if line != LineFacts())[:LINES_MAX]
    if told:
        values["lines"], sources["lines"] = told, source
    refused = {name: text for name, text in refused.items() if name not in values}
    return DeviceFacts(**values, sources=sources, refused=refused)


def merge(known: DeviceFacts, fresh: DeviceFacts) -> DeviceFacts:
    """`known` with what `fresh` tells put over it; what `fresh` does not tell stays."""
    values: dict[str, Any] = {**known.told, **fresh.told}
    return DeviceFacts(
        **values,
        sources={**known.sources, **fresh.sources},
        refused={**known.refused, **fresh.refused},
    )


def differences(before: DeviceFacts, after: DeviceFacts) -> tuple[Difference, ...]:
    """The facts that both tell, but differently, in the order of DeviceFacts."""
    return tuple(
        Difference(name, before.told[name], after.told[name])
        for name in FACTS
        if name in before.told and name in after.told and before.told[name] != after.told[name]
    )


def readable(raw: bytes) -> str | None:
    """Bytes from a device as text: UTF-8, else Latin-1 if printable, else hex; None for nothing.

    Phones pad with NULs and spaces, and some speak neither encoding.
    """
    stripped = raw.strip(b"\x00 \t\r\n")
    try:
        return clean(stripped.decode())
    except UnicodeDecodeError:
        latin = stripped.decode("latin-1")
        return clean(latin) if latin.isprintable() else stripped.hex()[:TEXT_LENGTH_MAX]


def clean(text: str) -> str | None:
    """One printable line of at most 255 characters; None when nothing is left."""
    printable = "".join(map(_shown, text))
    return " ".join(printable.split())[:TEXT_LENGTH_MAX].rstrip() or None


def _shown(character: str) -> str:
    """A character that is not printable as its escape; white space and padding part words."""
    if character.isprintable():
        return character
    if character.isspace() or character == "\x00":
        return " "
    return character.encode("unicode_escape").decode()


def _value(name: str, text: str) -> object:
    """`text` as a value of the fact `name`, or None when it is no such value."""
    kind = _KINDS.get(name)
    if kind is None:
        return text
    try:
        return kind(text)
    except (BadMacError, BadSerialError, ValueError, OverflowError):
        return None


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() else None


def _uptime(text: str) -> int | None:
    seconds = _whole(text)
    return None if seconds is None or seconds > UPTIME_MAX_S else seconds


def _duplex(text: str) -> str | None:
    return next((word for word in _DUPLEX if text.casefold().startswith(word)), None)


def _instant(text: str) -> str:
    """An ISO instant in UTC; what names no zone is taken as UTC. ValueError for anything else."""
    found = datetime.fromisoformat(text)
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found.isoformat(timespec="seconds")


_KINDS: Mapping[str, Callable[[str], object]] = {
    "serial": SerialNumber.parse,
    "mac": MacAddress.parse,
    "uptime_s": _uptime,
    **dict.fromkeys(("mos", "loss_percent", "jitter_ms"), _number),
    **dict.fromkeys(("vlan", "poe_class", "link_mbps"), _whole),
    **dict.fromkeys(("clock", "certificate_until"), _instant),
    "duplex": _duplex,
}


def _plain_told(value: object) -> object:
    if value is not None and not isinstance(value, str | int | float):
        raise TypeError(value)
    return value


def _texts(record: Mapping[str, object]) -> dict[str, str]:
    """The texts of a record by name, each as `clean` leaves it; those that are empty left out."""
    if not isinstance(record, Mapping):
        raise TypeError(record)
    told = {
        name: clean(str(_plain_told(value))) for name, value in record.items() if value is not None
    }
    return {name: text for name, text in told.items() if text is not None}


def _plain(value: object) -> object:
    if isinstance(value, SerialNumber):
        return value.raw or value.text
    if isinstance(value, MacAddress):
        return value.hex
    if isinstance(value, tuple):
        return [asdict(line) for line in value]
    return value
