"""The rows of work outside a request. The truth about a job is its row."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base, UtcDateTime


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    """One piece of work. `actor` is text: jobs know nobody above them."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_state_run_after", "state", "run_after"),)

    # `route` names who may run it: workers that serve this route; empty is every worker.
    # `request_id` is of the web request that submitted it, as its log records have it.
    # `dispatched_at` is when a broker was last told of it; null on the embedded runner.

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    actor: Mapped[str] = mapped_column(Text)
    state: Mapped[JobState] = mapped_column(Text, default=JobState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=3)
    progress_done: Mapped[int] = mapped_column(default=0)
    progress_total: Mapped[int | None]
    progress_note: Mapped[str] = mapped_column(Text, default="")
    owner: Mapped[str | None] = mapped_column(Text)
    route: Mapped[str] = mapped_column(Text, default="", server_default="")
    request_id: Mapped[str] = mapped_column(Text, default="", server_default="")
    dispatched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    run_after: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PeriodicRun(Base):
    """When a kind of periodic work is due next."""

    __tablename__ = "periodic_run"

    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    next_run: Mapped[datetime] = mapped_column(UtcDateTime)
