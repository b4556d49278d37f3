"""Whatever a configuration is made of, a change of it ends what was kept; nothing else does."""

import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, select, text
from sqlalchemy.orm import Session

from catalogue import keys, products
from catalogue.products import NewProduct
from firmware import withdrawal
from portal import migrations
from provision import credentials, profiles, rollouts
from provision.devices import registry
from provision.devices.models import Device, Hold
from provision.models import CredentialKind
from provision.rendered import inputs, watching
from provision.rendered.inputs import INPUTS, WITHOUT_EFFECT
from provision.rendered.models import Rendered
from provision.rollouts.models import Rollout
from provision.rollouts.vocabulary import RolloutState
from storage import triggers
from storage.clock import now
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC
from tests.provision.rendered.fetcher import Fetcher

Change = Callable[[Session, Installation], object]


def phone_of(session: Session) -> Device:
    return registry.get(session, MAC)


def put(level: str, name: str, value: str) -> Change:
    def change(session: Session, place: Installation) -> None:
        named = {"device": MAC, "product": "FP-B2", "group": "Зал", "site": "Офис"}
        more = {level: named[level]} if level != "global" else {}
        link = profiles.link_for(session, **more)
        profiles.put(session, place.seal, link, name, value, actor="test", now=now())

    return change


def set_device(**values: object) -> Change:
    def change(session: Session, _place: Installation) -> None:
        for name, value in values.items():
            setattr(phone_of(session), name, value)

    return change


