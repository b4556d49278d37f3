"""Put on PYTHONPATH, it makes a product's processes live from the instant FLATPRO_TEST_INSTANT on.

Python runs it before the program, so every module takes this clock. Real parts that count by the
machine's own clock (timeouts, jobs) are left alone; libfaketime breaks Python's sleep.
"""

import os
from datetime import datetime, timedelta

from storage import clock

_real = clock.now
_shift: timedelta = datetime.fromisoformat(os.environ["FLATPRO_TEST_INSTANT"]) - _real()


def turn_to(instant: datetime) -> None:
    """Let it be another instant from now on, in this process and those it forks."""
    global _shift  # noqa: PLW0603 - every module has taken the function below
    _shift = instant - _real()


def _now() -> datetime:
    return _real() + _shift


clock.now = _now
