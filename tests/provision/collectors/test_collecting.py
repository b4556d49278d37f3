"""A collector at a site: it asks, reads where it may, hands back; and sees its own site alone."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from accounts import users
from accounts.models import Site
from provision import profiles
from provision.collectors import keeping, wire
from provision.collectors.agent import (
    BadServerError,
    CollectorAgent,
    CollectorRefusedError,
    Settings,
)
from provision.collectors.cli import collector as command
from provision.collectors.dispatching import CollectorOptions
from provision.collectors.models import Errand
from provision.collectors.wire import BadMessageError, SweptMessage
from provision.families.family import Families
from provision.readers.errors import Phrase, UnreachableError
from provision.readers.facts import LINES_MAX, TEXT_LENGTH_MAX, DeviceFacts, LineFacts
from provision.readers.reading import Answer
from provision.readers.ways import Via
from provision.reading import phone_reads
from provision.reading.phone_reads import ReadAnswer
from storage.clock import now
from tests.browserless import log_in, post
from tests.provision.collectors.conftest import COMMUNITY, LOOPBACK, PASSWORD, token_of
from tests.provision.estate import MAC, NOW, Estate
from tests.waiting import until

PAGE = "/staff/collectors/"


@dataclass
class Working:
    """A collector that works in a thread while a test asks."""

    agent: CollectorAgent
    told: list[str]

    def while_asked(self, ask: Callable[[], list[ReadAnswer]]) -> list[ReadAnswer]:
        self.agent.do_one()
        stop = threading.Event()
        thread = threading.Thread(target=self.agent.live, args=(lambda s: stop.wait(s / 20),))
        thread.start()
        try:
            return ask()
        finally:
            stop.set()
            thread.join()


@pytest.fixture
def working(estate: Estate, server: str, families: Families) -> Working:
    told: list[str] = []
    settings = Settings(server, token_of(estate), LOOPBACK)
    return Working(CollectorAgent(settings, families, told.append), told)


def read(estate: Estate, *ways: Via) -> list[ReadAnswer]:
    chosen = ways or phone_reads.BOTH
    return list(
        phone_reads.read_phone(estate.installation, MAC, asked_by="agent", now=now(), ways=chosen)
    )


def errands(estate: Estate) -> int:
    with estate.installation.database.reading() as session:
        return len(session.scalars(select(Errand)).all())


def test_a_phone_behind_nat_is_read_by_its_site_s_collector(
    estate: Estate, working: Working
) -> None:
    (alone,) = read(estate, Via.SNMP)
    assert alone.error is not None, "the server itself may not go there"
    answers = working.while_asked(lambda: read(estate))
    assert [one.facts.firmware if one.facts else one.error for one in answers] == ["2.4.1"] * 2
    assert [one.verdict for one in answers] == ["matched", "matched"]
    assert len(working.told) == 2
    for secret in (COMMUNITY, PASSWORD):
        assert secret not in " ".join(working.told)


def test_no_secret_is_stored_with_an_errand_and_each_way_gets_only_its_own(
    estate: Estate, working: Working, site: Flask
) -> None:
    working.while_asked(lambda: read(estate))
    with estate.installation.database.reading() as session:
        kept = [json.dumps(one.answer) for one in session.scalars(select(Errand))]
    assert len(kept) == 2
    assert all(COMMUNITY not in one and PASSWORD not in one for one in kept)
    assert site


def test_a_failure_at_the_site_is_the_same_answer_as_one_here(
    estate: Estate, working: Working
) -> None:
    with estate.installation.database.writing() as session:
        seal, link = estate.installation.seal, profiles.link_for(session, device=MAC)
        profiles.put(session, seal, link, "read.http_password", "wrong", actor="t", now=NOW)
    (answer,) = working.while_asked(lambda: read(estate, Via.HTTP))
    assert answer.error is not None
    assert answer.error.code == "phone-access-denied"
    assert "127.0.0.1" in answer.error.text("ru")


def test_where_a_collector_may_read_is_its_own_setting(
    estate: Estate, server: str, families: Families
) -> None:
    settings = Settings(server, token_of(estate), (IPv4Network("192.168.0.0/16"),))
    working = Working(CollectorAgent(settings, families, [].append), [])
    (answer,) = working.while_asked(lambda: read(estate, Via.SNMP))
    assert answer.error is not None
    assert answer.error.code == "read-not-allowed"


def with_patience(estate: Estate, seconds: float) -> Estate:
    """Where a collector that brings nothing back is given up after so long."""
    options = {**estate.installation.options, CollectorOptions: CollectorOptions(seconds)}
    return replace(estate, installation=replace(estate.installation, options=options))


def test_a_collector_that_dies_on_its_errand_costs_its_patience(
    estate: Estate, server: str, families: Families
) -> None:
    hasty = with_patience(estate, 0.5)
    agent = CollectorAgent(Settings(server, token_of(estate), LOOPBACK), families, [].append)
    assert agent.do_one() is False
    (answer,) = read(hasty, Via.SNMP)
    assert answer.error is not None
    assert "collector" in answer.error.text("en")


def test_a_collector_sees_its_own_site_alone(
    estate: Estate, server: str, families: Families
) -> None:
    with estate.installation.database.writing() as session:
        owner = users.site(session, "Офис").organisation_id
        session.add(Site(organisation_id=owner, name="Склад"))
        session.flush()
    stranger = Settings(server, token_of(estate, "Склад"), LOOPBACK)
    own = Settings(server, token_of(estate), LOOPBACK)
    CollectorAgent(own, families, [].append).do_one()
    thread = threading.Thread(target=read, args=(with_patience(estate, 3.0), Via.SNMP))
    thread.start()
    try:
        until(lambda: errands(estate) == 1)
        for _ in range(3):
            assert CollectorAgent(stranger, families, [].append).do_one() is False
    finally:
        thread.join()


def test_a_revoked_or_unknown_token_is_refused(
    estate: Estate, server: str, families: Families
) -> None:
    token = token_of(estate)
    with estate.installation.database.writing() as session:
        keeping.revoke(session, 1, actor="test", now=now())
    for bad in (token, "fpc_guess", ""):
        with pytest.raises(CollectorRefusedError):
            CollectorAgent(Settings(server, bad), families, [].append).do_one()


def test_another_collector_cannot_answer_an_errand(estate: Estate, site: Flask) -> None:
    token, client = token_of(estate), site.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.post("/api/v1/collector/errands/7", json={}, headers=headers)
    assert answer.status_code == 404
    assert client.post("/api/v1/collector/claim").status_code in {400, 401}


@pytest.mark.parametrize("address", ["http://example.com", "ftp://127.0.0.1", "example.com"])
def test_secrets_go_over_https_only(families: Families, address: str) -> None:
    with pytest.raises(BadServerError):
        CollectorAgent(Settings(address, "t"), families, [].append)


def test_answers_go_over_the_wire_as_they_are() -> None:
    facts = DeviceFacts(product="FP-B2", uptime_s=7, mos=4.5)
    told = wire.answer_message(Answer(facts, "$ show version")).model_dump(mode="json")
    assert wire.result_of(told) == Answer(facts, "$ show version")
    failed = UnreachableError(address="a", via="SNMP", reason=Phrase("тишина", "silence"))
    back = wire.result_of(wire.answer_message(failed).model_dump(mode="json"))
    assert isinstance(back, UnreachableError)
    assert (back.text("ru"), back.text("en")) == (failed.text("ru"), failed.text("en"))


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"error": "no-such-code"},
        {"error": "phone-unreachable", "details": {"reason": {"ru": "x"}}},
        {"facts": {"firmware": {"a": 1}}},
        {"facts": {"lines": "many"}},
        {"facts": {"lines": [{"number": ["101"]}]}},
        {"facts": {"sources": 7}},
        {"facts": {"refused": {"mac": {}, "serial": [1]}}},
        {"extra": 1},
    ],
)
def test_nonsense_from_a_collector_is_no_fault_of_ours(record: dict[str, object]) -> None:
    with pytest.raises(BadMessageError):
        wire.result_of(record)


def test_what_a_collector_tells_goes_through_the_sieve_of_our_own_readers() -> None:
    lines = [{"number": "1" * 9000, "state": "a\nb"}] * 1000
    told = {
        "firmware": "2.4.1\x00" + "x" * 9000,
        "product": 7,
        "mac": 7,
        "serial": "x" * 300,
        "uptime_s": "abc",
        "clock": "x",
        "mos": "inf",
        "lines": lines,
    }
    answer = wire.result_of({"facts": told})
    assert isinstance(answer, Answer)
    facts = answer.facts
    assert set(facts.told) == {"firmware", "product", "lines"}
    assert set(facts.refused) == {"mac", "serial", "uptime_s", "clock", "mos"}
    assert facts.firmware is not None
    assert len(facts.firmware) == TEXT_LENGTH_MAX
    assert facts.product == "7"
    assert facts.lines == (LineFacts("1" * TEXT_LENGTH_MAX, state="a b"),) * LINES_MAX


def test_a_swept_dict_where_a_text_belongs_is_no_facts() -> None:
    told = SweptMessage(address=IPv4Address("10.0.0.1"), lane="sweep", facts={"firmware": {"a": 1}})
    assert wire.swept_of(told).facts is None


def test_an_engineer_makes_a_collector_on_the_page_and_revokes_it(site: Flask) -> None:
    engineer, agent = site.test_client(), site.test_client()
    log_in(engineer, "engineer")
    log_in(agent, "agent")
    made = post(engineer, PAGE, {"site": "Офис"}, PAGE)
    assert made.status_code == 200
    assert "fpc_" in made.text
    assert made.headers["Cache-Control"] == "no-store"
    assert "fpc_" not in engineer.get(PAGE).text, "shown once"
    assert post(engineer, PAGE, {"site": "Нигде"}, PAGE).status_code in {404, 422}
    assert post(agent, PAGE, {"site": "Офис"}, "/staff/devices/").status_code == 403
    assert post(engineer, f"{PAGE}1/revoke", {}, PAGE).status_code == 302
    assert "отозван" in agent.get(PAGE).text


def test_the_command_makes_lists_and_revokes_and_needs_both_to_run(estate: Estate) -> None:
    runner = CliRunner()

    def run(*arguments: str) -> str:
        result = runner.invoke(command, arguments, obj=lambda: estate.installation)
        assert result.exit_code == 0, result.output
        return result.stdout

    assert run("add", "Офис").startswith("fpc_")
    (row,) = json.loads(run("list", "--json"))
    assert (row["site"], row["is_here"], row["is_revoked"]) == ("Офис", False, False)
    run("revoke", "1")
    assert json.loads(run("list", "--json"))[0]["is_revoked"]
    assert runner.invoke(command, [], obj=lambda: estate.installation).exit_code == 2
