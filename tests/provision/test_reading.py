import socket
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

import pytest

from provision.families.family import Family
from provision.readers.errors import NoCredentialError, Phrase, ReadError, UnexpectedAnswerError
from provision.readers.networks import Target
from provision.readers.reading import Patience, read
from provision.readers.snmp_credentials import Community
from provision.readers.ways import Credentials, Login, Via

PATIENCE = Patience(timeout_s=10.0, retries=0)
WHOLE = Credentials(Community("public"), Login("admin", "admin"))


def test_one_phone_is_read_either_way(
    snmpd: Target, http_phone: Callable[..., Target], flat_phone: Family
) -> None:
    def status(_head: str, connection: socket.socket) -> None:
        body = b'{"model": "FP-B2"}'
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    by_snmp = read(snmpd, Via.SNMP, WHOLE, flat_phone)
    by_http = read(http_phone(status), Via.HTTP, WHOLE, flat_phone, PATIENCE)
    assert by_snmp.facts.product == by_http.facts.product == "FP-B2"


def test_snmp_without_a_community_is_not_even_tried(flat_phone: Family) -> None:
    nowhere = Target(IPv4Address("127.0.0.1"), 9)
    with pytest.raises(NoCredentialError) as refused:
        read(nowhere, Via.SNMP, Credentials(), flat_phone, PATIENCE)
    assert "127.0.0.1" in refused.value.text("ru")


def test_the_reason_of_a_failure_is_in_the_readers_language() -> None:
    error: Any = UnexpectedAnswerError(
        address="192.0.2.7", via="SNMP", reason=Phrase("ошибка 5", "error 5")
    )
    assert error.text("ru").endswith("ошибка 5.")
    assert error.text("en").endswith("error 5.")
    assert str(error) == error.text("en")
    assert isinstance(error, ReadError)
