"""Names and values of settings: typed, bounded, and secrets known by their names."""

import pytest

from provision.vocabulary import (
    BadSettingNameError,
    BadSettingValueError,
    check_name,
    is_secret,
    read_value,
)


@pytest.mark.parametrize(
    "name", ["sip.1.number", "sip.16.password", "network.vlan", "read.snmp_port", "web.admin_user"]
)
def test_a_known_or_a_familys_own_name_is_taken(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "sip",
            "sip.0.number",
            "function_key.0.label",
            "function_key.01.label",
            "function_key.1.0",
            "sip.17.number",
            "sip.1.nothing",
            "sip.x.number",
        ),
        *("network.speed", "read.root_password", "firmware.url", "provisioning.url"),
        *("Web.user", "web..user", "web.user\n", "a" * 40 + ".b", "имя.ключ", 'web."x'),
    ],
)
def test_a_name_that_means_nothing_is_refused(name: str) -> None:
    with pytest.raises(BadSettingNameError):
        check_name(name)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("sip.1.password", True),
        ("read.snmp_community", True),
        ("web.admin_password", True),
        ("vpn.key", True),
        ("screen.pin", True),
        ("snom.http_pass", True),
        ("sip.1.number", False),
        ("screen.keyboard", False),
        ("web.password_hint", False),
    ],
)
def test_a_secret_is_known_by_its_name(name: str, *, secret: bool) -> None:
    assert is_secret(name) is secret


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("network.vlan", " 20 ", 20),
        ("read.http_port", "18088", 18088),
        ("provisioning.poll_s", "60", 60),
        ("sip.1.transport", "tls", "tls"),
        ("sip.1.number", "0101", "0101"),
        ("sip.1.display_name", "Абонент 201", "Абонент 201"),
        ("web.user", "admin", "admin"),
    ],
)
def test_a_value_gets_the_type_of_its_setting(name: str, text: str, value: object) -> None:
    assert read_value(name, text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("network.vlan", text) for text in ("0", "4095", "-1", "1.5", "x", "", "9" * 12, "²")),
        *(("read.snmp_port", text) for text in ("0", "65536")),
        ("sip.1.transport", "carrier pigeon"),
        ("sip.1.password", "line\nbreak"),
        ("web.user", ""),
        ("web.user", "x" * 1001),
    ],
)
def test_a_value_that_no_phone_could_use_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(BadSettingValueError) as refusal:
        read_value(name, text)
    for language in ("ru", "en"):
        assert name in refusal.value.text(language)
    assert not text or text not in refusal.value.text("en") or len(text) < 3
