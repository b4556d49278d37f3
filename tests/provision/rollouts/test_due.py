"""What a device is due: the next release, unless something speaks against it."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from catalogue.versions import BadVersionError
from provision import rollouts
from provision.devices import registry
from provision.devices.identity import MacAddress
from provision.families.family import Families
from provision.families.identification import Identity, Origin, PhoneRequest, Proof, identify
from provision.rollouts import HoldReasonError
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, Estate


@dataclass(frozen=True)
class Due:
    estate: Estate
    families: Families

    def version(self, agent: str | None = None) -> str | None:
        """What is due now, to a phone that says `agent` of itself while proved."""
        identity = self.identity(agent) if agent else None
        with self.estate.installation.database.reading() as session:
            phone = registry.get(session, MAC)
            found = rollouts.release_due(session, phone, NOW, identity)
        return found.version if found else None

    def identity(self, agent: str) -> Identity:
        proof = Proof(Origin.TOKEN, MacAddress(MAC))
        asking = PhoneRequest("GET", f"/p/{MAC}.cfg", agent, "10.0.0.7", proof)
        return identify(asking, self.families)

    def change(self, **values: str | None) -> None:
        with self.estate.installation.database.writing() as session:
            phone = registry.get(session, MAC)
            for name, value in values.items():
                setattr(phone, name, value)


@pytest.fixture
def due(installation: Installation, families: Families) -> Due:
    estate = estates.build(installation)
    estates.publish(installation, "2.4.1")
    return Due(estate, families)


def test_a_release_is_due_by_what_the_phone_runs(due: Due) -> None:
    due.change(firmware="2.3.1")
    assert due.version() == "2.4.1"
    due.change(firmware="2.4.1")
    assert due.version() is None


def test_what_the_proved_phone_says_now_counts_before_what_is_on_record(due: Due) -> None:
    due.change(firmware="2.3.1")
    assert due.version(due.estate.agent("2.4.1")) is None
    assert due.version(due.estate.agent("2.2.0")) == "2.4.1"
    assert due.version("curl/8.5") == "2.4.1"


@pytest.mark.parametrize(
    "agent",
    [
        f"FlatPhone/2.3.1 (FP-B2; hw B; mac {MAC})",
        f"FlatPhone/2.3.1 (FP-C5; hw A; mac {MAC})",
    ],
)
def test_a_phone_that_says_it_is_another_is_offered_nothing(due: Due, agent: str) -> None:
    due.change(firmware="2.3.1")
    assert due.version(agent) is None


@pytest.mark.parametrize("unknown", [{"firmware": None}, {"hardware": None}, {"firmware": "?"}])
def test_a_phone_of_which_too_little_is_known_is_offered_nothing(
    due: Due, unknown: dict[str, str | None]
) -> None:
    due.change(**{"firmware": "2.3.1", **unknown})
    assert due.version() is None


def test_a_phone_held_back_is_offered_nothing_until_it_is_let_go(due: Due) -> None:
    due.change(firmware="2.3.1")
    database = due.estate.installation.database
    before = NOW - timedelta(hours=1)
    with database.writing() as session:
        for _ in range(2):
            phone = registry.get(session, MAC)
            rollouts.hold(session, phone, " шумит ", actor="engineer", now=before)
        held = rollouts.held(session, phone, NOW)
        assert held is not None
        assert held.reason == "шумит"
    assert due.version() is None
    with database.writing() as session:
        rollouts.release_hold(session, registry.get(session, MAC), actor="engineer", now=NOW)
    assert due.version() == "2.4.1"
    with database.writing() as session:
        rollouts.release_hold(session, registry.get(session, MAC), actor="engineer", now=NOW)


def test_a_hold_has_a_reason(due: Due) -> None:
    with pytest.raises(HoldReasonError), due.estate.installation.database.writing() as session:
        rollouts.hold(session, registry.get(session, MAC), "  ", actor="engineer", now=NOW)


def test_a_pinned_phone_goes_to_its_version_and_stays(due: Due) -> None:
    due.change(firmware="2.3.1")
    estates.publish(due.estate.installation, "2.5.0")
    database = due.estate.installation.database
    with database.writing() as session:
        phone = registry.get(session, MAC)
        rollouts.pin(session, phone, "2.4.1", actor="engineer", now=NOW)
    assert due.version() == "2.4.1"
    due.change(firmware="2.4.1")
    assert due.version() is None
    with database.writing() as session:
        rollouts.pin(session, registry.get(session, MAC), None, actor="engineer", now=NOW)
    assert due.version() == "2.5.0"
    with pytest.raises(BadVersionError), database.writing() as session:
        rollouts.pin(session, registry.get(session, MAC), "latest", actor="engineer", now=NOW)
