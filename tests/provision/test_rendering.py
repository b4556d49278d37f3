import contextlib
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.families.family import Family, TemplateName
from provision.families.formats import UnwritableNameError, UnwritableValueError
from provision.families.loading import load_families
from provision.rendering import (
    HIDDEN,
    BootstrapValues,
    ConfigurationValues,
    FirmwareValues,
    LineValues,
    NetworkValues,
    ProductValues,
    ProvisioningValues,
    RenderError,
    masked,
    render,
)

TOKEN = "t0ken-_" * 5
BOOTSTRAP = BootstrapValues(
    mac="02f1a7000001", auth_url="http://127.0.0.1:8081/p/auth/02f1a7000001.cfg", poll_s=300
)
LINE = LineValues(1, "101", "Иван Петров", "sip.example", "101", 'p"a\\ss\n#;word')
CONFIGURATION = ConfigurationValues(
    provisioning=ProvisioningValues(
        url=f"http://127.0.0.1:8081/p/{TOKEN}/02f1a7000001.cfg",
        poll_s=300,
        channel="stable",
        revision="7",
    ),
    network=NetworkValues(vlan=12),
    firmware=FirmwareValues("2.5.0", "http://127.0.0.1/f.bin", 1024, "ab" * 32, 30),
    lines=[LINE, replace(LINE, index=3, number="103", transport="tls")],
    sections={"phone": {"language": "ru", "night_mode": True, "ring_tone": None}},
)


def read_back(body: bytes) -> dict[str, dict[str, str]]:
    """A reader of the dialect of its own, strict as a phone should be."""
    *_, last, end = body.decode().split("\n")
    start = body.rindex(b"# sha256 ")
    assert (last, end) == (f"# sha256 {hashlib.sha256(body[:start]).hexdigest()}", "")
    first, *lines = body[:start].decode().split("\n")
    assert first == "#!flatphone 1"
    sections: dict[str, dict[str, str]] = {}
    for line in filter(None, lines):
        if heading := re.fullmatch(r"\[([a-z0-9_.]+)\]", line):
            assert heading[1] not in sections
            section = sections.setdefault(heading[1], {})
        else:
            setting = re.fullmatch(r'([a-z][a-z0-9_]*) = "((?:[^"\\]|\\["\\n])*)"', line)
            assert setting is not None, line
            section[setting[1]] = re.sub(
                r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), setting[2]
            )
    return sections


def test_a_configuration_says_all_of_its_values(flat_phone: Family) -> None:
    body = render(flat_phone, TemplateName.CONFIGURATION, CONFIGURATION)
    assert b"\r" not in body
    assert read_back(body) == {
        "network": {"vlan": "12"},
        "provisioning": {
            "url": f"http://127.0.0.1:8081/p/{TOKEN}/02f1a7000001.cfg",
            "poll_s": "300",
            "channel": "stable",
            "revision": "7",
        },
        "firmware": {
            "version": "2.5.0",
            "url": "http://127.0.0.1/f.bin",
            "size": "1024",
            "sha256": "ab" * 32,
            "not_before_s": "30",
        },
        "sip.1": {
            "number": "101",
            "display_name": "Иван Петров",
            "server": "sip.example",
            "user": "101",
            "password": 'p"a\\ss\n#;word',
            "transport": "udp",
        },
        "sip.3": {
            "number": "103",
            "display_name": "Иван Петров",
            "server": "sip.example",
            "user": "101",
            "password": 'p"a\\ss\n#;word',
            "transport": "tls",
        },
        "phone": {"language": "ru", "night_mode": "true"},
    }


def test_a_configuration_without_a_release_due_has_no_firmware_part(flat_phone: Family) -> None:
    bare = ConfigurationValues(provisioning=CONFIGURATION.provisioning)
    body = render(flat_phone, TemplateName.CONFIGURATION, bare)
    assert set(read_back(body)) == {"network", "provisioning"}


def test_the_bootstrap_holds_no_secret_and_none_of_its_words(flat_phone: Family) -> None:
    body = render(flat_phone, TemplateName.BOOTSTRAP, BOOTSTRAP)
    assert read_back(body) == {
        "provisioning": {"mac": BOOTSTRAP.mac, "auth_url": BOOTSTRAP.auth_url, "poll_s": "300"}
    }
    assert not re.search(rb"password|secret|auth_pass", body, re.IGNORECASE)


def test_what_is_common_to_a_product_holds_no_secret(flat_phone: Family) -> None:
    values = ProductValues("FP-B2", "stable", 300, {"phone": {"language": "ru"}})
    body = render(flat_phone, TemplateName.PRODUCT, values)
    assert read_back(body) == {
        "provisioning": {"product": "FP-B2", "channel": "stable", "poll_s": "300"},
        "phone": {"language": "ru"},
    }
    assert not re.search(rb"password|secret", body, re.IGNORECASE)


def test_the_same_values_give_the_same_bytes(flat_phone: Family) -> None:
    first = render(flat_phone, TemplateName.CONFIGURATION, CONFIGURATION)
    assert first == render(flat_phone, TemplateName.CONFIGURATION, CONFIGURATION)


def password_of(body: bytes) -> str:
    return read_back(body)["sip.1"]["password"]


@given(st.text())
def test_any_value_comes_back_whole_or_is_refused(flat_phone: Family, text: str) -> None:
    values = replace(CONFIGURATION, lines=[replace(LINE, password=text)])
    if any(not character.isprintable() and character != "\n" for character in text):
        # Some of these (spaces of other scripts) may be written; then they come back too.
        with contextlib.suppress(UnwritableValueError):
            assert password_of(render(flat_phone, TemplateName.CONFIGURATION, values)) == text
    else:
        assert password_of(render(flat_phone, TemplateName.CONFIGURATION, values)) == text


