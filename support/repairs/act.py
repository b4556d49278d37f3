"""What «Акт неисправности» says: who sends phones in, which ones, and what is wrong (F-4)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Self

from support.customer_kinds import CustomerKind
from support.requests.vocabulary import Symptom

PHONES_MAX = 50
_INN_10 = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_11 = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_12 = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)


@dataclass(frozen=True)
class ActPhone:
    """One phone: what its label says, what is wrong, and what its own last word was."""

    serial: str
    fault: str
    symptom: Symptom = Symptom.OTHER
    product: str = ""
    mac: str = ""
    firmware: str = ""
    when: str = ""
    tried: str = ""
    power: str = ""
    contents: str = ""
    readings: str = ""


@dataclass(frozen=True)
class Act:
    """One act. `erased`: the sender has taken passwords off the phones; `signed_by` is the name."""

    contact: str
    email: str
    phone: str
    return_address: str
    signed_by: str
    signed_on: date
    phones: tuple[ActPhone, ...]
    customer: CustomerKind = CustomerKind.LEGAL
    organisation: str = ""
    inn: str = ""
    region: str = ""
    contract: str = ""
    handover: str = ""
    erased: bool = False
    remarks: str = field(default="")

    @property
    def content(self) -> dict[str, Any]:
        """The act as plain values, to be stored."""
        return {**asdict(self), "signed_on": self.signed_on.isoformat()}

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """The act from its stored values."""
        plain = dict(content)
        phones = tuple(
            ActPhone(**{**phone, "symptom": Symptom(phone["symptom"])})
            for phone in plain.pop("phones")
        )
        plain["customer"] = CustomerKind(plain["customer"])
        plain["signed_on"] = date.fromisoformat(plain["signed_on"])
        return cls(phones=phones, **plain)

    @property
    def sha256(self) -> str:
        """F-5: what makes this version and no other; of the canonical JSON."""
        canonical = json.dumps(
            self.content, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )
        return hashlib.sha256(canonical.encode()).hexdigest()


def is_inn(text: str) -> bool:
    """Whether a taxpayer's number (10 or 12 digits) has the right check digits."""
    if not (text.isascii() and text.isdigit()):
        return False
    digits = [int(char) for char in text]
    if len(digits) == 10:
        return _check(digits, _INN_10) == digits[9]
    return (
        len(digits) == 12
        and _check(digits, _INN_11) == digits[10]
        and _check(digits, _INN_12) == digits[11]
    )


def _check(digits: list[int], weights: tuple[int, ...]) -> int:
    return sum(w * d for w, d in zip(weights, digits, strict=False)) % 11 % 10
