"""An identity as rows that people can read: each value with its origin and strength (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

from provision.families.family import Families
from provision.families.identification import Claim, Identity, PhoneRequest, identify

NAMES = ("family", "product", "hardware", "serial", "mac", "firmware", "boot_version")


@dataclass(frozen=True)
class Recognised:
    """One value of a request; `strength` is the word of identification.Strength."""

    name: str
    value: str
    origin: str
    strength: str


def rows(identity: Identity) -> Sequence[Recognised]:
    """The values that an identity has, in a fixed order."""
    claims: list[tuple[str, Claim[object] | None]] = [
        (name, getattr(identity, name)) for name in NAMES
    ]
    return [
        Recognised(name, str(claim.value), claim.origin.value, claim.strength.name.lower())
        for name, claim in claims
        if claim is not None
    ]


def tried(path: str, user_agent: str, families: Families) -> Identity:
    """Who a request with this path and User-Agent would be, before any proof."""
    return identify(PhoneRequest("GET", path or "/", user_agent, ""), families)
