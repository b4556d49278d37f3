"""Lists of devices: search, filters, order, and a cursor that additions do not shift."""

from datetime import timedelta

import pytest

from provision.devices import listing, registry, searching
from provision.devices.listing import SORTS, DeviceFilter
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SERIAL, Estate


@pytest.fixture
def estate(installation: Installation) -> Estate:
    made = estates.build(installation)
    with installation.database.writing() as session:
        for number in range(2, 6):
            phone = estates.add_phone(session, f"02f1a70000{number:02x}", f"X-100{number}")
            phone.firmware = f"2.{number}.0"
            phone.address = f"10.0.0.{number}"
            phone.last_check_in_at = NOW + timedelta(minutes=number)
    return made


def found(estate: Estate, wanted: DeviceFilter) -> list[str]:
    with estate.installation.database.reading() as session:
        page = listing.page(session, wanted, limit=50)
    assert len(page.devices) == page.total
    return [device.mac[-2:] for device in page.devices]


@pytest.mark.parametrize(
    ("text", "macs"),
    [
        ("02:F1:A7:00:00:03", ["03"]),
        ("a7-00-00-03", ["03"]),
        (SERIAL[4:9].lower(), ["01"]),
        ("X1004", ["04"]),
        ("10.0.0.5", ["05"]),
        ("2.4", ["04"]),
        ("офис", ["01", "02", "03", "04", "05"]),
        ("%", []),
        ("_", []),
        ("nothing", []),
    ],
)
def test_search_takes_a_part_of_what_people_know(
    estate: Estate, text: str, macs: list[str]
) -> None:
    assert found(estate, DeviceFilter(text=text)) == macs


def test_filters_narrow_the_list(estate: Estate) -> None:
    assert len(found(estate, DeviceFilter(product="FP-B2", site="Офис"))) == 5
    assert not found(estate, DeviceFilter(product="FP-C5"))
    assert not found(estate, DeviceFilter(site="Склад"))


@pytest.mark.parametrize("sort", [*SORTS, "no-such-column"])
def test_every_column_sorts_both_ways(estate: Estate, sort: str) -> None:
    assert len(found(estate, DeviceFilter(sort=sort))) == 5
    assert len(found(estate, DeviceFilter(sort=sort, descending=True))) == 5


def test_phones_never_seen_come_last_either_way(estate: Estate) -> None:
    for descending in (False, True):
        wanted = DeviceFilter(sort="last_check_in", descending=descending)
        assert found(estate, wanted)[-1] == "01"


def test_a_page_is_a_part_and_tells_the_whole(estate: Estate) -> None:
    with estate.installation.database.reading() as session:
        page = listing.page(session, DeviceFilter(), limit=2, offset=2)
        assert ([device.mac[-2:] for device in page.devices], page.total) == (["03", "04"], 5)
        assert listing.site_names(session) == ["Офис"]
        assert len(listing.every(session, DeviceFilter())) == 5


def test_a_cursor_goes_on_where_it_was_although_devices_come_and_go(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        first = listing.after(session, DeviceFilter(), limit=2)
        session.delete(registry.get(session, "02f1a7000002"))
        estates.add_phone(session, "02f1a7000000", None)
        rest = listing.after(session, DeviceFilter(), limit=9, mac=first[-1].mac)
    assert [device.mac[-2:] for device in first] == [MAC[-2:], "02"]
    assert [device.mac[-2:] for device in rest] == ["03", "04", "05"]


LADDER = [
    ("02:F1:A7:00:00:03", ["03"]),
    ("02f1", ["01", "02", "03", "04", "05"]),
    ("x100", ["02", "03", "04", "05"]),
    ("10.0.0.5", ["05"]),
    ("офис", ["01", "02", "03", "04", "05"]),
    ("fp-b", ["01", "02", "03", "04", "05"]),
    # Nothing begins so: it is looked for everywhere.
    ("000005", ["05"]),
    ("1004", ["04"]),
    ("2.4", ["04"]),
    ("%", []),
    ("nothing", []),
]


@pytest.mark.parametrize(("text", "macs"), LADDER)
def test_a_large_fleet_is_searched_by_what_things_begin_with(
    estate: Estate, monkeypatch: pytest.MonkeyPatch, text: str, macs: list[str]
) -> None:
    monkeypatch.setattr(searching, "SMALL_FLEET", 3)
    assert found(estate, DeviceFilter(text=text)) == macs


def test_what_begins_so_elsewhere_hides_nothing_of_what_was_asked_for(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "SMALL_FLEET", 3)
    # A MAC begins with it, but not one of this product's.
    assert found(estate, DeviceFilter(text="02", product="FP-C5")) == []
    with estate.installation.database.writing() as session:
        estates.add_phone(session, "10aa00000001", "Z-1")
    assert found(estate, DeviceFilter(text="10")) == ["01"]
    assert found(estate, DeviceFilter(text="10", site="Офис", organisations=())) == []


def test_past_a_bound_a_list_says_more_instead_of_counting(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "COUNTED_MAX", 3)
    with estate.installation.database.reading() as session:
        page = listing.page(session, DeviceFilter(product="FP-B2"), limit=2)
        few = listing.page(session, DeviceFilter(text="02:f1:a7:00:00:03"), limit=2)
    assert (len(page.devices), page.total, page.is_more) == (2, 3, True)
    assert (few.total, few.is_more) == (1, False)
