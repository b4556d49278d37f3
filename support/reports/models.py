"""Table: how many phones are in service, by what reports divide them."""

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base


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
