"""Which service centre a customer's phone goes to: rules W-11 and D-2."""

from collections.abc import Iterable
from dataclasses import dataclass

#: D-2: the vendor's own centre, printed on acts and labels.
VENDOR_NAME = "ФЛАТ-ПРО"
VENDOR_ADDRESS = "Москва, ул. 8 Марта, д. 1, стр. 12, 9 этаж"


@dataclass(frozen=True)
class Centre:
    """A service centre. `starts_clock`: the repair's term begins when it receives (R-2).

    A partner's centre without regions is closed: no new act goes there, and what is under way to
    it keeps its address.
    """

    name: str
    address: str
    regions: tuple[str, ...] = ()
    starts_clock: bool = True
    partner: bool = False

    @property
    def is_open(self) -> bool:
        return bool(self.regions) or not self.partner


VENDOR = Centre(VENDOR_NAME, VENDOR_ADDRESS)


def centre_for(region: str, centres: Iterable[Centre]) -> Centre:
    """W-11: the official partner of the region, and the vendor where there is none."""
    wanted = region.strip().casefold()
    served = (one for one in centres if wanted in {name.casefold() for name in one.regions})
    return next(served, VENDOR) if wanted else VENDOR


def named(name: str, centres: Iterable[Centre]) -> Centre:
    """The centre of this name, and the vendor's for any other."""
    return next((one for one in centres if one.name == name), VENDOR)
