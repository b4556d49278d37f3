"""Rollouts: a release goes out in groups, is judged by what phones do next, and stops by itself.

What other rooms ask of this one is gathered here: which release is due, holds and pins.
"""

from provision.rollouts.due import recipient_of, release_due
from provision.rollouts.holds import HoldReasonError, held, hold, pin, release_hold

__all__ = [
    "HoldReasonError",
    "held",
    "hold",
    "pin",
    "recipient_of",
    "release_due",
    "release_hold",
]
