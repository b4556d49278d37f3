"""Sweeps, the chunks that they are cut into, and what was found at each address."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base, UtcDateTime


class SweepState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"


class Sweep(Base):
    """One walk over networks. What it needs to go on after a crash stands here.

    `seed` fixes the order of the addresses; `busy_s` is how long it was at work, pauses left out.
    With a `site_id` it is walked by the collectors of that site.
    """

    __tablename__ = "sweep"

    id: Mapped[int] = mapped_column(primary_key=True)
    networks: Mapped[list[str]] = mapped_column(JSON)
    addresses: Mapped[int] = mapped_column(BigInteger)
    seed: Mapped[int] = mapped_column(BigInteger)
    rate: Mapped[int]
    port: Mapped[int]
    timeout_s: Mapped[float]
    retries: Mapped[int]
    #: The sealed credential: a community, or a v3 user as JSON where `snmp_version` is 3.
    community: Mapped[bytes] = mapped_column(LargeBinary)
    snmp_version: Mapped[str] = mapped_column(Text, default="2c", server_default="2c")
    state: Mapped[SweepState] = mapped_column(Text, default=SweepState.RUNNING)
    busy_s: Mapped[float] = mapped_column(default=0.0)
    started_by: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), index=True)

    @property
    def subject(self) -> str:
        """The sweep's name in the audit trail."""
        return f"sweep:{self.id}"


class SweepChunk(Base):
    """The addresses from place `start` of the sweep's order on; asked whole, or again whole."""

    __tablename__ = "sweep_chunk"

    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweep.id"), primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    count: Mapped[int]
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: The collector's number; the server's own walker leaves it empty.
    claimed_by: Mapped[int | None]


class SweepResult(Base):
    """What answered at one address; `number` is the address as a number, for its order."""

    __tablename__ = "sweep_result"
    __table_args__ = (
        Index("ix_sweep_result_mac", "mac"),
        # Whom no register knew, by time: few among many, asked for on the first page of staff.
        Index(
            "ix_sweep_result_new",
            "at",
            sqlite_where=text("verdict = 'new'"),
            postgresql_where=text("verdict = 'new'"),
        ),
    )

    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweep.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    address: Mapped[str] = mapped_column(Text)
    lane: Mapped[str] = mapped_column(Text)
    serial: Mapped[str | None] = mapped_column(Text)
    mac: Mapped[str | None] = mapped_column(Text)
    product: Mapped[str | None] = mapped_column(Text)
    hardware: Mapped[str | None] = mapped_column(Text)
    firmware: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    device_mac: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
