"""A download is one, however it is resumed; what is counted is stored, whoever stores beside us."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient

from firmware.downloads import statistics, watch
from firmware.downloads.counting import DownloadCounter, Kind
from storage.clock import now
from storage.db import Database
from storage.installation import Installation
from tests.firmware.shelf import CODE, Shelf

BY_NAME = f"/firmware/{CODE}/2.4.1/{CODE}-2.4.1.bin"
TODAY = date(2026, 11, 22)


def counted(installation: Installation) -> dict[tuple[str, str], int]:
    with installation.database.reading() as session:
        rows = statistics.of_product(session, CODE, date(2000, 1, 1))
    return {(row.version, row.kind): row.downloads for row in rows}


@pytest.fixture
def stocked(shelf: Shelf) -> Shelf:
    shelf.publish("2.4.1")
    return shelf


def fetch(app: Flask, address: str = BY_NAME, method: str = "GET", **headers: str) -> int:
    answer = app.test_client().open(address, method=method, headers=headers, buffered=True)
    return answer.status_code


def test_the_ranges_of_one_download_count_once(app: Flask, stocked: Shelf) -> None:
    assert fetch(app, Range="bytes=0-99") == 206
    assert fetch(app, Range="bytes=100-199") == 206
    assert fetch(app, Range="bytes=200-") == 206
    assert fetch(app, Range="bytes=-5") == 206
    assert fetch(app, Range="bytes=300-310,400-410") == 206
    watch.counter_of(app).flush(stocked.installation.database)
    assert counted(stocked.installation) == {("2.4.1", "name"): 1}


def test_several_ranges_that_hold_the_first_byte_count(app: Flask, stocked: Shelf) -> None:
    assert fetch(app, Range="bytes=400-410,0-10") == 206
    watch.counter_of(app).flush(stocked.installation.database)
    assert counted(stocked.installation) == {("2.4.1", "name"): 1}


def test_what_sends_no_byte_counts_nothing(app: Flask, stocked: Shelf) -> None:
    tag = app.test_client().get(BY_NAME, buffered=True).headers["ETag"]
    watch.counter_of(app).flush(stocked.installation.database)
    assert fetch(app, method="HEAD") == 200
    assert fetch(app, **{"If-None-Match": tag}) == 304
    assert fetch(app, Range="bytes=999999999-") == 416
    assert fetch(app, f"/firmware/{CODE}/manifest.json") == 200
    watch.counter_of(app).flush(stocked.installation.database)
    assert counted(stocked.installation) == {("2.4.1", "name"): 1}


def test_each_kind_of_address_counts_apart(app: Flask, phones: Flask, stocked: Shelf) -> None:
    sha256 = stocked.manifest().releases[0].sha256
    assert fetch(app, f"/blob/sha256/{sha256}") == 200
    assert fetch(app, f"/targets/fw/{CODE}/2.4.1/{CODE}-2.4.1.bin") == 200
    assert fetch(phones) == 200
    for counting in (app, phones):
        watch.counter_of(counting).flush(stocked.installation.database)
    assert counted(stocked.installation) == {
        ("2.4.1", "hash"): 1,
        ("2.4.1", "tuf"): 1,
        ("2.4.1", "phone"): 1,
    }


def test_a_day_ends_at_midnight_utc(stocked: Shelf) -> None:
    sha256 = stocked.manifest().releases[0].sha256
    instants = iter(
        [datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)]
    )
    counter = DownloadCounter(lambda: next(instants))
    counter.add(sha256, Kind.NAME)
    counter.add(sha256, Kind.NAME)
    counter.flush(stocked.installation.database)
    with stocked.installation.database.reading() as session:
        rows = statistics.of_product(session, CODE, TODAY)
    assert [(row.day, row.downloads) for row in rows] == [(date(2026, 11, 23), 1), (TODAY, 1)]


def test_processes_that_store_at_once_lose_nothing(stocked: Shelf) -> None:
    sha256 = stocked.manifest().releases[0].sha256

    def work() -> None:
        counter = DownloadCounter(now)
        for _ in range(20):
            counter.add(sha256, Kind.NAME)
            counter.add(sha256, Kind.PHONE)
            counter.flush(stocked.installation.database)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted(stocked.installation) == {("2.4.1", "name"): 80, ("2.4.1", "phone"): 80}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_counts_wait_while_the_database_is_away(stocked: Shelf) -> None:
    counter = DownloadCounter(now)
    counter.add(stocked.manifest().releases[0].sha256, Kind.NAME)
    away = Database("sqlite:////nowhere/at/all.sqlite")
    counter.flush(away)
    away.dispose()
    counter.flush(stocked.installation.database)
    assert counted(stocked.installation) == {("2.4.1", "name"): 1}


def test_an_orderly_end_stores_the_last_second(stocked: Shelf) -> None:
    counter = DownloadCounter(now)
    counter.start(stocked.installation.database)
    counter.add(stocked.manifest().releases[0].sha256, Kind.NAME)
    counter.stop()
    assert counted(stocked.installation) == {("2.4.1", "name"): 1}


def test_staff_see_charts_and_the_same_numbers_in_a_table(
    app: Flask, staff: FlaskClient, stocked: Shelf
) -> None:
    empty = staff.get("/en/staff/releases/statistics").get_data(as_text=True)
    assert "No downloads in this period" in empty
    for _ in range(3):
        fetch(app)
    watch.counter_of(app).flush(stocked.installation.database)
    page = staff.get("/en/staff/releases/statistics?days=7").get_data(as_text=True)
    assert "3 downloads" in page
    assert page.count('role="img"') == 3  # the wordmark, all versions, 2.4.1
    assert "<table" in page
    assert "style=" not in page


def test_a_chart_has_every_day_of_its_period() -> None:
    rows = [
        statistics.Downloads(TODAY, CODE, "2.4.1", "name", 2),
        statistics.Downloads(TODAY, CODE, "2.4.1", "phone", 3),
        statistics.Downloads(date(2026, 11, 20), CODE, "2.3", "name", 1),
    ]
    every, first, second = statistics.series(rows, TODAY, 3)
    assert [count for _, count in every.days] == [1, 0, 5]
    assert (first.version, first.total, second.version, second.total) == ("2.4.1", 5, "2.3", 1)
    assert statistics.by_day(rows)[0] == (TODAY, "2.4.1", {"name": 2, "phone": 3}, 5)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_counts_wait_while_the_database_is_full(stocked: Shelf) -> None:
    database, days, number = stocked.installation.database, count(), 3000
    start = datetime(2020, 1, 1, tzinfo=UTC)
    counter = DownloadCounter(lambda: start + timedelta(days=next(days)))
    sha256 = stocked.manifest().releases[0].sha256
    for _ in range(number):
        counter.add(sha256, Kind.NAME)
    # The limit is the connection's own; the pool hands the same one out again.
    with database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    counter.flush(database)
    assert counted(stocked.installation) == {}
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    counter.flush(database)
    with database.reading() as session:
        rows = statistics.of_product(session, CODE, date(2000, 1, 1))
    assert sum(row.downloads for row in rows) == number
