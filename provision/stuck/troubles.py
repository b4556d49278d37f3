"""The kinds of trouble, and how long is too long. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Trouble(StrEnum):
    """What holds a phone up, the most pressing first.

    S-1 refused: its last words were wrong proofs (letter case: one in letters of one case), or
    (other MAC) a right one beside the MAC of another phone, or a certificate that proves nothing.
    S-2 no configuration: it asks, but does not
    prove itself. S-3 not written: its file cannot be made. S-4 takes in vain: it downloads the
    same image again and again. S-5 silent. S-6 never seen. S-7 old firmware: a newer release has
    been out for long.
    """

    REFUSED = "refused"
    LETTER_CASE = "letter-case"
    OTHER_MAC = "other-mac"
    CERTIFICATE = "certificate"
    NO_CONFIGURATION = "no-configuration"
    NOT_WRITTEN = "not-written"
    TAKES_IN_VAIN = "takes-in-vain"
    SILENT = "silent"
    NEVER_SEEN = "never-seen"
    OLD_FIRMWARE = "old-firmware"


@dataclass(frozen=True)
class Patience:
    """When a thing is trouble: phones ask hourly, so a day of refusals is many."""

    silent: timedelta = timedelta(days=3)
    recent: timedelta = timedelta(days=1)
    bootstraps: int = 3
    downloads: int = 3
    downloads_within: timedelta = timedelta(days=7)
    old: timedelta = timedelta(days=14)
