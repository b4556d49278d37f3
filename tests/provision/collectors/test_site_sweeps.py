"""A sweep at a site: its chunks go to the site's collector, come back, and survive its death."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Network

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jobs import queue
from provision.collectors import keeping
from provision.collectors.agent import CollectorAgent, Settings
from provision.families.family import Families
from provision.readers.snmp_credentials import Community
from provision.sweeps import conducting, handing_out, results, work
from provision.sweeps.conducting import NewSweep, Standing
from provision.sweeps.handing_out import HELD_FOR, UnknownChunkError
from provision.sweeps.models import SweepState
from provision.sweeps.scanning import Swept
from simulator.faces import Faces
from storage.clock import now
from storage.refusals import RefusedError
from tests.browserless import log_in, post
from tests.provision.collectors.conftest import COMMUNITY, LOOPBACK, token_of
from tests.provision.estate import MAC, NOW, SERIAL, Estate

NETWORK = "127.0.0.0/30"


def start(estate: Estate, faces: Faces) -> int:
    new = NewSweep([NETWORK], 20_000, faces.snmp_port, 0.3, 0, COMMUNITY, site="Офис")
    with estate.installation.database.writing() as session:
        return conducting.start(session, estate.installation, new, actor="test", now=NOW)


def standing(estate: Estate, number: int) -> Standing:
    with estate.installation.database.reading() as session:
        return conducting.standing(session, number)


def test_the_site_s_collector_sweeps_and_the_rows_are_the_same(
    estate: Estate, faces: Faces, server: str, families: Families
) -> None:
    number, told = start(estate, faces), list[str]()
    agent = CollectorAgent(Settings(server, token_of(estate), LOOPBACK), families, told.append)
    assert agent.do_one() is True
    done = standing(estate, number)
    assert (done.state, done.scanned, done.found) == (SweepState.DONE, 4, 1)
    with estate.installation.database.reading() as session:
        (found,) = results.listed(session, number)
    assert (found.address, found.serial, found.device_mac) == ("127.0.0.1", SERIAL, MAC)
    assert told == [f"sweep {number}: 1 of 4 addresses answered"]
    assert agent.do_one() is False


def test_a_network_that_the_collector_may_not_read_pauses_the_sweep(
    estate: Estate, faces: Faces, server: str, families: Families, site: Flask
) -> None:
    number = start(estate, faces)
    elsewhere = (IPv4Network("192.168.0.0/16"),)
    agent = CollectorAgent(Settings(server, token_of(estate), elsewhere), families, [].append)
    agent.do_one()
    assert standing(estate, number).state == SweepState.PAUSED
    assert agent.do_one() is False
    log_in(client := site.test_client(), "engineer")
    page = client.get(f"/staff/sweeps/{number}").text
    assert "Сборщик отказался" in page
    assert "Обходит сборщик площадки «Офис»" in page


def test_a_chunk_of_a_dead_collector_is_handed_out_again_and_its_late_word_counts_for_nothing(
    estate: Estate, faces: Faces
) -> None:
    number = start(estate, faces)
    token_of(estate)
    seal, key = estate.installation.seal, (number, 0)
    answered = [Swept("127.0.0.1", "sweep", None)]
    with estate.installation.database.writing() as session:
        site = keeping.every(session, NOW)
        assert len(site) == 1
        first = handing_out.claim(session, seal, 1, 1, NOW)
        assert first is not None
        assert first.credential == Community(COMMUNITY)
        assert handing_out.claim(session, seal, 1, 2, NOW) is None, "one at a time"
        later = NOW + HELD_FOR + timedelta(seconds=1)
        assert handing_out.claim(session, seal, 2, 2, later) is None, "another site's"
        assert handing_out.claim(session, seal, 1, 2, later) is not None
        with pytest.raises(UnknownChunkError):
            handing_out.take_back(session, 1, key, answered, later, done=True)
        handing_out.take_back(session, 2, key, answered, later, done=True)
    assert standing(estate, number).state == SweepState.DONE


def test_a_result_outside_the_sweep_is_not_stored(estate: Estate, faces: Faces) -> None:
    number = start(estate, faces)
    with estate.installation.database.writing() as session:
        handing_out.claim(session, estate.installation.seal, 1, 1, NOW)
        liar = [Swept("10.0.0.1", "sweep", None), Swept("not an address", "sweep", None)]
        handing_out.take_back(session, 1, (number, 0), liar, NOW, done=True)
        assert results.found(session, number) == 0


def test_the_server_itself_never_walks_a_site_s_sweep_and_a_nameless_site_is_refused(
    estate: Estate, faces: Faces
) -> None:
    start(estate, faces)
    with estate.installation.database.writing() as session:
        assert not queue.is_due(session, [work.WALK], now())
        wrong = NewSweep([NETWORK], community=COMMUNITY, site="Нигде")
        with pytest.raises(RefusedError):
            conducting.start(session, estate.installation, wrong, actor="test", now=NOW)


def test_a_site_s_sweep_is_started_on_the_page(estate: Estate, site: Flask) -> None:
    client: FlaskClient = site.test_client()
    log_in(client, "engineer")
    page = "/staff/sweeps/"
    assert 'name="site"' not in client.get(page).text, "no collector, no choice"
    token_of(estate)
    form = {"networks": "10.20.0.0/24", "community": "x", "site": "Офис", "rate": "1000"}
    assert "Офис" in client.get(page).text
    answer = post(client, page, form, page)
    assert answer.status_code == 302
    assert standing(estate, 1).site_id is not None
    refused = post(client, page, {**form, "site": ""}, page)
    assert refused.status_code == 422, "the server itself may not go there"
    assert replace(standing(estate, 1), site_id=None).state == SweepState.RUNNING
