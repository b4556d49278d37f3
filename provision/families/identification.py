"""Who is asking: from one request, each value with where it came from and how strong that is.

A MAC, a serial or a version that a phone merely says is a claim. Only a token, a Digest answer
or a certificate proves a MAC, and what a proved phone says of itself is then as strong.
"""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Generic, TypeVar

from provision.devices.identity import BadMacError, BadSerialError, MacAddress, SerialNumber
from provision.families.family import Families, Family, PathKind
from provision.families.paths import read_path

USER_AGENT_LENGTH_MAX = 512
_VALUE_LENGTH_MAX = 64

T = TypeVar("T")
V_co = TypeVar("V_co", covariant=True)


class Origin(StrEnum):
    """Where a value came from, the strongest first."""

    CERTIFICATE = "certificate"
    TOKEN = "token"  # noqa: S105 - the name of an origin
    DIGEST = "digest"
    PATH = "path"
    USER_AGENT = "user-agent"


class Strength(IntEnum):
    """How far a value can be believed; larger is stronger."""

    CLAIMED = 1
    READ = 2
    PROVED = 3
    CERTIFIED = 4


@dataclass(frozen=True)
class Proof:
    """What a credential proved: that the asker is the device with this MAC."""

    origin: Origin
    mac: MacAddress
    serial: SerialNumber | None = None

    @property
    def strength(self) -> Strength:
        certified = self.origin is Origin.CERTIFICATE
        return Strength.CERTIFIED if certified else Strength.PROVED


@dataclass(frozen=True)
class PhoneRequest:
    """One request as it came: `path` is the raw request target, `user_agent` decoded as Latin-1."""

    method: str
    path: str = field(repr=False)
    user_agent: str
    address: str
    proof: Proof | None = None


@dataclass(frozen=True)
class Asked:
    """What a path asks for, and the parts it names."""

    family: str
    kind: PathKind
    methods: tuple[str, ...]
    mac: MacAddress | None = None
    token: str | None = field(default=None, repr=False)
    product: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Claim(Generic[V_co]):
    """A value, where it came from and how far it can be believed."""

    value: V_co
    origin: Origin
    strength: Strength


@dataclass(frozen=True)
class Contradiction:
    """One thing of which a request says two: `field` is mac, serial, product or family."""

    field: str
    claims: tuple[Claim[object], ...]


@dataclass(frozen=True)
class Identity:
    """The strongest claim of each kind, what was asked for, and where the request disagrees."""

    asked: Asked | None
    family: Claim[str] | None
    product: Claim[str] | None
    hardware: Claim[str] | None
    serial: Claim[SerialNumber] | None
    mac: Claim[MacAddress] | None
    firmware: Claim[str] | None
    boot_version: Claim[str] | None
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def may_have_secrets(self) -> bool:
        """Whether the MAC is proved and nothing in the request names another one."""
        disputed = any(found.field == "mac" for found in self.contradictions)
        return self.mac is not None and self.mac.strength >= Strength.PROVED and not disputed


@dataclass(frozen=True)
class _Agent:
    """What a User-Agent says; parts that are no value of their kind are left out."""

    family: str | None = None
    product: str | None = None
    hardware: str | None = None
    firmware: str | None = None
    boot_version: str | None = None
    mac: MacAddress | None = None
    serial: SerialNumber | None = None


def identify(request: PhoneRequest, families: Families) -> Identity:
    """The identity in a request. Whatever bytes it holds, this never raises."""
    agent = _read_agent(request.user_agent, families)
    asked = asked_for(request.path, families, prefer=agent.family)
    proof = request.proof
    own_words = Strength.CLAIMED
    if proof is not None and agent.mac == proof.mac:
        own_words = proof.strength

    def said(value: T | None) -> tuple[Claim[T], ...]:
        return _claim(value, Origin.USER_AGENT, own_words)

    def in_path(value: T | None) -> tuple[Claim[T], ...]:
        return _claim(value, Origin.PATH, Strength.CLAIMED)

    def proved(value: T | None) -> tuple[Claim[T], ...]:
        return _claim(value, proof.origin, proof.strength) if proof else ()

    family = said(agent.family) + in_path(asked.family if asked else None)
    product = said(agent.product) + in_path(asked.product if asked else None)
    serial = proved(proof.serial if proof else None) + said(agent.serial)
    mac = proved(proof.mac if proof else None) + in_path(asked.mac if asked else None)
    mac += said(agent.mac)
    return Identity(
        asked=asked,
        family=_first(family),
        product=_first(product),
        hardware=_first(said(agent.hardware)),
        serial=_first(serial),
        mac=_first(mac),
        firmware=_first(said(agent.firmware)),
        boot_version=_first(said(agent.boot_version)),
        contradictions=(
            *_disputed("family", family),
            *_disputed("product", product),
            *_disputed("serial", serial),
            *_disputed("mac", mac),
        ),
    )


def asked_for(raw_path: str, families: Families, prefer: str | None = None) -> Asked | None:
    """What a request target asks for, in the words of family `prefer` where it knows the shape.

    None for a path that has no family's shape.
    """
    found = [asked for family in families if (asked := _asked_of(raw_path, family)) is not None]
    preferred = [asked for asked in found if asked.family == prefer]
    return next(iter(preferred + found), None)


def _asked_of(raw_path: str, family: Family) -> Asked | None:
    read = read_path(raw_path)
    if read is None:
        return None
    for shape in family.paths:
        text = f"{read.path}?{read.query}" if shape.asks_query else read.path
        if match := shape.pattern.fullmatch(text):
            parts = match.groupdict()
            return Asked(
                family=family.name,
                kind=shape.kind,
                methods=shape.methods,
                mac=_mac(parts.get("mac")),
                token=parts.get("token"),
                product=parts.get("product") or family.products.get(parts.get("code") or ""),
                name=parts.get("name"),
            )
    return None


def _read_agent(user_agent: str, families: Families) -> _Agent:
    """The first shape that fits decides; one that fits none says nothing."""
    text = user_agent[:USER_AGENT_LENGTH_MAX]
    for family in families:
        for shape in family.agents:
            if match := shape.pattern.match(text):
                parts = match.groupdict()
                return _Agent(
                    family=family.name,
                    product=_text(parts.get("product")),
                    hardware=_text(parts.get("hardware")),
                    firmware=_text(parts.get("firmware")),
                    boot_version=_text(parts.get("boot_version")),
                    mac=_mac(parts.get("mac")),
                    serial=_serial(parts.get("serial")),
                )
    return _Agent()


def _text(part: str | None) -> str | None:
    text = (part or "").strip()
    return text if text.isprintable() and 0 < len(text) <= _VALUE_LENGTH_MAX else None


def _mac(part: str | None) -> MacAddress | None:
    try:
        return MacAddress.parse(part) if part else None
    except BadMacError:
        return None


def _serial(part: str | None) -> SerialNumber | None:
    try:
        return SerialNumber.parse(part) if part else None
    except BadSerialError:
        return None


def _claim(value: T | None, origin: Origin, strength: Strength) -> tuple[Claim[T], ...]:
    return () if value is None else (Claim(value, origin, strength),)


def _first(claims: tuple[Claim[T], ...]) -> Claim[T] | None:
    return claims[0] if claims else None


def _disputed(name: str, claims: tuple[Claim[T], ...]) -> tuple[Contradiction, ...]:
    """Two values for one field. Letter case makes no other value: phones change it at will."""
    if len({str(claim.value).casefold() for claim in claims}) < 2:
        return ()
    return (Contradiction(name, claims),)
