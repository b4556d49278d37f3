"""The files that phones get: whole, typed, and with a name that changes when they do."""

import hashlib
import re

import pytest

from catalogue import products
from provision import configurations, profiles
from provision.configurations import PhoneFile, Press
from provision.devices import registry
from provision.devices.identity import MacAddress
from provision.profiles import GLOBAL, Link
from simulator.configuration import Configuration, refuse_secrets
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SIP_PASSWORD, Estate


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


def press(estate: Estate) -> Press:
    return Press.of(estate.installation)


def put(estate: Estate, link: Link, **settings: str) -> None:
    with estate.installation.database.writing() as session:
        for name, text in settings.items():
            dotted = name.replace("__", ".")
            seal = estate.installation.seal
            profiles.put(session, seal, link, dotted, text, actor="test", now=NOW)


def full(estate: Estate, token: str | None = None) -> PhoneFile:
    with estate.installation.database.reading() as session:
        phone = registry.get(session, MAC)
        return configurations.full(session, press(estate), phone, NOW, token=token)


def run(estate: Estate, version: str) -> None:
    with estate.installation.database.writing() as session:
        registry.get(session, MAC).firmware = version


def test_a_phone_can_read_all_that_its_profile_says(estate: Estate) -> None:
    put(
        estate,
        GLOBAL,
        network__vlan="20",
        network__ntp_server="ntp.example.net",
        provisioning__poll_s="60",
        sip__1__server="pbx.example.net",
        sip__1__transport="tls",
        sip__3__number="301",
        screen__language="ru",
        read__snmp_community="not-for-phones",
        firmware__spread_s="900",
    )
    file = full(estate, estate.token)
    read = Configuration.parse(file.body)
    assert read.poll_s == 60
    assert (read.channel, read.revision) == ("stable", file.revision)
    assert read.sections["network"] == {"vlan": "20", "ntp_server": "ntp.example.net"}
    assert read.sections["screen"] == {"language": "ru"}
    url = f"http://phones.test/p/{estate.token}/{MAC}.cfg"
    assert read.sections["provisioning"]["url"] == url
    first, third = read.lines
    assert (first.number, first.display_name, first.user) == ("101", "101", "101")
    assert (first.server, first.transport, first.password) == (
        "pbx.example.net",
        "tls",
        SIP_PASSWORD,
    )
    assert (third.number, third.transport) == ("301", "udp")
    assert read.firmware is None
    assert b"not-for-phones" not in file.body


def test_whoever_proved_itself_by_password_is_sent_back_to_the_same_door(estate: Estate) -> None:
    estates.publish(estate.installation, "2.4.1")
    run(estate, "2.3.1")
    read = Configuration.parse(full(estate).body)
    assert read.sections["provisioning"]["url"] == f"http://phones.test/p/auth/{MAC}.cfg"
    assert read.firmware is not None
    assert read.firmware.url == "http://phones.test/firmware/FP-B2/2.4.1/fp-b2-2.4.1.img"


def test_the_start_is_spread_over_the_time_that_the_profile_allows(estate: Estate) -> None:
    body = estates.publish(estate.installation, "2.4.1")
    run(estate, "2.3.1")
    read = Configuration.parse(full(estate, estate.token).body)
    assert read.firmware is not None
    assert read.firmware.not_before_s == 0
    assert (read.firmware.size, read.firmware.sha256) == (
        len(body),
        hashlib.sha256(body).hexdigest(),
    )
    put(estate, GLOBAL, firmware__spread_s="86400")
    seconds = {Configuration.parse(full(estate).body).firmware.not_before_s for _ in range(3)}  # type: ignore[union-attr]
    assert len(seconds) == 1
    assert 0 < seconds.pop() <= 86400


def test_the_same_values_make_the_same_bytes_and_others_another_revision(estate: Estate) -> None:
    first, again = full(estate, estate.token), full(estate, estate.token)
    assert (first.body, first.etag, first.revision) == (again.body, again.etag, again.revision)
    put(estate, GLOBAL, network__vlan="21")
    changed = full(estate, estate.token)
    assert changed.revision != first.revision
    assert changed.etag != first.etag
    assert re.fullmatch(r'"sha256-[0-9a-f]{64}"', changed.etag)


def test_a_bootstrap_is_read_by_a_phone_and_holds_no_secret(estate: Estate) -> None:
    body = configurations.bootstrap(press(estate), MacAddress(MAC)).body
    refuse_secrets(body)
    assert Configuration.parse(body).auth_url == f"http://phones.test/p/auth/{MAC}.cfg"


def test_what_a_product_shares_is_of_its_two_levels_and_plain(estate: Estate) -> None:
    put(estate, GLOBAL, screen__language="ru", sip__1__server="pbx", web__admin_password="geheim")
    put(estate, GLOBAL, read__http_user="admin", provisioning__poll_s="99")
    with estate.installation.database.reading() as session:
        link = profiles.link_for(session, product="FP-B2")
    put(estate, link, screen__language="en")
    with estate.installation.database.reading() as session:
        file = configurations.common(session, press(estate), products.get(session, "FP-B2"))
    read = Configuration.parse(file.body)
    assert read.sections["screen"] == {"language": "en"}
    assert read.sections["sip.1"] == {"server": "pbx"}
    assert read.poll_s == 99
    for hidden in (b"geheim", b"password", b"admin", b"101"):
        assert hidden not in file.body


def test_a_preview_shows_everything_but_secrets(estate: Estate) -> None:
    with estate.installation.database.reading() as session:
        phone = registry.get(session, MAC)
        text = configurations.preview(session, press(estate), phone, NOW)
    assert 'number = "101"' in text
    assert SIP_PASSWORD not in text
    assert configurations.NO_TOKEN not in text
    assert "••••" in text


def test_a_press_or_a_file_tells_no_secret_by_accident(estate: Estate) -> None:
    key = estate.installation.secret_key
    assert repr(key) not in repr(press(estate))
    assert SIP_PASSWORD not in repr(full(estate))
