"""Where a partner may send phones: to TLS in the open, by an address that carries no secret."""

import pytest

from provision.redirects.targets import BadTargetError, RedirectOptions, checked, for_phone

OPEN, INNER = RedirectOptions(), RedirectOptions(allow_inner=True)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://phones.example.com", "https://phones.example.com"),
        (" https://phones.example.com/p/ ", "https://phones.example.com/p"),
        (
            "https://phones.example.com:8443/p/{mac}.cfg",
            "https://phones.example.com:8443/p/{mac}.cfg",
        ),
        ("HTTPS://8.8.8.8/p", "HTTPS://8.8.8.8/p"),
        ("https://[2001:4860:4860::8888]/p", "https://[2001:4860:4860::8888]/p"),
        ("https://xn--e1afmkfd.xn--p1ai/p", "https://xn--e1afmkfd.xn--p1ai/p"),
    ],
)
def test_a_server_in_the_open_is_taken(text: str, url: str) -> None:
    assert checked(text, OPEN) == url


@pytest.mark.parametrize(
    "text",
    [
        *("", "phones.example.com", "http://phones.example.com", "ftp://phones.example.com"),
        *("https://", "https:///p", "https://user:password@phones.example.com", "https://u@e.com"),
        *("https://e.com?x=1", "https://e.com/#x", "https://e.com/?", "https://e.com:0"),
        *("https://e.com:99999", "https://e.com:", "https://e.com:x", "https://e.com/a//b"),
        *("https://e.com/../x", "https://e.com/a b", "https://e.com/%0d", "https://e.com/\r\nx"),
        *("https://пример.рф", "https://e..com", "https://-e.com", "https://{mac}.e.com/"),
        *("https://0x7f.1", "https://127.1", "https://2130706433", "https://e.com/{serial}"),
        *("https://0.0.0.0", "https://[::]", "https://224.0.0.1", "https://169.254.169.254"),
        *(
            "https://[fe80::1]",
            "https://" + "a" * 250 + ".com",
            'https://e.com/"',
            "https://e.com/<",
        ),
        *("https://e.com\\@127.0.0.1", "https://[::1", "javascript:alert(1)"),
    ],
)
def test_other_addresses_are_refused_everywhere(text: str) -> None:
    for options in (OPEN, INNER):
        with pytest.raises(BadTargetError) as caught:
            checked(text, options)
        assert caught.value.text("ru") != caught.value.text("en")


@pytest.mark.parametrize(
    "text",
    [
        *("https://127.0.0.1", "https://10.1.2.3:8443/p", "https://192.168.0.9", "https://[::1]"),
        *("https://[fd00::1]", "https://[::ffff:127.0.0.1]", "https://localhost", "https://pbx"),
        *("https://pbx.local", "https://a.b.internal/p", "https://PBX.LAN."),
    ],
)
def test_an_inner_address_needs_the_setting(text: str) -> None:
    with pytest.raises(BadTargetError):
        checked(text, OPEN)
    assert checked(text, INNER)


def test_the_phones_mac_takes_its_place() -> None:
    assert for_phone("https://e.com/{mac}.cfg", "02f1a7000001") == "https://e.com/02f1a7000001.cfg"