CHANGES: dict[str, Change] = {
    "a setting of its own": put("device", "network.vlan", "7"),
    "a setting of every phone": put("global", "network.vlan", "7"),
    "a setting of its product": put("product", "network.vlan", "7"),
    "its group": set_device(group_name="Зал"),
    "its channel": set_device(channel="testing"),
    "its recorded firmware": set_device(firmware="2.0.0"),
    "its revision": set_device(hardware="B"),
    "its pin": lambda session, _place: rollouts.pin(
        session, phone_of(session), "2.4.1", actor="test", now=now()
    ),
    "a hold": lambda session, _place: rollouts.hold(
        session, phone_of(session), "why", actor="test", now=now()
    ),
    "its secrets are revoked": lambda session, _place: credentials.revoke(
        session, phone_of(session), actor="test", now=now(), kind=CredentialKind.TOKEN
    ),
    "its token ends by a bare statement": lambda session, _place: session.execute(
        text("UPDATE device_credential SET valid_to = :at"), {"at": now()}
    ),
    "a product": lambda session, _place: products.add(
        session, NewProduct("FP-C5", "C5", "C5"), actor="test", now=now()
    ),
    "the device is gone": lambda session, _place: [
        session.execute(text(f"DELETE FROM {table}"))
        for table in ("check_in", "identity_event", "device_credential", "device")
    ],
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_ends_what_was_kept(phone: Fetcher, name: str) -> None:
    phone.warm()
    phone.by_door()
    place = phone.estate.installation
    with place.database.writing() as session:
        CHANGES[name](session, place)
    phone.by_views()


def test_a_release_put_out_or_withdrawn_ends_what_was_kept(phone: Fetcher) -> None:
    place = phone.estate.installation
    phone.warm()
    estates.publish(place, "2.4.1")
    assert b'version = "2.4.1"' in phone.by_views().data
    phone.warm()
    phone.by_door()
    with place.database.writing() as session:
        ring = keys.of(place)
        withdrawal.withdraw(
            session, "FP-B2", "2.4.1", ring, reason="bad", replacement=None, actor="test", now=now()
        )
    assert b'version = "2.4.1"' not in phone.by_views().data


def test_what_a_check_in_writes_ends_nothing(phone: Fetcher) -> None:
    phone.warm()
    for _ in range(3):
        phone.by_door()
        phone.settle()
    other = "02f1a7000002"
    with phone.estate.installation.database.writing() as session:
        estates.add_phone(session, other, None)
        link = profiles.link_for(session, device=other)
        seal = phone.estate.installation.seal
        profiles.put(session, seal, link, "network.vlan", "9", actor="test", now=now())
    phone.by_door()


def test_what_time_alone_changes_ends_by_itself(phone: Fetcher) -> None:
    with phone.estate.installation.database.writing() as session:
        soon = now() + timedelta(seconds=5)
        device_id = phone_of(session).id
        session.add(Hold(device_id=device_id, since=soon, reason="later", set_by="test"))
    phone.warm()
    phone.by_door()
    time.sleep(max(0.0, (soon - now()).total_seconds()) + 0.1)
    phone.by_views()


def test_a_change_between_making_and_keeping_makes_it_stale_at_once(phone: Fetcher) -> None:
    """What the view made is from before the change: it must not be kept as current."""
    phone.warm()
    phone.get(agent="curl/8.5")
    place = phone.estate.installation
    with place.database.writing() as session:
        put("global", "network.vlan", "55")(session, place)
    phone.settle()
    assert b'vlan = "55"' in phone.by_views(agent="curl/8.5").data


def test_every_table_that_a_configuration_is_made_of_is_watched(phone: Fetcher) -> None:
    """One that is read and not watched could change without ending what was kept."""
    place = phone.estate.installation
    estates.publish(place, "2.4.1")
    statements: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    phone.warm()
    with place.database.writing() as session:
        # So that nothing that phones share is remembered.
        put("global", "network.vlan", "7")(session, place)
    event.listen(place.database.engine, "before_cursor_execute", note)
    phone.by_views(agent="curl/8.5")
    event.remove(place.database.engine, "before_cursor_execute", note)
    read = {
        table
        for statement in statements
        if statement.startswith("SELECT")
        for table in re.findall(r"(?:FROM|JOIN) ([a-z_]+)", statement)
    }
    watched = {one.table for one in INPUTS} | WITHOUT_EFFECT | {"rendering_revision"}
    assert {"device", "release", "profile_setting", "hold"} <= read
    assert read <= watched, "name it in provision/rendered/inputs.py, or say why it is harmless"


def test_triggers_come_back_after_a_migration_and_old_ones_go(installation: Installation) -> None:
    database = installation.database
    wanted = set(inputs.triggers(database.url.get_backend_name()))

    def existing() -> set[str]:
        with database.engine.connect() as connection:
            return set(triggers.existing(connection, inputs.PREFIX))

    assert existing() == wanted
    with database.engine.connect() as connection, connection.begin():
        watching.unwatch(connection)
    assert existing() == set()
    migrations.upgrade(database)
    migrations.upgrade(database)
    assert existing() == wanted


def test_what_changed_while_nobody_counted_ends_what_is_held(phone: Fetcher) -> None:
    """A migration takes the triggers out under a process that serves phones."""
    database = phone.estate.installation.database
    phone.warm()
    with database.writing() as session:
        watching.unwatch(session.connection())
        CHANGES["a setting of its own"](session, phone.estate.installation)
    phone.by_door()
    watching.watch(database)
    assert b"vlan = 7" in phone.by_views().data.replace(b'"', b"")


def test_a_database_that_begins_to_count_anew_ends_what_is_held(phone: Fetcher) -> None:
    """A restored one has no numbers, and would come to the same ones again."""
    database = phone.estate.installation.database
    with database.writing() as session:
        session.execute(text("UPDATE rendering_revision SET revision = 1 WHERE device_id = 0"))
    phone.warm()
    phone.by_door()
    with database.writing() as session:
        watching.unwatch(session.connection())
        session.execute(text("UPDATE rendering_revision SET revision = 0 WHERE device_id = 0"))
    watching.watch(database)
    phone.by_views()


def test_while_a_rollout_has_a_window_nothing_is_kept_past_the_minute(phone: Fetcher) -> None:
    """A window opens and closes at full minutes of the site's day, without any change of a row."""
    place = phone.estate.installation
    estates.publish(place, "2.4.1")
    with place.database.writing() as session:
        device = phone_of(session)
        session.add(
            Rollout(
                product_id=device.product_id,
                version="2.4.1",
                salt="",
                state=RolloutState.RUNNING,
                stop_percent=5,
                pass_percent=90,
                deadline_s=60,
                settle_s=0,
                window_from=60,
                window_to=120,
                asks_approval=False,
                created_by="test",
                created_at=now(),
            )
        )
    before = now().timestamp()
    phone.warm()
    after = now().timestamp()
    with place.database.reading() as session:
        (row,) = session.scalars(select(Rendered)).all()
    assert row.until_us is not None
    assert row.until_us % 60_000_000 == 0
    assert before < row.until_us / 1e6 <= after + 60
