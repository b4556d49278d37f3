"""A firmware image on its way into the phone: hashed as it arrives, judged when it is whole.

Nothing but the 256-byte header is kept, so a thousand phones may download at once.
"""

import hashlib
from dataclasses import dataclass

from simulator.configuration import FirmwareOrder
from simulator.identity import PhoneIdentity
from simulator.refusal import RefusedError

HEADER_SIZE = 256
_MAGIC = b"FLATFW\x00\x01"


class WrongSizeError(RefusedError):
    """The image is longer or shorter than announced."""


class WrongHashError(RefusedError):
    """The bytes are not those that were announced."""


class ImageHeaderError(RefusedError):
    """The image says of itself that it is something else, or is no image."""


@dataclass(frozen=True)
class ImageHeader:
    """What an image says of itself; `payload_size` in bytes, `payload_sha256` in hex."""

    product: str
    version: str
    hardware: tuple[str, ...]
    payload_size: int
    payload_sha256: str


def parse_header(raw: bytes) -> ImageHeader:
    """Read the first 256 bytes of an image; anything but zeros after the fields is refused."""
    if len(raw) < HEADER_SIZE or not raw.startswith(_MAGIC):
        raise ImageHeaderError("no Flat Phone image")
    if any(raw[128:HEADER_SIZE]):
        raise ImageHeaderError("the reserved part of the header is not empty")
    return ImageHeader(
        product=_text(raw[8:40]),
        version=_text(raw[40:56]),
        hardware=tuple(_text(raw[56:88]).split(",")),
        payload_size=int.from_bytes(raw[88:96], "little"),
        payload_sha256=raw[96:128].hex(),
    )


def _text(field: bytes) -> str:
    text, _, padding = field.partition(b"\x00")
    if padding.strip(b"\x00") or not text.isascii():
        raise ImageHeaderError(f"a header field is not padded ASCII: {field!r}")
    return text.decode("ascii")


class ArrivingImage:
    """The bytes of one image in order, from the first; `size` is how many there must be."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.received = 0
        self._header = b""
        self._whole = hashlib.sha256()
        self._payload = hashlib.sha256()

    def take(self, data: bytes) -> None:
        """Take the next bytes; one byte too many is refused at once."""
        self.received += len(data)
        if self.received > self.size:
            raise WrongSizeError(f"more than the {self.size} bytes announced")
        self._whole.update(data)
        missing = HEADER_SIZE - len(self._header)
        self._header += data[:missing]
        self._payload.update(data[missing:])

    def judge(self, order: FirmwareOrder, identity: PhoneIdentity) -> ImageHeader:
        """The header of an image that is all that was ordered and made for this phone."""
        if self.received != order.size:
            raise WrongSizeError(f"{self.received} bytes instead of {order.size}")
        if self._whole.hexdigest() != order.sha256:
            raise WrongHashError(f"SHA-256 is {self._whole.hexdigest()}, not {order.sha256}")
        header = parse_header(self._header)
        found = (header.product, header.version, header.payload_size, header.payload_sha256)
        payload = (self.received - HEADER_SIZE, self._payload.hexdigest())
        if found != (identity.product, order.version, *payload):
            raise ImageHeaderError(f"the image calls itself {header}")
        if identity.hardware not in header.hardware:
            raise ImageHeaderError(f"the image is for hardware {', '.join(header.hardware)}")
        return header
