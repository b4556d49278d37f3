"""The signed JSON by which a phone knows its channel's releases.

The online key signs the manifest: which releases are current. The firmware key signed each
release's statement before that, and a phone installs nothing that no statement covers.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256 as new_sha256
from typing import Annotated, BinaryIO

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from catalogue.minisign import SigningKey
from storage.refusals import RefusedError

FORMAT = 1
PART_BYTES = 1 << 20
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_STATEMENT_KIND = "flatpro-release"


class ManifestFormatError(RefusedError):
    code = "manifest-format"
    ru = "Это не манифест телефона: {reason}"
    en = "This is no phone manifest: {reason}"


class StatementContradictsError(RefusedError):
    code = "statement-contradicts"
    ru = "Заявление о выпуске {version} противоречит манифесту в поле {name}; нужна новая подпись."
    en = "The statement of release {version} contradicts the manifest in {name}; sign it anew."


class Status(StrEnum):
    CURRENT = "current"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


def _instant(text: object) -> datetime:
    return datetime.strptime(str(text), _INSTANT).replace(tzinfo=UTC)


_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Version = Annotated[str, Field(pattern=r"^[0-9][0-9a-z.+-]{0,15}$")]
_Instant = Annotated[datetime, BeforeValidator(_instant)]


@dataclass(frozen=True)
class Rollout:
    """The share of phones that may take the release, in percent; `salt` decides which of them."""

    percent: Annotated[int | float, Field(ge=0, le=100)]
    salt: str


@dataclass(frozen=True)
class Notes:
    ru: str
    en: str


@dataclass(frozen=True)
class ManifestRelease:
    """One release: sizes are bytes, `parts` hash every `part_size` of them.

    `url` is path-absolute and in ASCII (percent-encoded), so that a mirror can serve it unchanged.

    `statement_sig` is the whole text of the firmware key's signature over `statement`.

    A withdrawn release says why, and what to take instead if there is something.
    """

    version: _Version
    hardware: Annotated[tuple[str, ...], Field(min_length=1)]
    file: Annotated[str, Field(pattern=r"^[^/\x00-\x1f\x7f]+$")]
    url: Annotated[str, Field(pattern=r"^/[!-.0-\[\]-~][!-\[\]-~]*$")]
    size: Annotated[int, Field(ge=0)]
    sha256: _Sha256
    part_size: Annotated[int, Field(ge=1)]
    parts: tuple[_Sha256, ...]
    min_from: _Version | None
    steps: tuple[_Version, ...]
    rollout: Rollout
    notes: Notes
    status: Status
    statement: str
    statement_sig: str
    #: What else a mirror shows of it: its channels, its day, and why it was withdrawn.
    channels: tuple[str, ...] = ()
    published: Annotated[str, Field(pattern=r"^[-0-9T:]{19}Z$")] | None = None
    withdrawn_reason: str = ""
    replacement: _Version | None = None
    #: Hardware revisions on which it is known to be broken: their phones never take it.
    broken: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        expected = -(-self.size // self.part_size)
        if len(self.parts) != expected:
            raise ValueError(f"{self.size} bytes are {expected} parts, not {len(self.parts)}")


@dataclass(frozen=True)
class PhoneManifest:
    """A product's releases in one channel, or all of them (`channel` is None).

    `serial` only rises; `issued` and `expires` are kept to the second. `floors` holds the lowest
    version that each hardware revision may be given, where there is one.
    """

    product: Annotated[str, Field(min_length=1)]
    channel: Annotated[str, Field(min_length=1)] | None
    serial: Annotated[int, Field(ge=1)]
    issued: _Instant
    expires: _Instant
    releases: tuple[ManifestRelease, ...]
    floors: Mapping[str, _Version] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.issued.tzinfo is None or self.expires.tzinfo is None:
            raise ValueError("a manifest's times are aware")

    def to_bytes(self) -> bytes:
        """The file as it is served and signed: the same manifest is always the same bytes."""
        times = {"issued": _text(self.issued), "expires": _text(self.expires)}
        document = {**asdict(self), **times, "format": FORMAT}
        text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1)
        return f"{text}\n".encode()


@dataclass(frozen=True)
class SignedFile:
    """Bytes to serve and the text of the `.minisig` beside them."""

    body: bytes
    signature: str


@dataclass(frozen=True)
class _Envelope:
    format: Annotated[int, Field(ge=FORMAT, le=FORMAT)]


_ENVELOPE = TypeAdapter(_Envelope)
_MANIFEST = TypeAdapter(PhoneManifest)


def parse(body: bytes) -> PhoneManifest:
    """The manifest in `body`, whose signature the caller has checked; raises ManifestFormatError.

    Keys that this version does not know are passed over: formats grow without a new number.
    """
    try:
        _ENVELOPE.validate_json(body, strict=True)
        return _MANIFEST.validate_json(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        reason = f"{where}: {first['msg']}" if where else first["msg"]
        raise ManifestFormatError(reason=reason) from error


def statement_text(
    *,
    product: str,
    version: str,
    hardware: tuple[str, ...],
    file: str,
    size: int,
    sha256: str,
    min_from: str | None,
) -> str:
    """What the firmware key signs of a release (its UTF-8 bytes): one line of JSON, keys sorted."""
    statement = {
        "format": FORMAT,
        "kind": _STATEMENT_KIND,
        "product": product,
        "version": version,
        "hardware": sorted(hardware),
        "file": file,
        "size": size,
        "sha256": sha256,
        "min_from": min_from,
    }
    return json.dumps(statement, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def signed(manifest: PhoneManifest, key: SigningKey) -> SignedFile:
    """The manifest's bytes, signed by the online key; the comment repeats serial and time.

    Raises StatementContradictsError for a release whose statement says something else (phones
    would refuse it), and ManifestFormatError for a manifest that could not be read back.
    """
    for release in manifest.releases:
        check_statement(manifest.product, release)
    body = manifest.to_bytes()
    parse(body)
    comment = (
        f"serial:{manifest.serial} product:{manifest.product} "
        f"channel:{manifest.channel or '-'} issued:{_text(manifest.issued)}"
    )
    return SignedFile(body=body, signature=key.sign(body, comment))


def part_hashes(stream: BinaryIO, part_size: int = PART_BYTES) -> tuple[str, ...]:
    """The hex SHA-256 of every `part_size` bytes of `stream`, a buffered file: `parts`."""
    return tuple(new_sha256(part).hexdigest() for part in iter(lambda: stream.read(part_size), b""))


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime(_INSTANT)


def check_statement(product: str, release: ManifestRelease) -> None:
    """Raise StatementContradictsError where the statement says something else than the entry."""
    expected = statement_text(
        product=product,
        version=release.version,
        hardware=release.hardware,
        file=release.file,
        size=release.size,
        sha256=release.sha256,
        min_from=release.min_from,
    )
    said = _object(release.statement)
    for name, value in _object(expected).items():
        if name not in said or said[name] != value:
            raise StatementContradictsError(version=release.version, name=name)


def _object(text: str) -> dict[str, object]:
    """The JSON object in `text`; an empty one for anything else."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
