"""A data folder with one phone and the image it is due, filled before the product is served."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from portal import first_start
from portal.installing import open_installation
from portal.settings import Settings
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC


@dataclass(frozen=True)
class Stocked:
    """What phones and people may ask for; `agent` is what the phone calls itself."""

    token: str
    image: bytes
    agent: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.image).hexdigest()

    @property
    def configuration(self) -> str:
        return f"/p/{self.token}/{MAC}.cfg"

    @property
    def firmware(self) -> str:
        return f"/p/{self.token}/firmware"

    @property
    def blob(self) -> str:
        return f"/blob/sha256/{self.sha256}"


def stock(data_dir: Path, image_bytes: int = 400_000, **settings: object) -> Stocked:
    """Fill an installation; other settings than the defaults, a bucket say, by their names."""
    chosen = Settings(data_dir=data_dir, demo=False, admin_password=ADMIN_PASSWORD, **settings)  # type: ignore[arg-type]  # as the tests name them
    place = open_installation(chosen)
    first_start.ensure_admin(place, chosen)
    estate = estates.build(place)
    image = estates.publish(place, "1.1.0", image_bytes)
    place.database.dispose()
    return Stocked(estate.token, image, estate.agent("1.0.0"))
