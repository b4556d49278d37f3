"""The strict reader of what an SNMP v3 agent says to a stranger: its engine's id (pure).

A question with an empty engine id is answered with a Report by every v3 agent, whoever asks (RFC
3414 section 4). So phones that speak v3 alone are found without showing a user or key to anybody.
"""

from provision.readers.snmp_ber import (
    OCTETS,
    SEQUENCE,
    VERSION_3,
    Answer,
    MalformedError,
    enter,
    integer,
    length,
)

_REPORT = 0xA8
_USM = 3
_ENGINE_ID_LENGTHS = range(5, 33)


class ReportReader:
    """Reads Reports: the answer's one value is the id of the agent's engine."""

    def read(self, datagram: bytes) -> Answer:
        """The Report in `datagram`; raises MalformedError for everything else."""
        try:
            return self._read(datagram)
        except IndexError:
            raise MalformedError from None

    def _read(self, data: bytes) -> Answer:
        at = enter(data, 0, SEQUENCE, len(data))
        if not data.startswith(VERSION_3, at):
            raise MalformedError
        header, at = _frame(data, at + len(VERSION_3), SEQUENCE)
        message_id, inside = integer(data, header)
        _max_size, inside = integer(data, inside)
        flags, inside = _octets(data, inside)
        model, inside = integer(data, inside)
        if inside != at or model != _USM or len(flags) != 1 or flags[0] & 3:
            raise MalformedError
        parameters, end = _frame(data, at, OCTETS)
        engine_id, _ = _octets(data, enter(data, parameters, SEQUENCE, end))
        scoped = enter(data, end, SEQUENCE, len(data))
        _context_engine, scoped = _octets(data, scoped)
        _context, scoped = _octets(data, scoped)
        enter(data, scoped, _REPORT, len(data))
        if len(engine_id) not in _ENGINE_ID_LENGTHS:
            raise MalformedError
        return Answer(message_id, 0, ((OCTETS, engine_id),))


def _frame(data: bytes, at: int, tag: int) -> tuple[int, int]:
    """The first byte inside a frame that must have `tag`, and the one behind the frame."""
    if data[at] != tag:
        raise MalformedError
    size, inside = length(data, at + 1)
    if inside + size > len(data):
        raise MalformedError
    return inside, inside + size


def _octets(data: bytes, at: int) -> tuple[bytes, int]:
    inside, end = _frame(data, at, OCTETS)
    return data[inside:end], end
