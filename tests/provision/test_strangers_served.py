"""Foreign phones from first contact to their whole configuration, on a real server."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
from flask import Flask

from provision import profiles
from provision.dialects import schema_of
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SIP_PASSWORD, UNKNOWN, Estate
from tests.provision.phone_plane import Answer, ask, served

AWKWARD = "p<a>&\"s' =#;%"
AGENTS = {
    "yealink": "Yealink SIP-T46S 66.85.0.5 02:f1:a7:00:00:01",
    "snom": "Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 02F1A7000001)",
    "grandstream": "Grandstream Model HW GXP2170 SW 1.0.11.3 DevId 02f1a7000001",
}
FILES = {"yealink": "{mac}.cfg", "snom": "{mac}.xml", "grandstream": "cfg{mac}.xml"}


@pytest.fixture
def estate(installation: Installation) -> Estate:
    built = estates.build(installation)
    schema = schema_of(installation)
    with installation.database.writing() as session:
        link = profiles.link_for(session, device=MAC)
        for name, text in (
            ("sip.1.password", AWKWARD),
            ("sip.1.server", "sip.example"),
            ("sip.1.transport", "tls"),
            ("sip.1.display_name", "Иван & Co"),
            ("network.vlan", "42"),
            ("network.ntp_server", "ntp.example"),
            ("network.time_zone", "Europe/Moscow"),
            ("yealink.phone_setting.backlight_time", "60"),
            ("grandstream.p1362", "ru"),
            ("snom.language", "Russian"),
            ("snom.http_pass", "snom-web-1"),
            ("grandstream.date_format", "2"),
            ("grandstream.admin_password", "gs-admin-1"),
            ("grandstream.notify_unproved", "yes"),
        ):
            put = profiles.put
            put(session, installation.seal, link, name, text, actor="t", now=NOW, schema=schema)
    return built


@pytest.fixture
def port(estate: Estate, phones: Flask) -> Iterator[int]:
    assert estate.token
    with served(phones) as found:
        yield found


def get(port: int, family: str, *place: str, mac: str = MAC) -> Answer:
    agent = AGENTS[family].replace("02f1a7000001", mac).replace("02F1A7000001", mac.upper())
    path = "/".join(("/p", *place, FILES[family].format(mac=mac)))
    return ask(port, path, f"User-Agent: {agent if mac == MAC else agent.split(' 02')[0]}")


@pytest.mark.parametrize("family", AGENTS)
def test_first_contact_holds_no_secret_and_leads_to_the_proof(port: int, family: str) -> None:
    known, unknown = get(port, family), get(port, family, mac=UNKNOWN)
    assert known.status == unknown.status == 200
    assert known.body.replace(MAC.encode(), b"") == unknown.body.replace(UNKNOWN.encode(), b"")
    assert b"phones.test/p/auth" in known.body
    assert not re.search(rb"password|secret|token", known.body, re.IGNORECASE)
    challenge = get(port, family, "auth")
    assert (challenge.status, challenge.first("www-authenticate") is None) == (401, False)


def test_a_yealink_gets_key_value_lines(port: int, estate: Estate) -> None:
    answer = get(port, "yealink", estate.token)
    assert (answer.status, answer.first("content-type")) == (200, "text/plain; charset=utf-8")
    first, *lines = answer.body.decode().splitlines()
    assert first == "#!version:1.0.0.1"
    told = dict(line.split(" = ", 1) for line in lines if " = " in line)
    assert told["account.1.password"] == AWKWARD
    assert told["account.1.display_name"] == "Иван & Co"
    assert told["account.1.sip_server.1.transport_type"] == "2"
    assert told["static.network.vlan.internet_port_vid"] == "42"
    assert told["local_time.time_zone"] == "+3"
    assert told["phone_setting.backlight_time"] == "60"
    assert told["static.auto_provision.server.url"] == f"http://phones.test/p/{estate.token}/"
    assert "p1362" not in answer.body.decode().lower()


def test_a_snom_gets_its_settings_in_xml(port: int, estate: Estate) -> None:
    answer = get(port, "snom", estate.token)
    assert answer.status == 200
    told = {one.tag: one.text for one in ET.fromstring(answer.body).iter()}
    assert (told["user_pass"], told["user_realname"]) == (AWKWARD, "Иван & Co")
    assert told["user_host"] == "sip.example;transport=tls"
    assert (told["vlan_id"], told["timezone"], told["language"]) == ("42", "RUS+3", "Russian")
    assert told["setting_server"] == f"http://phones.test/p/{estate.token}/{MAC}.xml"
    assert told["http_pass"] == "snom-web-1"


def test_a_grandstream_gets_its_parameters_by_number(port: int, estate: Estate) -> None:
    answer = get(port, "grandstream", estate.token)
    assert answer.status == 200
    told = {one.tag: one.text for one in ET.fromstring(answer.body).iter()}
    assert told["mac"] == MAC
    assert (told["P34"], told["P3"], told["P47"]) == (AWKWARD, "Иван & Co", "sip.example")
    assert (told["P130"], told["P51"], told["P1362"]) == ("2", "42", "ru")
    assert (told["P212"], told["P237"]) == ("1", f"phones.test/p/{estate.token}")
    assert (told["P102"], told["P2"], told["P4428"]) == ("2", "gs-admin-1", "1")


@pytest.mark.parametrize("family", AGENTS)
def test_another_phones_token_is_refused_in_every_dialect(
    port: int, estate: Estate, family: str
) -> None:
    answer = get(port, family, estate.token, mac=UNKNOWN)
    assert answer.status == 404
    assert SIP_PASSWORD.encode() not in answer.body


def test_a_file_that_the_server_never_has_is_missing_and_no_mistake(
    port: int, estate: Estate
) -> None:
    for path in (f"/p/cfg{MAC}", f"/p/{estate.token}/cfg{MAC}", f"/p/{MAC}.boot"):
        assert ask(port, path).status == 404


def test_a_release_is_told_in_each_dialect(port: int, estate: Estate) -> None:
    body = estates.publish(estate.installation, "2.4.1")
    ask(port, f"/p/{estate.token}/{MAC}.cfg", f"User-Agent: {estate.agent('2.3.1')}")
    base = f"phones.test/p/{estate.token}"

    def told(file: str, agent: str) -> str:
        # Without its MAC a User-Agent stays a claim: what is recorded of the device counts.
        return ask(port, f"/p/{estate.token}/{file}", f"User-Agent: {agent}").body.decode()

    line = f"static.firmware.url = http://{base}/firmware\n"
    assert line in told(f"{MAC}.cfg", "Yealink SIP-T46S 66.85.0.5")
    assert f"<P192>{base}</P192>" in told(f"cfg{MAC}.xml", "Grandstream HT287 1.1.0.31")
    status = f">http://{base}/{MAC}-firmware.xml</firmware_status>"
    assert status in told(f"{MAC}.xml", "snomD785/10.1.33.33")
    assert f">http://{base}/firmware.bin<" in told(f"{MAC}-firmware.xml", "snomD785/10.1.33.33")
    for name in ("firmware", "firmware.bin", "gxp2170fw.bin"):
        assert ask(port, f"/p/{estate.token}/{name}").body == body
