"""The known image formats: each is a TOML file of this folder that says which bytes mean what."""

import tomllib
from itertools import combinations, pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError
from pydantic import model_validator as validated

from storage.refusals import RefusedError

SHIPPED_FORMATS = Path(__file__).parent
SHA256_BYTES = 32
_MAX_HEADER_BYTES = 1 << 16


class ImageFormatError(RefusedError):
    code = "bad-image-format"
    ru = "Описание формата образа {file} не годится: {reason}"
    en = "The image format file {file} is unusable: {reason}"


class _Shape(BaseModel, frozen=True, extra="forbid", strict=True):
    """A table of the file: an unknown or misspelt key is an error."""


class Span(_Shape):
    """Bytes of the header, counted from the start of the file."""

    offset: Annotated[int, Field(ge=0)]
    length: Annotated[int, Field(ge=1)]

    @property
    def end(self) -> int:
        return self.offset + self.length


class FieldPlace(Span):
    kind: Literal["ascii", "ascii-list", "uint-le", "sha256"]


def _only(kind: str) -> AfterValidator:
    def of_kind(place: FieldPlace) -> FieldPlace:
        if place.kind != kind:
            raise ValueError(f"this field is of kind {kind}")
        return place

    return AfterValidator(of_kind)


class Fields(_Shape):
    product: Annotated[FieldPlace, _only("ascii")]
    version: Annotated[FieldPlace, _only("ascii")]
    hardware: Annotated[FieldPlace, _only("ascii-list")]
    payload_size: Annotated[FieldPlace, _only("uint-le")]
    payload_sha256: Annotated[FieldPlace, _only("sha256")]

    def places(self) -> tuple[FieldPlace, ...]:
        return (self.product, self.version, self.hardware, self.payload_size, self.payload_sha256)


def _from_hex(text: Any) -> bytes:
    try:
        return bytes.fromhex(text)
    except TypeError as error:
        raise ValueError("hex digits in quotes are needed") from error


class ImageFormat(_Shape):
    """Where a format keeps what; the payload is all that follows the header."""

    name: str
    header_size: Annotated[int, Field(ge=1, le=_MAX_HEADER_BYTES)]
    magic: Annotated[bytes, BeforeValidator(_from_hex), Field(min_length=1)]
    zeros: Span
    fields: Fields

    @validated(mode="after")
    def _fits_together(self) -> Self:
        magic = Span(offset=0, length=len(self.magic))
        spans = sorted((magic, *self.fields.places(), self.zeros), key=lambda span: span.offset)
        for before, after in pairwise(spans):
            if after.offset < before.end:
                raise ValueError(f"byte {after.offset} is given twice")
        if spans[-1].end > self.header_size:
            raise ValueError(f"byte {spans[-1].end - 1} lies behind the header")
        if self.fields.payload_sha256.length != SHA256_BYTES:
            raise ValueError(f"a SHA-256 takes {SHA256_BYTES} bytes")
        return self


def parse_format(file: str, text: str) -> ImageFormat:
    """The format described by the TOML `text` of `file`; raises ImageFormatError."""
    try:
        return ImageFormat.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ImageFormatError(file=file, reason=str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        reason = f"{where}: {first['msg']}" if where else first["msg"]
        raise ImageFormatError(file=file, reason=reason) from error


def load_formats(folder: Path = SHIPPED_FORMATS) -> tuple[ImageFormat, ...]:
    """Every format of `folder`; raises ImageFormatError for a broken one, or for two alike."""
    formats: dict[str, ImageFormat] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ImageFormatError(file=path.name, reason=str(error)) from error
        formats[path.name] = parse_format(path.name, text)
    for (_, one), (file, other) in combinations(formats.items(), 2):
        if one.magic.startswith(other.magic) or other.magic.startswith(one.magic):
            raise ImageFormatError(file=file, reason=f"it begins with the same bytes as {one.name}")
    return tuple(formats.values())
