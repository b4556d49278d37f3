"""An import beside other writers on PostgreSQL, where who began first may commit last.

Each begins before the look and so has smaller numbers than what is committed meanwhile.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import audit, users
from accounts.models import AuditEntry, OrganisationKind, Site
from provision.devices import registry
from provision.devices.models import Device
from provision.enrolment import importing, table
from provision.enrolment.importing import Done, RefusedRowsError, Source
from provision.enrolment.table import DeviceTable
from storage.clock import now
from storage.installation import Installation
from tests.provision import estate as estates

SOURCE = Source("phones.csv", "0" * 64)
FIRST, SECOND = "02f1a7000002", "02f1a7000003"
TABLE = f"mac,product,serial,site\n{FIRST},FP-B2,SN-2,Офис\n{SECOND},FP-B2,SN-3,Офис\n"


@pytest.fixture
def backend() -> str:
    """SQLite has one writer at a time: there nobody is overtaken in this way."""
    return "postgresql"


@pytest.fixture
def place(installation: Installation) -> Installation:
    estates.build(installation)
    return installation


@dataclass
class Slow:
    """A transaction of somebody else that has written, and waits before its commit."""

    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def begin(self, place: Installation, write: Callable[[Session], None]) -> None:
        session = self._stack.enter_context(place.database.writing())
        write(session)
        session.flush()
        with place.database.writing() as other:
            # The newest numbers are of somebody who came later and was quicker.
            audit.record(other, "test", "user.login", "user:1", now())

    def commit(self) -> None:
        self._stack.close()


@pytest.fixture
def slow() -> Iterator[Slow]:
    found = Slow()
    yield found
    found.commit()


def read(rows: str = TABLE) -> DeviceTable:
    return table.read(rows.encode())


def take_in(place: Installation, tell: Callable[[int], None]) -> Done:
    taking = importing.taking_in(place, read(), SOURCE, actor="test", now=now(), tell=tell)
    with taking as done:
        return done


def after_the_look(act: Callable[[], object]) -> Callable[[int], None]:
    """Act once, when every row was looked at and is being made ready."""
    acts = [act]

    def tell(steps: int) -> None:
        if steps > 2 and acts:
            acts.pop()()

    return tell


def a_phone(session: Session) -> None:
    estates.add_phone(session, FIRST, "SN-2")


def another_serial(session: Session) -> None:
    estates.add_phone(session, FIRST, "SN-9")


def another_owner(session: Session) -> None:
    owner = users.add_organisation(session, "Лютик", OrganisationKind.CUSTOMER)
    session.scalars(select(Site)).one().organisation_id = owner.id
    audit.record(session, "test", "site.move", "site:1", now())


def owners(place: Installation) -> set[str]:
    with place.database.reading() as session:
        found = (registry.get(session, mac).organisation for mac in (FIRST, SECOND))
        return {one.name for one in found if one}


def test_a_phone_that_a_slower_writer_took_in_is_skipped(place: Installation, slow: Slow) -> None:
    slow.begin(place, a_phone)
    done = take_in(place, after_the_look(slow.commit))
    assert (done.added, done.skipped) == (1, 1)
    with place.database.reading() as session:
        told = session.scalars(
            select(AuditEntry.details).where(AuditEntry.action == "device.import")
        ).one()
        assert (told["added"], told["skipped"]) == (1, 1)


def test_one_that_it_took_in_otherwise_refuses_the_table_by_its_row(
    place: Installation, slow: Slow
) -> None:
    slow.begin(place, another_serial)
    with pytest.raises(RefusedRowsError) as caught:
        take_in(place, after_the_look(slow.commit))
    assert caught.value.details == {"count": 1, "row": 2}
    with place.database.reading() as session:
        assert session.scalar(select(func.count(Device.id))) == 2


def test_a_site_that_it_gave_to_another_owner_brings_the_phones_to_that_owner(
    place: Installation, slow: Slow
) -> None:
    slow.begin(place, another_owner)
    assert take_in(place, after_the_look(slow.commit)).added == 2
    assert owners(place) == {"Лютик"}


@pytest.mark.parametrize("write", [a_phone, another_owner])
def test_one_that_is_not_done_when_the_table_is_stored_is_waited_for(
    place: Installation, slow: Slow, write: Callable[[Session], None]
) -> None:
    slow.begin(place, write)
    later = threading.Timer(0.5, slow.commit)
    done = take_in(place, after_the_look(later.start))
    later.join()
    assert done.added + done.skipped == 2
    assert owners(place) == ({"Лютик"} if write is another_owner else {"Ромашка"})


def test_what_changes_elsewhere_meanwhile_costs_no_second_look(
    place: Installation, slow: Slow
) -> None:
    looked: list[int] = []
    slow.begin(place, lambda session: audit.record(session, "test", "user.login", "user:1", now()))
    act = after_the_look(slow.commit)

    def tell(steps: int) -> None:
        looked.append(steps)
        act(steps)

    assert take_in(place, tell).added == 2
    assert looked == [2, 4]


def test_at_the_same_time_two_imports_of_one_table_store_it_once(place: Installation) -> None:
    found: list[Done] = []
    go = threading.Barrier(2)
    threads = [
        threading.Thread(target=lambda: found.append(take_in(place, after_the_look(go.wait))))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted((one.added, one.skipped) for one in found) == [(0, 2), (2, 0)]
