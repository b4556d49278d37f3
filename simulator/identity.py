"""Who a phone is: what stands on its label, and how it introduces itself over HTTP."""

import re
from dataclasses import dataclass

from simulator.refusal import RefusedError

_MAC = re.compile(r"[0-9a-f]{12}")
_LABEL = re.compile(r"[!-~]{1,64}")


class LabelError(RefusedError):
    """A phone cannot carry this MAC address, serial number, product or revision."""


@dataclass(frozen=True)
class PhoneIdentity:
    """The label of one phone; `firmware` is what it runs when it leaves the factory."""

    mac: str
    serial: str
    product: str
    hardware: str
    firmware: str

    def __post_init__(self) -> None:
        if not _MAC.fullmatch(self.mac):
            raise LabelError(f"a MAC address is 12 lower-case hex digits, not {self.mac!r}")
        for name in ("serial", "product", "hardware", "firmware"):
            value = getattr(self, name)
            if not _LABEL.fullmatch(value):
                raise LabelError(f"{name} of {self.mac} is not a printable word: {value!r}")

    def user_agent(self, firmware: str) -> str:
        """The User-Agent that a phone running `firmware` sends."""
        return (
            f"FlatPhone/{firmware} ({self.product}; hw {self.hardware};"
            f" sn {self.serial}; mac {self.mac})"
        )
