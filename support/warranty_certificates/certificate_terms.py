"""What a certificate gives and until when one may be bought: rules C-1, C-2, C-3, C-5 and C-6."""

from dataclasses import dataclass
from datetime import date

from storage.refusals import RefusedError
from support.civil_dates import add_months
from support.intervals import ONE_DAY
from support.warranty_terms.entitlements import Entitlement, EntitlementKind

#: C-1: of the three figures of the term the rules let a contract change two, and not this one.
WINDOW_MONTHS = 12
MONTHS_MAX = 120


class CertificateMonthsError(RefusedError):
    code = "certificate-months"
    field = "months"
    ru = "Срок сертификата — от 1 до {limit} месяцев; указано {months}."
    en = "A certificate lasts 1 to {limit} months; {months} was given."


@dataclass(frozen=True)
class BaseTerm:
    """The base warranty that a certificate adds to: its origin, months and last day, inclusive."""

    handover_on: date
    counted_from: date
    months: int
    ends_on: date

    @property
    def window_ends_on(self) -> date:
        """C-1: the last day on which a certificate may be bought, inclusive."""
        return add_months(self.handover_on, WINDOW_MONTHS)

    def is_open(self, day: date) -> bool:
        """Whether a certificate may be bought on `day`."""
        return self.handover_on <= day <= self.window_ends_on


def right_of(
    kind: EntitlementKind, base: BaseTerm, months: int, purchased_on: date, number: str
) -> Entitlement:
    """The right that a certificate of `months` gives; raises CertificateMonthsError.

    C-2: an extension ends `months` after the base term, both counted from one origin, as two terms
    counted one after the other would lose a day of 29 February. C-6: it begins on the day after
    the base term, so that there is no gap. C-3: the loaner service runs from its purchase.
    """
    if not 1 <= months <= MONTHS_MAX:
        raise CertificateMonthsError(limit=MONTHS_MAX, months=months)
    if kind is EntitlementKind.LOANER:
        return Entitlement(kind, purchased_on, add_months(purchased_on, months), number)
    end = add_months(base.counted_from, base.months + months)
    return Entitlement(kind, base.ends_on + ONE_DAY, end, number)
