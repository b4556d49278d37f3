"""Which family a name over TFTP is of, and what is no name at all."""

import pytest

from provision.families.family import Families
from provision.families.tftp_names import asked_bootstrap, tidy


@pytest.mark.parametrize(
    ("name", "family", "mac"),
    [
        ("02f1a7000001.cfg", "flat_phone", "02f1a7000001"),
        ("02-F1-A7-00-00-01.CFG", "flat_phone", "02f1a7000001"),
        ("001565112233.cfg", "yealink", "001565112233"),
        ("000413112233.xml", "snom", "000413112233"),
        ("000413112233.htm", "snom", "000413112233"),
        ("cfg000b82112233.xml", "grandstream", "000b82112233"),
        ("cfg02f1a7000001.xml", "grandstream", "02f1a7000001"),
    ],
)
def test_the_name_and_the_vendors_part_of_the_mac_tell_the_family(
    families: Families, name: str, family: str, mac: str
) -> None:
    found = asked_bootstrap(name, families)
    assert found is not None
    assert (found.family, found.mac.hex) == (family, mac)


@pytest.mark.parametrize(
    "name", ["000000000000.cfg", "ffffffffffff.cfg", "02f1a700000.cfg", "p/02f1a7000001.cfg", "x"]
)
def test_other_names_are_nobodys(families: Families, name: str) -> None:
    assert asked_bootstrap(name, families) is None


@pytest.mark.parametrize("name", ["/02f1a7000001.cfg", "./02f1a7000001.cfg", "//02f1a7000001.cfg"])
def test_a_slash_that_some_phones_put_first_is_no_matter(name: str) -> None:
    assert tidy(name) == "02f1a7000001.cfg"


@pytest.mark.parametrize(
    "name",
    [
        *("", "/", "..", "../secrets.key", "a/../b", "/../../etc/passwd", "a//b", "a\\b", "a b"),
        *("a\x00b", "a\nb", "é.cfg", "x" * 129, "..\\..\\x", "firmware/../x"),
    ],
)
def test_what_no_phone_asks_is_no_name(name: str) -> None:
    assert tidy(name) is None
