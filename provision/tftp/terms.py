"""What is agreed before a transfer (pure): RFC 2347, 2348 and 2349.

An option that is unknown, or out of the range that its standard gives, is passed over: without it
the transfer goes as RFC 1350 has it. `windowsize` is passed over too, so that no answer is ever
more than one block ahead of its receiver.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

PLAIN_BLOCK_BYTES = 512
#: RFC 2348; and what fits into one Ethernet frame, beyond which blocks would travel in pieces.
BLOCK_BYTES_LEAST, BLOCK_BYTES_MOST, BLOCK_BYTES_CAP = 8, 65_464, 1_428
#: RFC 2349 lets a receiver ask for 255 s: nobody here waits so long for it.
TIMEOUT_S_MAX = 10
_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)


@dataclass(frozen=True)
class Terms:
    """`timeout_s` is the receiver's wish, None where it has none; `told` goes back to it."""

    block_bytes: int
    timeout_s: int | None
    told: Mapping[str, str]


def agree(options: Mapping[str, str], size: int) -> Terms:
    """The terms of sending `size` bytes to somebody who asks for these options."""
    told: dict[str, str] = {}
    block_bytes, timeout_s = PLAIN_BLOCK_BYTES, None
    asked = _number(options, "blksize")
    if asked is not None and BLOCK_BYTES_LEAST <= asked <= BLOCK_BYTES_MOST:
        block_bytes = min(asked, BLOCK_BYTES_CAP)
        told["blksize"] = str(block_bytes)
    asked = _number(options, "timeout")
    if asked is not None and 1 <= asked <= TIMEOUT_S_MAX:
        timeout_s = asked
        told["timeout"] = str(asked)
    if _number(options, "tsize") is not None:
        told["tsize"] = str(size)
    return Terms(block_bytes, timeout_s, told)


def _number(options: Mapping[str, str], name: str) -> int | None:
    text = options.get(name, "")
    return int(text) if _NUMBER.fullmatch(text) else None
