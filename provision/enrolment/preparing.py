"""The rows that a judged table comes to: devices, papers, settings, tokens, and the audit's."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import AuditEntry
from provision import credentials
from provision.devices.models import DEFAULT_CHANNEL, Device, Handover, HandoverKind
from provision.enrolment import own_settings
from provision.enrolment.bulk import Ready
from provision.enrolment.judging import Wanted
from provision.models import CredentialKind, DeviceCredential
from storage.sealed import Seal

Told = tuple[str, Wanted, Mapping[str, Any]]

#: Phones that are made ready between two words of how far it is.
STEP = 1000


@dataclass(frozen=True)
class Issued:
    """The token made for one phone; it exists in this form once."""

    mac: str
    serial: str
    token: str


@dataclass(frozen=True)
class Hand:
    """Who takes the phones in, when, and what it takes: product numbers by code, the seal."""

    actor: str
    now: datetime
    products: Mapping[str, int]
    seal: Seal
    with_tokens: bool = False


def make_ready(
    ready: Ready, new: Sequence[Wanted], hand: Hand, tell: Callable[[int], None]
) -> Sequence[Issued]:
    """Make everything ready that new phones come to; their tokens. `tell` hears how many are."""
    issued: list[Issued] = []
    for start in range(0, len(new), STEP):
        part = new[start : start + STEP]
        ready.add(Device, (_device(one, hand) for one in part))
        told: list[Told] = [("device.add", one, {"product": one.product}) for one in part]
        told += _add_handovers(ready, part, hand)
        told += own_settings.add(ready, hand.seal, part, hand.actor, hand.now)
        if hand.with_tokens:
            told += _issue(ready, part, hand, issued)
        ready.add(AuditEntry, _audit(told, hand))
        tell(start + len(part))
    return issued


def _device(one: Wanted, hand: Hand) -> Mapping[str, Any]:
    return {
        "mac": one.mac.hex,
        "serial": one.serial.text if one.serial else None,
        "serial_raw": one.serial.raw if one.serial else "",
        "product_id": hand.products[one.product],
        "hardware": one.hardware,
        "site_id": one.site_id,
        "organisation_id": one.organisation_id,
        "group_name": one.group,
        "channel": DEFAULT_CHANNEL,
        "created_at": hand.now,
    }


def _add_handovers(ready: Ready, part: Sequence[Wanted], hand: Hand) -> Iterator[Told]:
    dated = [one for one in part if one.handover is not None]
    rows = (
        {
            "kind": HandoverKind.CONTRACT,
            "handed_over_on": one.handover,
            "reference": one.contract,
            "contract": one.contract,
            "recorded_by": hand.actor,
            "recorded_at": hand.now,
            "mac": one.mac.hex,
        }
        for one in dated
    )
    ready.add(Handover, rows, of="mac")
    for one in dated:
        told = {"kind": HandoverKind.CONTRACT, "on": str(one.handover), "paper": one.contract}
        yield "device.handover", one, told


def _issue(
    ready: Ready, part: Sequence[Wanted], hand: Hand, issued: list[Issued]
) -> Iterator[Told]:
    made = [
        Issued(one.mac.hex, one.serial.text if one.serial else "", _new_token()) for one in part
    ]
    issued += made
    rows = (
        {
            "kind": CredentialKind.TOKEN,
            "token_sha256": credentials.digest(one.token),
            "valid_from": hand.now,
            "mac": one.mac,
        }
        for one in made
    )
    ready.add(DeviceCredential, rows, of="mac")
    for one in part:
        yield "device.credential.new", one, {"kind": CredentialKind.TOKEN}


def _audit(told: Sequence[Told], hand: Hand) -> Iterator[Mapping[str, Any]]:
    """What was done to each phone, with details that hold no secret."""
    for action, one, details in told:
        yield {
            "at": hand.now,
            "actor": hand.actor,
            "action": action,
            "subject": f"device:{one.mac.hex}",
            "details": dict(details),
        }


def _new_token() -> str:
    """A token for a table: one that begins with a dash would be a formula there."""
    while (token := secrets.token_urlsafe(credentials.TOKEN_BYTES)).startswith("-"):
        continue
    return token
