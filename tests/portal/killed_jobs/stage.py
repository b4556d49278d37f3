"""What a kind of work finds before it: an installation, and short words for filling it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from catalogue import products
from storage.installation import Installation
from tests.catalogue.vendor import CODE, Vendor
from tests.provision import estate as estates
from tests.provision.estate import Estate
from tests.support.register import Register, stocked
from tests.support.repairs.workshop import Workshop, moscow
from tests.support.requests.desk import Desk

#: A Monday morning; what is arranged is arranged then unless it says otherwise.
START = moscow("2026-11-23T10:00")


@dataclass(frozen=True)
class Stage:
    """An empty installation; `outside` are the addresses of servers that the tests run."""

    place: Installation
    outside: Mapping[str, str]

    @cached_property
    def register(self) -> Register:
        return stocked(self.place.database)

    @cached_property
    def desk(self) -> Desk:
        return Desk(self.place, self.register)

    @cached_property
    def workshop(self) -> Workshop:
        return Workshop(self.place, self.register)

    def vendor(self, at: datetime = START) -> Vendor:
        """A product with one release out."""
        made = Vendor(self.place)
        with self.place.database.writing() as session:
            new = products.NewProduct(CODE, CODE, CODE, ("A",))
            products.add(session, new, actor="test", now=at)
        made.publish("1.0.0", at=at)
        return made

    def estate(self) -> Estate:
        """A phone with its secrets, and the image it is due."""
        built = estates.build(self.place)
        Vendor(self.place).publish("1.0.0", at=START)
        return built
