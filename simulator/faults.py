"""How a phone may break by itself when it takes new firmware; the server is never told."""

from enum import StrEnum

from simulator.refusal import RefusedError


class Fault(StrEnum):
    """`comes back old`: the image does not start and the phone runs what it ran before.

    `falls silent`: the image kills the phone. `silent`: it is switched off and never asks.
    """

    COMES_BACK_OLD = "comes-back-old"
    FALLS_SILENT = "falls-silent"
    SILENT = "silent"


class DidNotStartError(RefusedError):
    """The new firmware did not start: the phone runs the old one until its next visit."""
