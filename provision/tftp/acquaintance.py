"""Who has shown to be where its requests come from, and what is sent to those who have not (pure).

A request over UDP names its sender, and anybody may write any name there. With options the answer
is no longer than the request; a plain one draws its first block, twenty times its own length. So
an address that has never acknowledged anything is owed only a few of those in a minute.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from provision.limits import Limiter

#: First blocks to an address that has acknowledged nothing: a phone needs one, the others are for
#: those that get lost.
BLOCKS_TO_STRANGERS_PER_MINUTE = 6
#: How long an acknowledgement is remembered, and of how many addresses.
KNOWN_FOR_S, KNOWN_MAX = 600.0, 10_000


@dataclass
class Acquaintance:
    """Times are seconds of a clock that never goes back."""

    _strangers: Limiter = field(default_factory=lambda: Limiter(BLOCKS_TO_STRANGERS_PER_MINUTE))
    _heard_s: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def heard(self, address: str, now_s: float) -> None:
        """It acknowledged what was sent to it, from a port that it could not have guessed."""
        self._heard_s[address] = now_s
        self._heard_s.move_to_end(address)
        if len(self._heard_s) > KNOWN_MAX:
            self._heard_s.popitem(last=False)

    def may_have_block(self, address: str, now_s: float) -> bool:
        """Whether one more first block may go to this address; it counts as sent."""
        heard_s = self._heard_s.get(address)
        if heard_s is not None and now_s - heard_s < KNOWN_FOR_S:
            return True
        return self._strangers.add(address, now_s)
