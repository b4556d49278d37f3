"""Lists of devices: search, filters, order, and a cursor that additions do not shift."""

from datetime import timedelta

import pytest
from sqlalchemy import event

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
    ("2.4", ["04"]),
    # Nothing begins so: what ends so is found, as people type a label's last characters.
    ("000005", ["05"]),
    ("00-00:05", ["05"]),
    ("1004", ["04"]),
    # The middle of a text is not looked at.
    ("a70000", []),
    ("005", []),
    ("%", []),
    ("nothing", []),
]


@pytest.mark.parametrize(("text", "macs"), LADDER)
def test_a_large_fleet_is_searched_by_what_things_begin_and_end_with(
    estate: Estate, monkeypatch: pytest.MonkeyPatch, text: str, macs: list[str]
) -> None:
    monkeypatch.setattr(searching, "SMALL_FLEET", 3)
    assert found(estate, DeviceFilter(text=text)) == macs


def test_few_of_a_large_fleet_are_searched_everywhere(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "SMALL_FLEET", 3)
    with estate.installation.database.writing() as session:
        registry.get(session, "02f1a7000004").organisation_id = None
        mine = registry.get(session, MAC).organisation_id
        registry.get(session, MAC).organisation_id = None
        registry.get(session, "02f1a7000005").organisation_id = None
    assert mine is not None
    wanted = DeviceFilter(text="a70000", organisations=(mine,))
    assert found(estate, wanted) == ["02", "03"]
    with estate.installation.database.reading() as session:
        assert listing.page(session, DeviceFilter(text="a70000"), limit=9).is_bounded
        assert not listing.page(session, wanted, limit=9).is_bounded


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
def test_pages_of_any_order_hold_every_phone_once(
    estate: Estate, sort: str, descending: bool
) -> None:
    with estate.installation.database.writing() as session:
        for mac in ("02f1a7000002", "02f1a7000004"):
            phone = registry.get(session, mac)
            phone.firmware = phone.last_check_in_at = phone.serial = None
    wanted = DeviceFilter(sort=sort, descending=descending)
    with estate.installation.database.reading() as session:
        pages = [listing.page(session, wanted, limit=2, offset=at) for at in range(0, 8, 2)]
    macs = [device.mac[-2:] for page in pages for device in page.devices]
    assert macs == found(estate, wanted)
    assert sorted(macs) == ["01", "02", "03", "04", "05"]


BY_INDEX = {
    "ix_device_last_check_in_at_mac": DeviceFilter(sort="last_check_in", descending=True),
    "ix_device_firmware_mac": DeviceFilter(sort="firmware"),
    "ix_device_mac_end": DeviceFilter(text="ffffff"),
    "ix_device_serial_end": DeviceFilter(text="QQQQ"),
}


@pytest.mark.parametrize("index", BY_INDEX)
def test_a_large_fleet_is_never_read_from_end_to_end(
    estate: Estate, monkeypatch: pytest.MonkeyPatch, index: str
) -> None:
    database = estate.installation.database
    if not database.is_sqlite:
        pytest.skip("PostgreSQL reads five rows without an index")
    monkeypatch.setattr(searching, "SMALL_FLEET", 3)
    asked: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, values: object, *_more: object) -> None:
        asked.append((statement, values))

    with database.reading() as session:
        event.listen(database.engine, "before_cursor_execute", note)
        listing.page(session, BY_INDEX[index], limit=2)
        event.remove(database.engine, "before_cursor_execute", note)
        connection = session.connection()
        plans = [
            str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all())
            for statement, values in asked
            if statement.startswith("SELECT")
        ]
    assert any(index in plan for plan in plans)


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
