"""The signed words about firmware: the channel's manifest, and the statement of one release.

The manifest (online key) says what is current; the statement in it (firmware key) says which
bytes are which release. Neither, and no configuration, is believed where the other differs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from simulator.configuration import FirmwareOrder
from simulator.identity import PhoneIdentity
from simulator.image import WrongHashError, WrongSizeError
from simulator.json_object import JsonObject
from simulator.refusal import RefusedError
from simulator.trust import Trust, verify
from simulator.upgrade import Offered
from simulator.version_order import place


class MalformedManifestError(RefusedError):
    """A signed text has not the shape that the phone knows."""


class WrongManifestError(RefusedError):
    """The manifest is of another product or channel."""


class StaleManifestError(RefusedError):
    """The manifest is older than one already seen, or past its date."""


class UnknownReleaseError(RefusedError):
    """The manifest does not list the version that the configuration orders, or withdrew it."""


class WrongReleaseError(RefusedError):
    """The release is another version, or made for another product or hardware."""


class TooOldForReleaseError(RefusedError):
    """The release cannot be installed over the firmware that the phone runs."""


@dataclass(frozen=True)
class Release:
    version: str
    status: str
    statement: str
    statement_sig: str
    offered: Offered


@dataclass(frozen=True)
class Manifest:
    """What a channel offers; `serial` only rises from one manifest to the next.

    `floors` holds the lowest version that a hardware revision may be given.
    """

    product: str
    channel: str
    serial: int
    expires: datetime
    releases: tuple[Release, ...]
    floors: Mapping[str, str]

    @property
    def offered(self) -> tuple[Offered, ...]:
        """The releases as the phone's own judgement sees them."""
        return tuple(release.offered for release in self.releases)

    def release(self, version: str) -> Release:
        """The entry of `version`, if the channel still stands by it."""
        for release in self.releases:
            if release.version == version and release.status != "withdrawn":
                return release
        raise UnknownReleaseError(f"{self.channel} {self.serial} does not offer {version}")


@dataclass(frozen=True)
class Statement:
    """What the vendor says of one release; `size` in bytes, `min_from` None where any will do."""

    product: str
    version: str
    hardware: tuple[str, ...]
    size: int
    sha256: str
    min_from: str | None


@dataclass(frozen=True)
class Channel:
    """The manifest that a phone expects: no serial below `lowest_serial`, not expired at `now`."""

    product: str
    name: str
    lowest_serial: int
    now: datetime


def read_manifest(raw: bytes, signature: str, trust: Trust, expected: Channel) -> Manifest:
    """The manifest in `raw`, once it is signed, fresh and of the channel expected."""
    verify(raw, signature, trust.online)
    manifest = _manifest(_json(raw, "the manifest"))
    if (manifest.product, manifest.channel) != (expected.product, expected.name):
        raise WrongManifestError(f"a manifest of {manifest.product} {manifest.channel}")
    if manifest.serial < expected.lowest_serial:
        raise StaleManifestError(f"serial {manifest.serial} after {expected.lowest_serial}")
    if manifest.expires <= expected.now:
        raise StaleManifestError(f"serial {manifest.serial} expired {manifest.expires:%Y-%m-%d}")
    return manifest


def read_statement(release: Release, trust: Trust) -> Statement:
    """The statement of a release, once the firmware key has signed it."""
    raw = release.statement.encode()
    verify(raw, release.statement_sig, trust.firmware)
    return _statement(_json(raw, "the statement"))


def check_order(
    statement: Statement, order: FirmwareOrder, identity: PhoneIdentity, running: str
) -> None:
    """Refuse an order that the statement does not cover, or that is not for this phone."""
    if (statement.product, statement.version) != (identity.product, order.version):
        raise WrongReleaseError(f"the statement is of {statement.product} {statement.version}")
    if identity.hardware not in statement.hardware:
        raise WrongReleaseError(f"the release is for hardware {', '.join(statement.hardware)}")
    if statement.size != order.size:
        raise WrongSizeError(f"ordered {order.size} bytes, signed {statement.size}")
    if statement.sha256 != order.sha256:
        raise WrongHashError(f"ordered {order.sha256}, signed {statement.sha256}")
    if statement.min_from is not None and place(running) < place(statement.min_from):
        raise TooOldForReleaseError(f"{running} is below {statement.min_from}")


def _json(raw: bytes, where: str) -> JsonObject:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise MalformedManifestError(f"{where} is no JSON: {error}") from error
    fields = JsonObject(value, where, MalformedManifestError)
    if fields.number("format") != 1:
        raise MalformedManifestError("the format is not 1")
    return fields


def _manifest(fields: JsonObject) -> Manifest:
    return Manifest(
        product=fields.text("product"),
        channel=fields.text("channel"),
        serial=fields.number("serial"),
        expires=_instant(fields.text("expires")),
        releases=tuple(_release(item) for item in fields.objects("releases")),
        floors=_floors(fields),
    )


def _floors(fields: JsonObject) -> Mapping[str, str]:
    if not fields.has("floors"):
        return {}
    floors = fields.object("floors")
    return {hardware: floors.text(hardware) for hardware in floors.names()}


def _release(fields: JsonObject) -> Release:
    return Release(
        version=fields.text("version"),
        status=fields.text("status"),
        statement=fields.text("statement"),
        statement_sig=fields.text("statement_sig"),
        offered=_offered(fields),
    )


def _offered(fields: JsonObject) -> Offered:
    rollout = fields.object("rollout")
    return Offered(
        version=fields.text("version"),
        hardware=frozenset(fields.texts("hardware")),
        min_from=fields.optional_text("min_from"),
        withdrawn=fields.text("status") == "withdrawn",
        broken=frozenset(fields.texts("broken")) if fields.has("broken") else frozenset(),
        percent=rollout.decimal("percent"),
        salt=rollout.text("salt"),
    )


def _statement(fields: JsonObject) -> Statement:
    if fields.text("kind") != "flatpro-release":
        raise MalformedManifestError("the signed text is no statement of a release")
    return Statement(
        product=fields.text("product"),
        version=fields.text("version"),
        hardware=fields.texts("hardware"),
        size=fields.number("size"),
        sha256=fields.text("sha256"),
        min_from=fields.optional_text("min_from"),
    )


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedManifestError(f"no instant: {text!r}") from error
    if instant.tzinfo is None:
        raise MalformedManifestError(f"an instant without a zone: {text!r}")
    return instant
