"""The history of a phone as a picture: every reading is in it, in its place in time."""

from datetime import UTC, datetime, timedelta

from provision.diagnosis.history_chart import chart
from provision.diagnosis.situation import Reached

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def test_no_readings_no_picture() -> None:
    assert chart([], NOW) is None


def test_readings_stand_in_time_and_versions_stretch_until_the_next() -> None:
    history = [
        Reached(
            NOW - timedelta(hours=10), answered=True, via="snmp", firmware="2.3.1", loss_percent=0.0
        ),
        Reached(NOW - timedelta(hours=5), answered=False, via="snmp"),
        Reached(
            NOW - timedelta(hours=5), answered=True, via="http", firmware="2.4.1", loss_percent=50.0
        ),
    ]
    drawn = chart(history, NOW)
    assert drawn is not None
    assert [tick.answered for tick in drawn.ticks] == [True, False, True]
    assert [tick.x for tick in drawn.ticks] == [0, 50, 50]
    assert [(one.version, one.x, one.width) for one in drawn.stretches] == [
        ("2.3.1", 0, 50),
        ("2.4.1", 50, 50),
    ]
    assert drawn.bars[1].height == drawn.quality_height, "a loss off the scale fills the picture"
    assert drawn.bars[0].height >= 1


def test_a_version_of_a_moment_is_seen_but_holds_no_name() -> None:
    history = [
        Reached(NOW - timedelta(hours=10), answered=True, firmware="2.3.1"),
        Reached(NOW - timedelta(minutes=2), answered=True, firmware="2.4.0"),
        Reached(NOW - timedelta(minutes=1), answered=True, firmware="2.4.1"),
    ]
    drawn = chart(history, NOW)
    assert drawn is not None
    assert [one.is_named for one in drawn.stretches] == [True, False, False]
    assert all(one.width > 0.5 for one in drawn.stretches)


def test_a_phone_that_never_answered_has_its_silence_drawn() -> None:
    history = [Reached(NOW - timedelta(hours=hour), answered=False, via="snmp") for hour in (2, 1)]
    drawn = chart(history, NOW)
    assert drawn is not None
    assert [tick.answered for tick in drawn.ticks] == [False, False]
    assert drawn.stretches == ()


def test_one_reading_just_now_is_drawn_too() -> None:
    drawn = chart([Reached(NOW, answered=True, firmware="2.4.1")], NOW)
    assert drawn is not None
    assert drawn.ticks[0].x <= 100
