"""R-7: a repair outside the warranty is offered at a price, and the customer takes it or not."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from storage.clock import moscow_date
from storage.installation import Installation
from support import roubles
from support.cases.models import RepairQuote, RepairUnit
from support.cases.vocabulary import EventKind, Resolution, Stage
from support.civil_dates import add_days
from support.mailroom import outbox
from support.mailroom.options import MailOptions
from support.repairs import filing, letters, records
from support.repairs.refused import (
    EndOfServiceError,
    NoQuoteError,
    QuoteAmountError,
    QuoteExpiredError,
    QuoteTextError,
)

VALID_DAYS = 30
#: Days after the offer on which a silent customer is reminded.
REMIND_AFTER = (14, 25)


def amount(text: str) -> Decimal:
    """The price of an offer as a person types it; raises QuoteAmountError."""
    found = roubles.typed(text)
    if found is None:
        raise QuoteAmountError
    return found


def offer(
    session: Session, installation: Installation, unit: RepairUnit, cost: Decimal, work: str, *,
    actor: str, now: datetime,
) -> RepairQuote:  # fmt: skip
    """Offer a paid repair; raises EndOfServiceError past the model's end of service (W-10)."""
    records.check_stage(unit, Stage.READY, Stage.QUOTE)
    if unit.covered or unit.resolution not in {None, Resolution.AS_IS}:
        raise NoQuoteError
    if not work.strip():
        raise QuoteTextError
    today = moscow_date(now)
    over = unit.device.product.support_end if unit.device else None
    if over is not None and over < today:
        raise EndOfServiceError(on=f"{over:%d.%m.%Y}")
    quote = RepairQuote(
        unit_id=unit.id,
        amount=cost,
        work=work.strip()[:2000],
        valid_until=add_days(today, VALID_DAYS),
        offered_by=actor,
        offered_at=now,
    )
    session.add(quote)
    unit.stage, unit.resolution = Stage.QUOTE, None
    price = roubles.written(cost)
    records.record(session, unit, EventKind.QUOTED, actor, now, text_ru=price.ru, text_en=price.en)
    audit.record(session, actor, "repair.quote", unit.subject, now, amount=str(cost))
    to = filing.addressed(installation, unit.report)
    letter = letters.quoted(to, unit.serial, cost, quote.work, quote.valid_until)
    outbox.post(session, letter, installation.option(MailOptions), now=now)
    session.flush()
    return quote


def answer(
    session: Session, unit: RepairUnit, *, accepted: bool, actor: str, now: datetime
) -> RepairQuote:
    """The customer takes the offer or has the phone back as it is."""
    records.check_stage(unit, Stage.QUOTE)
    quote = of_unit(session, unit)[0]
    if accepted and moscow_date(now) > quote.valid_until:
        raise QuoteExpiredError(on=f"{quote.valid_until:%d.%m.%Y}")
    quote.accepted, quote.answered_at = accepted, now
    if accepted:
        unit.stage = Stage.REPAIR
    else:
        unit.stage, unit.resolution = Stage.READY, Resolution.AS_IS
    kind = EventKind.ACCEPTED if accepted else EventKind.DECLINED
    records.record(session, unit, kind, actor, now)
    audit.record(session, actor, f"repair.{kind.value}", unit.subject, now)
    return quote


def of_unit(session: Session, unit: RepairUnit) -> Sequence[RepairQuote]:
    """The phone's quotes, the newest first."""
    query = select(RepairQuote).where(RepairQuote.unit_id == unit.id)
    return session.scalars(query.order_by(RepairQuote.id.desc())).all()


def remind(session: Session, installation: Installation, now: datetime) -> int:
    """Write to those who have not answered, each time once; how many letters."""
    today, count = moscow_date(now), 0
    query = (
        select(RepairQuote, RepairUnit)
        .join(RepairUnit, RepairUnit.id == RepairQuote.unit_id)
        .where(RepairUnit.stage == Stage.QUOTE, RepairQuote.accepted.is_(None))
    )
    for quote, unit in session.execute(query).all():
        if not _is_due(quote, today):
            continue
        # A letter that can't leave is told of on the page of letters, and is not written again.
        quote.reminded_on = today
        count += _reminded(session, installation, quote, unit, now)
    return count


def _reminded(
    session: Session, installation: Installation, quote: RepairQuote, unit: RepairUnit,
    now: datetime,
) -> bool:  # fmt: skip
    """Write to one customer; whether the letter may leave."""
    to = filing.addressed(installation, unit.report)
    letter = letters.quoted(to, unit.serial, quote.amount, quote.work, quote.valid_until)
    return outbox.post_or_record(session, letter, installation.option(MailOptions), now=now)


def _is_due(quote: RepairQuote, today: date) -> bool:
    offered = moscow_date(quote.offered_at)
    due = [add_days(offered, days) for days in REMIND_AFTER if add_days(offered, days) <= today]
    return bool(due) and (quote.reminded_on is None or quote.reminded_on < due[-1])
