"""How often one may be wrong at the public check: by source, by proof of work, and by phone."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from storage.db import Database
from storage.refusals import RefusedError
from support.public_checks.attempts import LIMIT, Attempts, TooManyAttemptsError

#: A browser without scripts does no work and gets fewer tries in an hour.
UNWORKED_LIMIT = 3
#: Wrong second factors for one serial number in a day, from all sources together.
LABEL_LIMIT = 5
_DAY = timedelta(days=1)


class LabelLockedError(RefusedError):
    """Said of any serial number alike, whether a phone has it or not."""

    code = "label-locked"
    ru = (
        "По этому серийному номеру сегодня слишком много неверных проверок. Повторите завтра или"
        " напишите в техническую поддержку."
    )
    en = (
        "Too many checks of this serial number were wrong today. Try again tomorrow, or write to"
        " technical support."
    )


@dataclass(frozen=True)
class CheckLimits:
    """Counted before the work and taken back when the answer is right, as in Attempts."""

    sources: Attempts
    labels: Attempts

    @classmethod
    def of(cls, database: Database) -> Self:
        """The limits of the public check over an installation's database."""
        labels = Attempts(database, "label", limit=LABEL_LIMIT, window=_DAY)
        return cls(Attempts(database, "warranty"), labels)

    def begin(self, source: str, serial: str, now: datetime, *, worked: bool) -> None:
        """Count a try; raises TooManyAttemptsError or LabelLockedError."""
        self.sources.begin(source, now, LIMIT if worked else UNWORKED_LIMIT)
        try:
            self.labels.begin(_key(serial), now)
        except TooManyAttemptsError as error:
            raise LabelLockedError from error

    def succeeded(self, source: str, serial: str, began_at: datetime) -> None:
        """The try that began then was a right one."""
        self.sources.succeeded(source, began_at)
        self.labels.succeeded(_key(serial), began_at)


def _key(serial: str) -> str:
    """One serial number in any spelling counts as one; "serial" keeps it from being an address."""
    plain = unicodedata.normalize("NFKC", serial).upper()
    return f"serial {''.join(char for char in plain if char.isalnum())}"
