"""The work with phones: what is made for them, asked of them, and kept about them."""

from collections.abc import Mapping
from datetime import timedelta

from portal.app import Plane, create_app
from portal.settings import Settings
from provision import checkins, profiles
from provision import work as provision_work
from provision.checkins import Visit
from provision.devices import registry
from provision.diagnosis import conducting as diagnosing
from provision.diagnosis import work as diagnosis_work
from provision.enrolment import kept
from provision.enrolment import work as enrolment_work
from provision.models import CheckInKind
from provision.newcomers import work as newcomer_work
from provision.newcomers.tries import MACS_PER_MINUTE
from provision.rendered import work as rendered_work
from provision.resyncs import starting
from provision.resyncs import work as resync_work
from provision.resyncs.starting import NewResync
from provision.rollouts import planning, steering
from provision.rollouts import work as rollout_work
from provision.rollouts.planning import NewRollout
from provision.sweeps import conducting as sweeping
from provision.sweeps import work as sweep_work
from provision.sweeps.conducting import NewSweep
from tests.catalogue.vendor import CODE, Vendor
from tests.portal.killed_jobs.case import Case
from tests.portal.killed_jobs.stage import START, Stage
from tests.provision import estate as estates
from tests.provision.estate import MAC, Estate
from tests.provision.rendered.fetcher import Fetcher
from tests.provision.test_many_macs import visits

SECOND = "02f1a7000002"
TABLE = "MAC;Серийный номер;Изделие;Ревизия\n02f1a7000003;SN-3;FP-B2;A\n02f1a7000004;SN-4;FP-B2;A\n"


def visit(mac: str, ago: timedelta) -> Visit:
    return Visit(
        at=START - ago,
        kind=CheckInKind.CONFIGURATION,
        method="GET",
        path_kind="configuration",
        status=200,
        address="127.0.0.1",
        user_agent="FlatPhone/1.0.0",
        mac=mac,
        proof="token",
    )


def put(stage: Stage, name: str, text: str) -> None:
    with stage.place.database.writing() as session:
        profiles.put(
            session, stage.place.seal, profiles.GLOBAL, name, text, actor="test", now=START
        )


def two_phones(stage: Stage) -> Estate:
    """Two that proved themselves at an address of this machine, which may be asked."""
    built = stage.estate()
    with stage.place.database.writing() as session:
        estates.add_phone(session, SECOND, None)
        for mac in (MAC, SECOND):
            registry.get(session, mac).address = "127.0.0.1"
            checkins.record(session, visit(mac, timedelta(hours=1)))
    return built


def old_visits(stage: Stage) -> Mapping[str, object]:
    two_phones(stage)
    with stage.place.database.writing() as session:
        for days in (450, 500):
            checkins.record(session, visit(MAC, timedelta(days=days)))
    return {}


def guesser(stage: Stage) -> Mapping[str, object]:
    with stage.place.database.writing() as session:
        checkins.record_all(session, visits(MACS_PER_MINUTE + 1, "10.0.0.1", START))
    return {}


def phones_to_read(stage: Stage) -> Mapping[str, object]:
    """Nobody answers, which is on record as well."""
    two_phones(stage)
    put(stage, "read.snmp_port", stage.outside["silent"])
    put(stage, "read.snmp_community", "public")
    return {"q": "", "product": "", "site": ""}


def rollout(stage: Stage) -> Mapping[str, object]:
    two_phones(stage)
    Vendor(stage.place).publish("1.1.0", at=START)
    with stage.place.database.writing() as session:
        registry.get(session, MAC).firmware = "1.0.0"
        new = NewRollout(CODE, "1.1.0")
        number = planning.create(session, new, actor="anna", now=START)
        steering.start(session, number, actor="anna", now=START)
        # It comes later, and is taken in by the next turn.
        estates.add_phone(session, "02f1a7000003", None).firmware = "1.0.0"
    return {}


def resync(stage: Stage) -> Mapping[str, object]:
    two_phones(stage)
    put(stage, "read.sip_port", stage.outside["sip"])
    with stage.place.database.writing() as session:
        new = NewResync(devices=[MAC, SECOND])
        number = starting.start(session, new, actor="anna", now=START)
    return {"resync": number}


def left_resync(stage: Stage) -> Mapping[str, object]:
    two_phones(stage)
    with stage.place.database.writing() as session:
        new = NewResync(devices=[MAC])
        starting.start(session, new, actor="anna", now=START, owner="1-dead")
    return {}


def table(stage: Stage) -> Mapping[str, object]:
    stage.estate()
    return {"sha256": kept.keep(stage.place, TABLE.encode()), "name": "phones.csv"}


def stale(stage: Stage) -> Mapping[str, object]:
    """A configuration that was fetched, and a setting that was changed since."""
    built, chosen = two_phones(stage), Settings(data_dir=stage.place.data_dir, demo=False)
    phone = Fetcher(built, create_app(stage.place, chosen, {Plane.PHONES}))
    assert phone.warm().status_code == 200
    put(stage, "network.vlan", "204")
    return {}


def sweep(stage: Stage) -> Mapping[str, object]:
    stage.estate()
    new = NewSweep(
        ["127.0.88.0/30"], community="public", timeout_s=0.1, retries=0,
        port=int(stage.outside["silent"]),
    )  # fmt: skip
    with stage.place.database.writing() as session:
        return {"sweep": sweeping.start(session, stage.place, new, actor="anna", now=START)}


def diagnosis(stage: Stage) -> Mapping[str, object]:
    stage.estate()
    with stage.place.database.writing() as session:
        return {"diagnosis": diagnosing.start(session, MAC, actor="anna", now=START).id}


CASES = {
    provision_work.PRUNE: Case(old_visits, ("check_in",)),
    provision_work.READ: Case(phones_to_read, ("reading",), twice=frozenset({"reading"})),
    newcomer_work.NOTE: Case(guesser, ("audit_entry",), START + timedelta(minutes=2)),
    rollout_work.CONDUCT: Case(rollout, ("rollout_target",)),
    resync_work.ASK: Case(resync, ("resync", "resync_target")),
    resync_work.LOOK: Case(left_resync, ("resync", "resync_target", "audit_entry")),
    # That it ran again, and found all there, is on record too.
    enrolment_work.IMPORT: Case(table, ("device", "audit_entry"), twice=frozenset({"audit_entry"})),
    rendered_work.PREPARE: Case(stale, ("rendered",)),
    rendered_work.LOOK: Case(stale, ("jobs",)),
    sweep_work.WALK: Case(sweep, ("sweep", "sweep_chunk")),
    diagnosis_work.DIAGNOSE: Case(diagnosis, ("diagnosis",)),
}
