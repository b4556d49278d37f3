"""What a name over TFTP stands for: a family's bootstrap or a published image, looked up.

A bootstrap is the same for known and unknown MACs and holds no secret, as over HTTP; an image is
the very release that its name says, never "the newest", so that no rollout is passed by.
"""

import io
from dataclasses import dataclass, field
from typing import BinaryIO

from firmware import image_names
from firmware.image_names import NamedImage
from provision.configurations import Press
from provision.devices.identity import MacAddress
from provision.dialects import families_of
from provision.families.tftp_names import asked_bootstrap, tidy
from provision.redirects.first_contact import first_contact
from storage.clock import now
from storage.installation import Installation


@dataclass(frozen=True)
class Found:
    """A file to send: `mac` names the phone of a bootstrap, `image` the release of an image."""

    source: BinaryIO = field(repr=False)
    size: int
    mac: MacAddress | None = None
    image: NamedImage | None = None

    @property
    def kind(self) -> str:
        return "firmware" if self.image else "bootstrap"


def look_up(place: Installation, name: str, *, as_text: bool) -> Found | None:
    """The file of that name, None where there is none; an image is never sent as text."""
    bare = tidy(name)
    if bare is None:
        return None
    asked = asked_bootstrap(bare, families_of(place))
    if asked is not None:
        press = Press.of(place, asked.family)
        with place.database.reading() as session:
            body = first_contact(session, press, asked.mac, now()).body
        if as_text:
            body = _in_netascii(body)
        return Found(io.BytesIO(body), len(body), mac=asked.mac)
    if as_text:
        return None
    with place.database.reading() as session:
        image = image_names.find(session, bare)
    return Found(place.blobs.open(image.sha256), image.size, image=image) if image else None


def _in_netascii(body: bytes) -> bytes:
    """RFC 764: a line ends with CR LF, and a bare CR is followed by NUL."""
    return body.replace(b"\r", b"\r\0").replace(b"\n", b"\r\n")
