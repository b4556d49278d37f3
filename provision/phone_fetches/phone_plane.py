"""What the phone views of one app share, and the fast door that is put before them."""

import time
from dataclasses import dataclass, field

from flask import Flask, current_app

from firmware.offering import OfferedRelease
from provision import folding
from provision.dialects import families_of
from provision.phone_door import PhoneDoor
from provision.phone_fetches.last_good import LastGood
from provision.phone_fetches.phone_calls import Gate
from provision.phone_fetches.shared_inputs import SharedInputs
from provision.proving.doorkeeper import Doorkeeper, FirstContactOptions
from provision.proving.proofs import Verifier
from provision.rendered.keeper import Keeper
from provision.rendered.lookup import Lookup
from provision.rendered.press_mark import press_mark
from storage.installation import Installation

_EXTENSION = "flatpro.phones"


@dataclass(frozen=True)
class PhonePlane:
    """Nothing of it outlives the process but what `keeper` stores."""

    gate: Gate
    keeper: Keeper
    press_mark: bytes
    door: PhoneDoor
    last_images: LastGood[OfferedRelease] = field(default_factory=LastGood)
    inputs: SharedInputs = field(default_factory=SharedInputs)

    def may_record(self) -> bool:
        """Whether another unproved request may leave a record."""
        return self.gate.doorkeeper.may_record(time.monotonic())


def init_app(app: Flask, place: Installation) -> None:
    """Give `app` what its phone views share, and put the fast door before it."""
    journal, mark = folding.journal_of(place), press_mark(place)
    doorkeeper = Doorkeeper.of(place.option(FirstContactOptions))
    gate = Gate(families_of(place), Verifier.of(place), journal, doorkeeper)
    door = PhoneDoor(app.wsgi_app, Lookup(place.database, mark), place.seal, journal)
    app.extensions[_EXTENSION] = PhonePlane(gate, Keeper(place.database), mark, door)
    app.wsgi_app = door  # type: ignore[method-assign]  # Flask's own way


def plane_of(app: Flask) -> PhonePlane:
    """What `app` was given."""
    found: PhonePlane = app.extensions[_EXTENSION]
    return found


def plane() -> PhonePlane:
    """What the app of this request was given."""
    return plane_of(current_app)


def keeper_of(app: Flask) -> Keeper:
    """What keeps the configurations that `app` makes; nothing is kept until it is started."""
    return plane_of(app).keeper


def door_of(app: Flask) -> PhoneDoor:
    """The door before the views of `app`."""
    return plane_of(app).door
