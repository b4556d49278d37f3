"""Tables: phones in service and repairs, counted beforehand by what reports divide them."""

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base
from support.reports.question import RollUp


class FleetTally(Base):
    """So many phones alike. Counted by a job: no page counts a million phones while one waits."""

    __tablename__ = "fleet_tally"
    __table_args__ = (
        Index("ix_fleet_tally_key", "product", "lot", "firmware", "organisation_id", "phones"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product: Mapped[str] = mapped_column(Text)
    lot: Mapped[str] = mapped_column(Text)
    firmware: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    phones: Mapped[int]


class FleetSum(Base):
    """The same added up: of a make for all owners, of an owner's product for all lots.

    What a roll-up does not divide by is empty; nobody's organisation is 0.
    """

    __tablename__ = "fleet_sum"
    __table_args__ = (
        Index("ix_fleet_sum_key", "roll_up", "product", "lot", "firmware", "organisation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    roll_up: Mapped[RollUp] = mapped_column(Text)
    product: Mapped[str] = mapped_column(Text)
    lot: Mapped[str] = mapped_column(Text, default="")
    firmware: Mapped[str] = mapped_column(Text, default="")
    organisation_id: Mapped[int] = mapped_column(default=0)
    phones: Mapped[int]


class RepairTally(Base):
    """A month's repairs counted, by make or by owner: what `tally.Tally` says, with its names.

    It counts as long as nothing of the month stands in `repair_change`.
    """

    __tablename__ = "repair_tally"
    __table_args__ = (
        Index(
            "ix_repair_tally_key",
            "roll_up", "month", "product", "lot", "firmware", "organisation_id", unique=True,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    roll_up: Mapped[RollUp] = mapped_column(Text)
    month: Mapped[date]
    product: Mapped[str] = mapped_column(Text)
    lot: Mapped[str] = mapped_column(Text, default="")
    firmware: Mapped[str] = mapped_column(Text, default="")
    organisation_id: Mapped[int] = mapped_column(default=0)
    cases: Mapped[int]
    failures: Mapped[int]
    undecided: Mapped[int]
    covered: Mapped[int]
    replaced: Mapped[int]
    repeats: Mapped[int]
    in_time: Mapped[int]
    offered: Mapped[int]
    accepted: Mapped[int]
    kopecks: Mapped[int] = mapped_column(BigInteger)
    days: Mapped[str] = mapped_column(Text)
    reasons: Mapped[str] = mapped_column(Text)


class RepairChange(Base):
    """A day whose repairs changed since they were counted; the database itself notes it.

    Rows are only added, so that two who change repairs of one day do not wait for each other.
    """

    __tablename__ = "repair_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
