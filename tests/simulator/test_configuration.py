"""A configuration file is believed whole or not at all."""

import hashlib

import pytest

from simulator.configuration import (
    AlteredConfigurationError,
    Configuration,
    CutConfigurationError,
    FirmwareOrder,
    MalformedConfigurationError,
    SecretInBootstrapError,
    SipLine,
    refuse_secrets,
)

SHA = "ab" * 32
WHOLE = f"""#!flatphone 1
# a remark

[provisioning]
poll_s = "60"
channel = "testing"
revision = "12"
auth_url = "http://127.0.0.1/p/auth/02f1a7000001.cfg"
[firmware]
version = "2.4.1"
url = "http://127.0.0.1/f.img"
size = "1000"
sha256 = "{SHA}"
not_before_s = "5"
[sip.10]
number = "110"
[sip.2]
number = "102"
display_name = "Иван \\"Ваня\\" \\\\ \\n 2"
server = "pbx"
user = "u"
password = "p"
transport = "tls"
"""


def closed(text: str | bytes) -> bytes:
    body = text.encode() if isinstance(text, str) else text
    return body + f"# sha256 {hashlib.sha256(body).hexdigest()}\n".encode()


def test_a_whole_file_is_read() -> None:
    configuration = Configuration.parse(closed(WHOLE))
    assert configuration.poll_s == 60
    assert configuration.channel == "testing"
    assert configuration.revision == "12"
    assert configuration.auth_url == "http://127.0.0.1/p/auth/02f1a7000001.cfg"
    assert configuration.firmware == FirmwareOrder("2.4.1", "http://127.0.0.1/f.img", 1000, SHA, 5)
    assert configuration.lines == (
        SipLine("102", 'Иван "Ваня" \\ \n 2', "pbx", "u", "p", "tls"),
        SipLine("110", "", "", "", "", "udp"),
    )


def test_a_file_without_an_order_orders_nothing() -> None:
    for text in ("#!flatphone 1\n", "#!flatphone 1\n[firmware]\n"):
        configuration = Configuration.parse(closed(text))
        assert configuration.firmware is None
        assert configuration.poll_s is None
        assert configuration.channel == "stable"


def test_every_part_of_a_file_is_told_from_the_whole() -> None:
    raw = closed(WHOLE)
    for length in range(len(raw)):
        with pytest.raises(CutConfigurationError):
            Configuration.parse(raw[:length])


def test_every_changed_byte_is_found() -> None:
    raw = closed(WHOLE)
    for position in range(len(raw) - 75):
        spoiled = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        with pytest.raises(AlteredConfigurationError):
            Configuration.parse(spoiled)


def test_bytes_behind_the_closing_line_are_refused() -> None:
    with pytest.raises(CutConfigurationError):
        Configuration.parse(closed(WHOLE) + b"\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[provisioning]\n",
        "#!flatphone 2\n",
        "#!flatphone 1\r\n",
        '#!flatphone 1\n[a]\nk = "1"',
        '#!flatphone 1\nk = "1"\n',
        "#!flatphone 1\n[a]\nk = 1\n",
        '#!flatphone 1\n[a]\nk="1"\n',
        '#!flatphone 1\n[a]\nk = "1" \n',
        '#!flatphone 1\n[a]\nk = "a"b"\n',
        '#!flatphone 1\n[a]\nk = "\\t"\n',
        '#!flatphone 1\n[a]\nk = "\\"\n',
        '#!flatphone 1\n[a]\nk = "1"\nk = "1"\n',
        "#!flatphone 1\n[A]\n",
        "#!flatphone 1\n[a\n",
        "#!flatphone 1\n[sip.0]\n",
        "#!flatphone 1\n# a\x00remark\n",
        '#!flatphone 1\n[a]\nk = "\t"\n',
        '#!flatphone 1\n[a]\nk = "\x7f"\n',
        '#!flatphone 1\n[a]\nk = "\x85"\n',
        '#!flatphone 1\n[provisioning]\npoll_s = "-1"\n',
        '#!flatphone 1\n[provisioning]\npoll_s = "١"\n',
        '#!flatphone 1\n[firmware]\nversion = "1"\n',
        WHOLE.replace(SHA, SHA.upper()),
        WHOLE.replace('"1000"', '"1e3"'),
        b"#!flatphone 1\n# \xff\n",
    ],
)
def test_a_malformed_file_is_refused_though_its_closing_line_is_right(text: str | bytes) -> None:
    with pytest.raises(MalformedConfigurationError):
        Configuration.parse(closed(text))


@pytest.mark.parametrize("secret", ['password = ""', "# SECRET", '[sip.1]\nnumber = "1"'])
def test_a_bootstrap_with_a_secret_is_refused(secret: str) -> None:
    with pytest.raises(SecretInBootstrapError):
        refuse_secrets(f"#!flatphone 1\n{secret}\n".encode())
    refuse_secrets(b"#!flatphone 1\n")
