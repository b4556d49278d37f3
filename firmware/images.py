"""What a firmware file says of itself, proved against its bytes.

The header formats are data (`image_formats/*.toml`). A file in no known format is `NotInspected`,
which is an answer and no error; a file in a known format that is broken is refused.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from catalogue.versions import BadVersionError, Version
from firmware.image_formats import FieldPlace, ImageFormat, Span, load_formats
from storage.refusals import RefusedError

_CHUNK_BYTES = 1 << 20


class BadImageError(RefusedError):
    """The file is in a known format, and broken."""

    code = "bad-image"
    field = "file"
    ru = "Образ прошивки повреждён."
    en = "The firmware image is broken."


class HeaderCutShortError(BadImageError):
    code = "image-header-cut-short"
    ru = "Файл обрывается внутри заголовка: {found} из {expected} байт."
    en = "The file ends inside its header: {found} of {expected} bytes."


@dataclass(frozen=True)
class FieldProblem:
    ru: str
    en: str


class HeaderFieldError(BadImageError):
    code = "image-header-field"
    ru = "Поле {field} в заголовке образа не годится: {problem_ru}."
    en = "Field {field} of the image header is unusable: {problem_en}."

    def __init__(self, field: str, problem: FieldProblem) -> None:
        super().__init__(field=field, problem_ru=problem.ru, problem_en=problem.en)


class PayloadSizeError(BadImageError):
    code = "image-payload-size"
    ru = "Заголовок образа обещает {said} байт содержимого, а в файле их {found}."
    en = "The image header promises {said} bytes of payload, the file holds {found}."


class PayloadHashError(BadImageError):
    code = "image-payload-hash"
    ru = "Содержимое образа повреждено: SHA-256 {found}, а заголовок обещает {said}."
    en = "The image's payload is damaged: its SHA-256 is {found}, the header promises {said}."


class HeaderContradictsError(RefusedError):
    """What is said differs from the image; its `field` is product, version or hardware."""

    code = "image-header-contradicts"
    field = "file"
    ru = "Указано {field} = {said}, а в заголовке образа {found}."
    en = "You say {field} = {said}, the image header says {found}."


_EMPTY = FieldProblem("оно пустое", "it is empty")
_NOT_ASCII = FieldProblem("в нём не только печатные знаки ASCII", "not all is printable ASCII")
_AFTER_NUL = FieldProblem("после нулевого байта что-то есть", "something follows its NUL byte")
_NOT_A_VERSION = FieldProblem("это не версия прошивки", "this is no firmware version")
_NOT_ZERO = FieldProblem("здесь должны быть нули", "zeros belong here")
_TOO_LONG = FieldProblem("значение не помещается", "the value does not fit")


@dataclass(frozen=True)
class ImageHeader:
    """What the header says; `inspect` has proved the payload's size (bytes) and hash."""

    format: str
    product: str
    version: Version
    hardware: frozenset[str]
    payload_size: int
    payload_sha256: str


@dataclass(frozen=True)
class NotInspected:
    """The file is in no known format: it can be published, but nothing is known of its inside."""


def inspect(stream: BinaryIO, formats: Sequence[ImageFormat]) -> ImageHeader | NotInspected:
    """Read `stream` from where it stands to its end and prove the payload against its header.

    Raises a BadImageError. A file that ends inside a format's magic number, an empty one too, is
    cut short rather than unknown: a truncated upload must not be published as "not inspected".
    """
    start = _read(stream, max((len(known.magic) for known in formats), default=0))
    known = next((known for known in formats if start.startswith(known.magic)), None)
    if known is None:
        _refuse_cut_magic(start, formats)
        return NotInspected()
    raw = start + _read(stream, max(known.header_size - len(start), 0))
    header = _parse(raw[: known.header_size], known)
    _prove_payload(header, raw[known.header_size :], stream)
    return header


