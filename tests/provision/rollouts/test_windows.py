"""Maintenance windows follow the clock of the phone's site."""

from datetime import UTC, datetime

import pytest

from provision.rollouts import windows
from provision.rollouts.windows import BadWindowError


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 22, hour, minute, tzinfo=UTC)


def test_a_window_is_open_by_the_time_of_the_site() -> None:
    window = windows.parse("01:00-05:00")
    assert window is not None
    assert window.is_open(at(22), "Europe/Moscow")
    assert not window.is_open(at(2), "Europe/Moscow")
    assert window.is_open(at(15), "Asia/Vladivostok")
    assert not window.is_open(at(19), "Asia/Vladivostok")
    assert window.is_open(at(22), None)
    assert window.is_open(at(22), "Nowhere/Atlantis")


def test_a_window_may_go_over_midnight() -> None:
    window = windows.parse("22:30 – 4:00")
    assert window is not None
    assert str(window) == "22:30-04:00"
    assert [window.is_open(at(hour, 30), "UTC") for hour in (21, 22, 3, 4)] == [0, 1, 1, 0]


def test_no_window_is_always() -> None:
    assert windows.parse("  ") is None


@pytest.mark.parametrize("text", ["25:00-01:00", "1-5", "01:60-02:00", "03:00-03:00", "ночью"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(BadWindowError):
        windows.parse(text)
