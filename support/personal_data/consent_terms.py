"""Until when a consent holds: as long as its case is open, and its class's term after that.

The term that the person read stays the longest there is, whatever staff set for the class later.
"""

from dataclasses import dataclass
from datetime import date, datetime

from storage.clock import moscow_date
from support.civil_dates import date_text
from support.personal_data import consents
from support.personal_data.models import Consent
from support.personal_data.register import shipped
from support.personal_data.terms import Terms
from support.phrases import Phrase


@dataclass(frozen=True)
class ConsentTerm:
    """`ends_at` is empty while the case is open: then it is so many days after its end."""

    purpose: str
    days: int
    ends_at: datetime | None

    @property
    def ends_on(self) -> date | None:
        return moscow_date(self.ends_at) if self.ends_at else None

    @property
    def phrase(self) -> Phrase:
        """The term in words, for whoever gave the consent."""
        if self.ends_on is None:
            while_open = consents.term_phrase(self.purpose, self.days)
            return Phrase(
                f"Согласие действует {while_open.ru}.", f"The consent holds {while_open.en}."
            )
        return Phrase(
            f"Согласие действует до {date_text(self.ends_on, 'ru')}.",
            f"The consent holds until {date_text(self.ends_on, 'en')}.",
        )


def term_of(consent: Consent, over_at: datetime | None, known: Terms) -> ConsentTerm:
    """The term of a consent whose case was over at that instant, or is not over."""
    about = shipped().get(consents.CLASS_OF[consent.purpose])
    days = min(known.days[about.code], consent.term_days or known.days[about.code])
    return ConsentTerm(consent.purpose, days, about.ends_at(over_at, days) if over_at else None)
