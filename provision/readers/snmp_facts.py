"""What the answers of an SNMP agent mean: values by OID made into facts (pure)."""

from collections.abc import Iterator, Mapping

from provision.families.family import Family, OidSource, SnmpLines, SnmpMap
from provision.readers.facts import DeviceFacts, Found, LineFacts, gather, readable
from provision.readers.snmp_peer import Value

_MAC_BYTES = 6


def facts_of(family: Family, places: SnmpMap, answers: Mapping[str, Value]) -> DeviceFacts:
    """The facts in answers by OID; what is not among them is not told."""
    found = list(found_in(places, answers))
    if any(oid.startswith(f"{places.enterprise_oid}.") for oid in answers):
        found.append(Found("vendor", family.vendor, f"snmp {places.enterprise_oid}"))
    if places.lines is None:
        return gather(found)
    return gather(found, _lines(places.lines, answers), f"snmp {places.lines.mib}")


def found_in(places: SnmpMap, answers: Mapping[str, Value]) -> Iterator[Found]:
    """Each fact that an answer holds, with where it was found."""
    for name, order in places.fields.items():
        for place in order:
            if place.oid in answers:
                text = _text(name, place, answers[place.oid])
                yield Found(name, text, f"snmp {place.mib} {place.oid}")


def _text(name: str, place: OidSource, value: Value) -> str | None:
    if isinstance(value, int):
        return str(value // place.divide)
    if isinstance(value, bytes):
        if name == "mac" and len(value) == _MAC_BYTES:
            return value.hex()
        text = readable(value)
    else:
        text = value
    if place.pattern is None or text is None:
        return text
    match = place.pattern.search(text)
    return match["value"] if match else None


def line_oids(lines: SnmpLines) -> list[str]:
    """The cells of the table of SIP lines."""
    return [lines.oid(column, row) for row in range(1, lines.rows + 1) for column in lines.columns]


def _lines(lines: SnmpLines, answers: Mapping[str, Value]) -> Iterator[LineFacts]:
    for row in range(1, lines.rows + 1):
        cells = {column: answers.get(lines.oid(column, row)) for column in lines.columns}
        yield LineFacts(**{column: _cell(value) for column, value in cells.items()})


def _cell(value: Value | None) -> str | None:
    return readable(value) if isinstance(value, bytes) else None if value is None else str(value)
