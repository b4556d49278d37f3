"""A report counted by hand: every repair read, nothing counted by the database."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from accounts.models import Organisation
from storage.db import Database
from support.cases.models import RepairQuote, RepairUnit
from support.cases.vocabulary import Reason, Resolution, Stage
from support.reports import repair_figures, tally, tallying
from support.reports.question import Dimension, Key, Question
from support.reports.tally import Tally, is_failure


@dataclass(frozen=True)
class Everything:
    """All repairs, their offers, and which organisation which partner serves."""

    units: Sequence[RepairUnit]
    offers: Sequence[RepairQuote]
    partners: Mapping[int, int | None]

    @classmethod
    def of(cls, session: Session) -> "Everything":
        served = select(Organisation.id, Organisation.partner_id)
        return cls(
            session.scalars(select(RepairUnit).options(lazyload("*"))).all(),
            session.scalars(select(RepairQuote)).all(),
            {row.id: row.partner_id for row in session.execute(served)},
        )

    def tallies(self, question: Question) -> dict[Key, Tally]:
        """One tally for each key that has anything."""
        rows: dict[Key, list[RepairUnit]] = {}
        for unit in self.units:
            if _wanted(unit, question):
                rows.setdefault(_key(unit, question.by, self.partners), []).append(unit)
        return {key: _tally(self.offers, key, units) for key, units in rows.items()}


def _wanted(unit: RepairUnit, question: Question) -> bool:
    if not question.since <= unit.requested_on <= question.until:
        return False
    of = question.organisations
    return (
        question.product in {"", unit.product}
        and question.lot in {"", unit.lot}
        and question.firmware in {"", unit.firmware}
        and (of is None or unit.organisation_id in of)
    )


def _key(unit: RepairUnit, by: Dimension, partners: Mapping[int, int | None]) -> Key:
    if by is Dimension.PRODUCT:
        return (unit.product,)
    if by is Dimension.LOT:
        return (unit.product, unit.lot)
    if by is Dimension.FIRMWARE:
        return (unit.product, unit.firmware)
    owner = unit.organisation_id
    if by is Dimension.PARTNER and owner not in partners.values():
        owner = partners.get(owner) if owner else None
    return (str(owner or ""),)


def _tally(quotes: Sequence[RepairQuote], key: Key, units: list[RepairUnit]) -> Tally:
    cases = [unit for unit in units if unit.stage != Stage.CANCELLED]
    taken = [unit for unit in units if unit.covered and unit.days_taken is not None]
    numbers = {unit.id for unit in units}
    offers = [one for one in quotes if one.unit_id in numbers]
    refused = [unit.reason for unit in cases if unit.covered is False and unit.reason]
    return Tally(
        key,
        cases=len(cases),
        failures=sum(
            is_failure(covered=unit.covered, reason=Reason(unit.reason) if unit.reason else None)
            for unit in cases
        ),
        undecided=sum(unit.covered is None for unit in cases),
        covered=sum(unit.covered is True for unit in cases),
        replaced=sum(unit.resolution == Resolution.REPLACED for unit in cases),
        repeats=sum(unit.repeat_of_id is not None for unit in cases),
        in_time=sum(bool(unit.in_time) for unit in taken),
        offered=len(offers),
        accepted=sum(bool(one.accepted) for one in offers),
        kopecks=int(sum((one.amount for one in offers if one.accepted), Decimal(0)) * 100),
        days=Counter(unit.days_taken for unit in taken if unit.days_taken is not None),
        reasons=Counter(map(Reason, refused)),
    )


def count_months(database: Database) -> None:
    """What the job does."""
    with database.reading() as session:
        months = tallying.changed(session)
    for month in months:
        with database.writing() as session:
            tallying.count_anew(database, session, month)


def agree(session: Session, asked: list[Question]) -> None:
    everything = Everything.of(session)
    for question in asked:
        found = tally.by_key(repair_figures.tallies(session, question))
        expected = everything.tallies(question)
        assert dict(found) == expected, question
        months = repair_figures.by_month(session, question)
        assert sum(months.values()) == sum(one.cases for one in expected.values()), question
        assert all(month.day == 1 for month in months)