def check_against(
    header: ImageHeader, product: str, version: Version, hardware: Collection[str]
) -> None:
    """Raise HeaderContradictsError unless the header agrees with what the publisher says.

    Product and version must be spelled alike, as phones compare them byte by byte. `hardware` may
    name fewer revisions than the image fits (an empty one says nothing), never others.
    """
    if product != header.product:
        raise HeaderContradictsError(field="product", said=product, found=header.product)
    if str(version) != str(header.version):
        raise HeaderContradictsError(field="version", said=str(version), found=str(header.version))
    if not header.hardware.issuperset(hardware):
        said, found = (",".join(sorted(revisions)) for revisions in (hardware, header.hardware))
        raise HeaderContradictsError(field="hardware", said=said, found=found)


def build_image(product: str, version: str, hardware: Iterable[str], payload: bytes) -> bytes:
    """A Flat Phone image, for the demo and the tests; raises HeaderFieldError for a bad value."""
    (known,) = (known for known in load_formats() if known.name == "flat_phone")
    fields = known.fields
    header = bytearray(known.magic.ljust(known.header_size, b"\0"))
    for name, place, value in (
        ("product", fields.product, product.encode()),
        ("version", fields.version, version.encode()),
        ("hardware", fields.hardware, ",".join(hardware).encode()),
        (
            "payload_size",
            fields.payload_size,
            len(payload).to_bytes(fields.payload_size.length, "little"),
        ),
        ("payload_sha256", fields.payload_sha256, sha256(payload).digest()),
    ):
        if len(value) > place.length:
            raise HeaderFieldError(name, _TOO_LONG)
        header[place.offset : place.offset + len(value)] = value
    _parse(bytes(header), known)
    return bytes(header) + payload


def _read(stream: BinaryIO, size: int) -> bytes:
    """`size` bytes, or fewer at the end: an unbuffered stream may give them in parts."""
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _refuse_cut_magic(start: bytes, formats: Sequence[ImageFormat]) -> None:
    for known in formats:
        if known.magic.startswith(start):
            raise HeaderCutShortError(found=len(start), expected=known.header_size)


def _parse(raw: bytes, known: ImageFormat) -> ImageHeader:
    if len(raw) < known.header_size:
        raise HeaderCutShortError(found=len(raw), expected=known.header_size)
    fields = known.fields
    if any(_cut(raw, known.zeros)):
        raise HeaderFieldError("zeros", _NOT_ZERO)
    return ImageHeader(
        format=known.name,
        product=_text(raw, "product", fields.product),
        version=_version(_text(raw, "version", fields.version)),
        hardware=_list(raw, "hardware", fields.hardware),
        payload_size=int.from_bytes(_cut(raw, fields.payload_size), "little"),
        payload_sha256=_cut(raw, fields.payload_sha256).hex(),
    )


def _cut(raw: bytes, span: Span) -> bytes:
    return raw[span.offset : span.end]


def _text(raw: bytes, field: str, place: FieldPlace) -> str:
    value, _, padding = _cut(raw, place).partition(b"\0")
    if any(padding):
        raise HeaderFieldError(field, _AFTER_NUL)
    if not value:
        raise HeaderFieldError(field, _EMPTY)
    text = value.decode("latin-1")
    if not (text.isascii() and text.isprintable()):
        raise HeaderFieldError(field, _NOT_ASCII)
    return text


def _list(raw: bytes, field: str, place: FieldPlace) -> frozenset[str]:
    items = _text(raw, field, place).split(",")
    if not all(items):
        raise HeaderFieldError(field, _EMPTY)
    return frozenset(items)


def _version(text: str) -> Version:
    try:
        return Version.parse(text)
    except BadVersionError as error:
        raise HeaderFieldError("version", _NOT_A_VERSION) from error


def _prove_payload(header: ImageHeader, start: bytes, stream: BinaryIO) -> None:
    digest, size = sha256(start), len(start)
    while chunk := stream.read(_CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    if size != header.payload_size:
        raise PayloadSizeError(said=header.payload_size, found=size)
    if digest.hexdigest() != header.payload_sha256:
        raise PayloadHashError(said=header.payload_sha256, found=digest.hexdigest())
