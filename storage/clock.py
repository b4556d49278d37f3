"""The two kinds of time: instants in UTC, civil dates in Moscow (warranty, business hours)."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

MOSCOW = ZoneInfo("Europe/Moscow")


def now() -> datetime:
    """The present instant, in UTC. Decisions take it as a parameter; only edges call it."""
    return datetime.now(UTC)


def moscow_date(instant: datetime) -> date:
    """The civil date in Moscow at `instant`."""
    return instant.astimezone(MOSCOW).date()


def midnight(day: date) -> datetime:
    """The instant at which a civil day of Moscow begins."""
    return datetime.combine(day, time(), MOSCOW).astimezone(UTC)
