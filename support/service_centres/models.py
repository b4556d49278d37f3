"""Table: service centres, the vendor's own and those of official partners."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation
from storage.db import Base, UtcDateTime


class ServiceCentre(Base):
    """A place that takes phones in for regions; without a partner it is the vendor's.

    `starts_clock`: receiving there counts as receiving by a service centre (R-2).
    """

    __tablename__ = "service_centre"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    address: Mapped[str] = mapped_column(Text)
    regions: Mapped[list[str]] = mapped_column(JSON)
    starts_clock: Mapped[bool]
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)

    organisation: Mapped[Organisation | None] = relationship(lazy="joined")