@pytest.mark.parametrize("character", ["\r", "\x00", "\t", "\x7f", "\x85", "\u2028", "\ud800"])
def test_a_character_that_could_end_a_line_is_refused_without_showing_the_value(
    flat_phone: Family, character: str
) -> None:
    values = replace(CONFIGURATION, lines=[replace(LINE, password=f"hunter2{character}")])
    with pytest.raises(UnwritableValueError) as refused:
        render(flat_phone, TemplateName.CONFIGURATION, values)
    for language in ("ru", "en"):
        assert "lines.1.password" in refused.value.text(language)
        assert f"U+{ord(character):04X}" in refused.value.text(language)
        assert "hunter2" not in refused.value.text(language)


@pytest.mark.parametrize("name", ["", "a b", 'x"]', "a\nb", "Язык", "a.b", "1a"])
def test_a_name_that_is_none_is_refused(flat_phone: Family, name: str) -> None:
    for sections in ({name: {"language": "ru"}}, {"phone": {name: "ru"}}):
        with pytest.raises(UnwritableNameError):
            render(
                flat_phone, TemplateName.CONFIGURATION, replace(CONFIGURATION, sections=sections)
            )


def test_passwords_tokens_and_the_closing_hash_are_hidden_in_a_preview(flat_phone: Family) -> None:
    values = replace(CONFIGURATION, sections={"ldap": {"bind_password": "x", "community": "y"}})
    shown = masked(flat_phone, render(flat_phone, TemplateName.CONFIGURATION, values)).decode()
    assert shown.count(f'password = "{HIDDEN}"') == 3
    assert f'community = "{HIDDEN}"' in shown
    assert f"/p/{HIDDEN}/02f1a7000001.cfg" in shown
    assert f"# sha256 {HIDDEN}" in shown
    assert f'sha256 = "{"ab" * 32}"' in shown
    assert 'number = "101"' in shown
    assert TOKEN not in shown
    assert "word" not in shown.replace("password", "")


def test_a_preview_of_bytes_that_are_no_text_still_shows_something(flat_phone: Family) -> None:
    assert (
        masked(flat_phone, b'\xff\npassword = "x"\n').decode() == f'\ufffd\npassword = "{HIDDEN}"\n'
    )


def test_secrets_are_in_no_printed_form() -> None:
    assert TOKEN not in repr(CONFIGURATION)
    assert "word'" not in repr(CONFIGURATION)


SMALL = """
name = "small"
vendor = "Small"
[[user_agent]]
pattern = 'Small'
[[path]]
kind = "bootstrap"
shape = "/{mac}"
[output]
format = "flatphone"
media_type = "text/plain"
[output.templates]
bootstrap = "a.j2"
"""


@pytest.fixture
def family_of(tmp_path: Path) -> Callable[[str], Family]:
    """A family with the given bootstrap template."""

    def make(template: str) -> Family:
        (tmp_path / "templates/small").mkdir(parents=True, exist_ok=True)
        (tmp_path / "small.toml").write_text(SMALL)
        (tmp_path / "templates/small/a.j2").write_text(template, newline="")
        return load_families([tmp_path]).get("small")

    return make


def test_a_family_without_a_closing_line_ends_with_its_text(
    family_of: Callable[[str], Family],
) -> None:
    family = family_of("mac = {{ mac }}\r\n\r\n")
    assert render(family, TemplateName.BOOTSTRAP, BOOTSTRAP) == b'mac = "02f1a7000001"\n'


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ macc }}", "'macc' is undefined"),
        ("{{ mac.password }}", "no attribute 'password'"),
        ("{{ mac.__class__.__mro__ }}", "unsafe"),
        ("{{ ''.__class__ }}", "unsafe"),
        ("{{ [mac] }}", "TypeError"),
        ("{{ none }}", "TypeError"),
        ("{{ 1 // 0 }}", "ZeroDivisionError"),
        ("{{ range(999999999) | join }}", "OverflowError"),
    ],
)
def test_a_template_that_does_not_fit_names_itself_and_no_value(
    family_of: Callable[[str], Family], template: str, reason: str
) -> None:
    with pytest.raises(RenderError) as refused:
        render(family_of(template), TemplateName.BOOTSTRAP, BOOTSTRAP)
    assert reason in refused.value.text("en")
    assert "bootstrap" in refused.value.text("ru")
    assert "02f1a7000001" not in refused.value.text("en")


def test_a_template_changes_nothing_it_is_given(family_of: Callable[[str], Family]) -> None:
    family = family_of("{% set x = sections.update({'a': {}}) %}")
    with pytest.raises(RenderError, match="unsafe"):
        render(family, TemplateName.BOOTSTRAP, ProductValues("FP-B2", "stable", 1))


def test_a_file_that_the_family_does_not_have_is_named(
    family_of: Callable[[str], Family],
) -> None:
    with pytest.raises(RenderError, match="no such template"):
        render(family_of(""), TemplateName.CONFIGURATION, CONFIGURATION)


def test_only_plain_values_reach_a_template(family_of: Callable[[str], Family]) -> None:
    row: Any = object()
    with pytest.raises(TypeError, match="mac is a object"):
        render(family_of("{{ mac }}"), TemplateName.BOOTSTRAP, replace(BOOTSTRAP, mac=row))


def test_a_value_made_by_a_template_is_escaped_and_checked_too(
    family_of: Callable[[str], Family],
) -> None:
    family = family_of("""{{ mac ~ '"' }}""")
    assert render(family, TemplateName.BOOTSTRAP, BOOTSTRAP) == b'"02f1a7000001\\""\n'
    with pytest.raises(UnwritableValueError):
        render(family_of('{{ mac ~ "\\r" }}'), TemplateName.BOOTSTRAP, BOOTSTRAP)
