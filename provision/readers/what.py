"""What to ask of a phone over SNMP (pure)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from provision.families.family import OidSource


@dataclass(frozen=True)
class What:
    """OIDs to ask for.

    Of those in `ticks` the MIB says that they count hundredths of seconds: the bulk lane is not
    told a value's type. Those in `perhaps` many phones lack, as they lack most rows of a table of
    lines: where others are missing, that lane has not said enough.
    """

    oids: tuple[str, ...]
    ticks: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()

    @classmethod
    def of(cls, places: Iterable[OidSource], perhaps: Sequence[str] = ()) -> "What":
        found = list(places)
        return cls(
            oids=(*(place.oid for place in found), *perhaps),
            ticks=frozenset(place.oid for place in found if place.ticks),
            perhaps=frozenset(perhaps),
        )
