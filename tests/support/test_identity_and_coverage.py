"""What phones say of themselves never lowers anybody's warranty: papers alone decide it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import support
from provision.checkins import Visit, record
from provision.devices import readings
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.readings import Attempt
from provision.families.loading import load_families
from provision.models import CheckInKind
from provision.readers.facts import DeviceFacts
from provision.verdicts import board_swaps, gathering
from provision.verdicts.unit import Verdict
from support.coverage import coverage_of
from support.warranty_terms.terms import TermPolicy
from tests.support.register import FIRST_MAC, REGISTERED_AT, Register, device_row

FAMILIES = load_families()
MACS = [FIRST_MAC, "02f1a70a0002", "02f1a70affff"]


@pytest.fixture
def backend() -> str:
    """The decision is the same over any database."""
    return "sqlite"


@dataclass(frozen=True)
class Told:
    """Something that a phone, a stranger or a repair left on record."""

    kind: str
    mac: str
    serial: int
    hours: int
    firmware: str


told = st.builds(
    Told,
    kind=st.sampled_from(["reading", "claim", "proved", "repair"]),
    mac=st.sampled_from(MACS),
    serial=st.integers(0, 3),
    hours=st.integers(-20_000, 20_000),
    firmware=st.sampled_from(["2.4.1", "evil"]),
)


@pytest.mark.parametrize("proved", [True, False])
def test_no_word_of_a_phone_changes_the_answer(register: Register, *, proved: bool) -> None:
    if proved:
        register.prove(register.first, date(2025, 11, 22))
    serials = [register.first, register.second, "SN-UNKNOWN", ""]
    found: set[Verdict] = set()

    clone = [Told("reading", mac, 0, hours, "2.4.1") for hours, mac in enumerate(MACS)]
    board = [Told("reading", MACS[2], 0, 0, "2.4.1"), Told("proved", MACS[0], 0, 99, "2.4.1")]

    @example(clone)
    @example(board)
    @settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
    @given(st.lists(told, max_size=6))
    def nothing_changes(events: list[Told]) -> None:
        with register.database.writing() as session:
            days = [date(2024, 1, 1), date(2026, 3, 1), date(2026, 11, 22), date(2030, 1, 1)]

            def answers() -> list[object]:
                return [coverage_of(session, register.first, day, TermPolicy()) for day in days]

            before = answers()
            for event in events:
                _tell(session, event, serials)
            found.update(
                one.verdict
                for one in gathering.of_device(
                    session, device_row(session, register.first), FAMILIES
                )
            )
            assert answers() == before
            session.rollback()

    nothing_changes()
    assert found >= {Verdict.SERIAL_CLONE, Verdict.MAC_MISMATCH}


def _tell(session: object, event: Told, serials: list[str]) -> None:
    at = REGISTERED_AT + timedelta(hours=event.hours)
    serial = serials[event.serial]
    facts = DeviceFacts(
        mac=MacAddress(event.mac),
        serial=SerialNumber.parse(serial) if serial else None,
        firmware=event.firmware,
    )
    agent = f"FlatPhone/{event.firmware} (FP-B2; hw A; sn {serial or '-'}; mac {event.mac})"
    tell: dict[str, Callable[[], object]] = {
        "reading": lambda: readings.record(
            session, Attempt("10.0.0.7", "snmp", "x", facts), now=at
        ),
        "claim": lambda: record(session, _visit(event, at, agent, None)),
        "proved": lambda: record(session, _visit(event, at, agent, "token")),
        "repair": lambda: (
            event.mac != FIRST_MAC
            and board_swaps.explain(
                session,
                device_row(session, serials[0]),
                MacAddress(event.mac),
                "RMA-1",
                actor="x",
                now=at,
            )
        ),
    }
    tell[event.kind]()


def _visit(event: Told, at: object, agent: str, proof: str | None) -> Visit:
    return Visit(
        at, CheckInKind.CONFIGURATION, "GET", "configuration", 200, "10.0.0.7", agent,
        event.mac, event.firmware, proof,
    )  # fmt: skip


def test_the_warranty_decision_does_not_even_know_of_verdicts() -> None:
    folder = Path(support.__file__).parent
    readers = {
        path.name for path in folder.glob("*.py") if "provision.verdicts" in path.read_text("utf-8")
    }
    assert readers == {"views.py"}, "the page shows them; no decision reads them"
