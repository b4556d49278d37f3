"""Phones that speak SNMP v3 on all of 127/8, each with an engine of its own, from one socket.

`python -m bench.v3_phones PORT`. One user, HMAC-192-SHA-256 and AES-128, discovery and time window
as RFC 3414 has them; every GET is answered with the phone's serial number. Written by hand and not
with the simulator's codec, so that a reader beside it is what is measured.
"""

import hashlib
import hmac
import os
import socket
import struct
import sys
import time
from functools import cache
from ipaddress import IPv4Address

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

from provision.readers.snmp_ber import OCTETS, SEQUENCE, enter, integer, length
from provision.readers.snmp_credentials import AuthProtocol, UsmUser

USER, AUTH_PASSWORD, PRIV_PASSWORD = "bench", "signing-words", "sealing-words"
SERIAL = "1.3.6.1.4.1.32473.1.3.0"
_IP_PKTINFO, _BIND_TO_DEVICE = 8, 25
_BOOTS, _STARTED = 3, time.monotonic()
_AUTH, _PRIV = 1, 2
_MAC_SIZE = 24
_UNKNOWN_ENGINE, _NOT_IN_WINDOW = 4, 2
_KEYS = UsmUser(USER, AuthProtocol.SHA256, AUTH_PASSWORD, priv_password=PRIV_PASSWORD).keys()


def serial_of(address: str) -> str:
    return f"S{int(IPv4Address(address)):08X}"


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 128:
        return bytes((tag, len(body))) + body
    return bytes((tag, 0x82)) + len(body).to_bytes(2, "big") + body


def number(value: int, tag: int = 2) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(data: bytes, at: int) -> tuple[bytes, int]:
    size, inside = length(data, at + 1)
    return data[inside : inside + size], inside + size


@cache
def engine_of(address: str) -> tuple[bytes, bytes, bytes]:
    """Engine id, signing key and encryption key of one phone."""
    engine = bytes.fromhex("80007ed904") + address.encode()
    auth = hashlib.sha256(_KEYS.auth + engine + _KEYS.auth).digest()
    assert _KEYS.priv is not None
    priv = hashlib.sha256(_KEYS.priv + engine + _KEYS.priv).digest()
    return engine, auth, priv[:16]


def answer(data: bytes, address: str) -> bytes:
    engine, _auth, priv = engine_of(address)
    at = enter(data, 0, SEQUENCE, len(data)) + 3
    _size, inside = length(data, at + 1)
    message_id, place = integer(data, inside)
    _max_size, place = integer(data, place)
    flags = octets(data, place)[0][0] & (_AUTH | _PRIV)
    at = inside + _size
    usm, at = octets(data, at)
    inside = enter(usm, 0, SEQUENCE, len(usm))
    asked, inside = octets(usm, inside)
    boots, inside = integer(usm, inside)
    moment, inside = integer(usm, inside)
    user, inside = octets(usm, inside)
    _mac, inside = octets(usm, inside)
    salt, inside = octets(usm, inside)
    if asked != engine:
        return sealed(address, user, message_id, 0, report(engine, _UNKNOWN_ENGINE))
    if boots != _BOOTS or abs(moment - now()) > 150:
        return sealed(address, user, message_id, _AUTH, report(engine, _NOT_IN_WINDOW))
    plain = data[at:]
    if flags & _PRIV:
        hidden, _ = octets(data, at)
        plain = cipher(priv, boots, moment, salt).decryptor().update(hidden)
    _size, at = length(plain, 1)
    _context, at = octets(plain, at)
    _name, at = octets(plain, at)
    _size, at = length(plain, at + 1)
    request_id, at = integer(plain, at)
    oid_at, told = plain.find(b"\x06", at + 6), b""
    if oid_at > 0:
        oid = plain[oid_at : oid_at + 2 + plain[oid_at + 1]]
        told = tlv(SEQUENCE, oid, tlv(OCTETS, serial_of(address).encode()))
    response = tlv(0xA2, number(request_id), number(0), number(0), tlv(SEQUENCE, told))
    scoped = tlv(SEQUENCE, tlv(OCTETS, engine), tlv(OCTETS), response)
    return sealed(address, user, message_id, flags, scoped)


def report(engine: bytes, counter: int) -> bytes:
    oid = tlv(6, bytes.fromhex("2b060106030f0101"), bytes((counter, 0)))
    told = tlv(SEQUENCE, tlv(SEQUENCE, oid, number(1, 0x41)))
    pdu = tlv(0xA8, number(0), number(0), number(0), told)
    return tlv(SEQUENCE, tlv(OCTETS, engine), tlv(OCTETS), pdu)


def sealed(address: str, user: bytes, message_id: int, flags: int, scoped: bytes) -> bytes:
    engine, auth, priv = engine_of(address)
    moment, salt, data = now(), b"", scoped
    if flags & _PRIV:
        salt = os.urandom(8)
        encryptor = cipher(priv, _BOOTS, moment, salt).encryptor()
        data = tlv(OCTETS, encryptor.update(scoped))
    header = tlv(
        SEQUENCE, number(message_id), number(65507), tlv(OCTETS, bytes((flags,))), number(3)
    )
    mac = bytes(_MAC_SIZE) if flags & _AUTH else b""
    usm = tlv(
        SEQUENCE,
        *(tlv(OCTETS, engine), number(_BOOTS), number(moment), tlv(OCTETS, user)),
        *(tlv(OCTETS, mac), tlv(OCTETS, salt)),
    )
    message = tlv(SEQUENCE, b"\x02\x01\x03", header, tlv(OCTETS, usm), data)
    if not mac:
        return message
    signed = hmac.digest(auth, message, "sha256")[:_MAC_SIZE]
    return message.replace(mac, signed, 1)


def cipher(key: bytes, boots: int, moment: int, salt: bytes) -> "Cipher[CFB]":
    vector = struct.pack(">II", boots, moment) + salt
    return Cipher(algorithms.AES(key), CFB(vector))


def now() -> int:
    return int(time.monotonic() - _STARTED)


def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, _BIND_TO_DEVICE, b"lo")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        sock.bind(("", int(sys.argv[1])))
        print("ready", flush=True)
        while True:
            data, ancillary, _flags, asker = sock.recvmsg(4096, 64)
            info = ancillary[0][2]
            told = answer(data, socket.inet_ntoa(info[8:12]))
            from_there = struct.pack("I4s4s", 0, info[8:12], bytes(4))
            sock.sendmsg([told], [(socket.IPPROTO_IP, _IP_PKTINFO, from_there)], 0, asker)


if __name__ == "__main__":
    main()
