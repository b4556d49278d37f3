"""One client of the SNMP benchmarks in a process of its own: how many it read, and what that cost.

`python -m bench.snmp_clients NAME PORT COUNT` prints the figures as JSON; with `profile` behind it,
where the time went. What a client needs before its first phone (imports) is not counted. Every
value is compared with the address asked.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Address
from pathlib import Path

from pysnmp.hlapi.v1arch.asyncio import (
    CommunityData,
    ObjectIdentity,
    ObjectType,
    SnmpDispatcher,
    UdpTransportTarget,
    get_cmd,
)
from pysnmp.hlapi.v3arch import asyncio as v3arch

from bench import profiling
from bench.v3_phones import AUTH_PASSWORD, PRIV_PASSWORD, SERIAL, USER, serial_of
from provision.readers.snmp_credentials import AuthProtocol, Community, SnmpCredential, UsmUser
from provision.readers.snmp_lanes import How, Lane, read
from provision.readers.snmp_sweep import Pace
from provision.readers.what import What

FIRST = int(IPv4Address("127.20.0.0"))
OIDS = tuple(f"1.3.6.1.4.1.32473.1.{number}.0" for number in (1, 2, 3, 4, 5))
_ENGINE_PHONES = 100
_AT_ONCE = 50
_PUBLIC = Community("public")
_V3 = UsmUser(USER, AuthProtocol.SHA256, AUTH_PASSWORD, priv_password=PRIV_PASSWORD)
Asked = Sequence[str]
Found = Iterator[tuple[str, bytes]]


def _lane(lane: Lane, credential: SnmpCredential, rate: int = 1_000_000) -> Callable[..., Found]:
    # The phones of v3 are slower than their readers: so nobody's answer is late.
    timeout_s = 1.0 if isinstance(credential, Community) else 5.0
    oids = OIDS if isinstance(credential, Community) else (SERIAL,)

    def run(addresses: Asked, port: int) -> Found:
        how = How(port, Pace(rate, timeout_s, 1))
        for told in read(addresses, What(oids), credential, how, lane):
            if told.error is None:
                value = told.values[oids[0]]
                assert isinstance(value, bytes)
                yield told.address, value

    return run


class _Numeric(UdpTransportTarget):  # type: ignore[misc]
    async def _resolve_address(self, address: tuple[str, int]) -> tuple[str, int]:
        return address


class _Numeric3(v3arch.UdpTransportTarget):  # type: ignore[misc]
    async def _resolve_address(self, address: tuple[str, int]) -> tuple[str, int]:
        return address


def _pysnmp_v1arch(addresses: Asked, port: int) -> Found:
    """pysnmp's own get_cmd on one dispatcher, without looking names up: its best."""

    async def run() -> list[tuple[str, bytes]]:
        dispatcher, found, left = SnmpDispatcher(), [], iter(addresses)
        objects = [ObjectType(ObjectIdentity(oid)) for oid in OIDS]

        async def work() -> None:
            for address in left:
                target = await _Numeric.create((address, port), timeout=1, retries=1)
                _error, _status, _index, values = await get_cmd(
                    dispatcher, CommunityData("public", mpModel=1), target, *objects
                )
                if values:
                    found.append((address, bytes(values[0][1])))

        await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
        dispatcher.close()
        return found

    yield from asyncio.run(run())


def _pysnmp_v3arch(addresses: Asked, port: int) -> Found:
    """pysnmp's own get_cmd for v3, with a new engine for each hundred phones: its best."""

    async def run() -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []
        for start in range(0, len(addresses), _ENGINE_PHONES):
            engine, left = v3arch.SnmpEngine(), iter(addresses[start : start + _ENGINE_PHONES])
            user = v3arch.UsmUserData(
                USER,
                authKey=AUTH_PASSWORD,
                privKey=PRIV_PASSWORD,
                authProtocol=v3arch.USM_AUTH_HMAC192_SHA256,
                privProtocol=v3arch.USM_PRIV_CFB128_AES,
            )

            async def work() -> None:
                for address in left:  # noqa: B023 - gathered before the next engine
                    target = await _Numeric3.create((address, port), timeout=5, retries=1)
                    _error, _status, _index, values = await v3arch.get_cmd(
                        engine,  # noqa: B023
                        user,  # noqa: B023
                        target,
                        v3arch.ContextData(),
                        v3arch.ObjectType(v3arch.ObjectIdentity(SERIAL)),
                    )
                    if values:
                        found.append((address, bytes(values[0][1])))

            await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
            engine.close_dispatcher()
        return found

    yield from asyncio.run(run())


CLIENTS: dict[str, Callable[..., Found]] = {
    "lane sweep": _lane(Lane.SWEEP, _PUBLIC),
    "lane sweep, paced": _lane(Lane.SWEEP, _PUBLIC, 20_000),
    "lane gufo": _lane(Lane.GUFO, _PUBLIC),
    "lane pysnmp": _lane(Lane.PYSNMP, _PUBLIC),
    "pysnmp v1arch": _pysnmp_v1arch,
    "lane gufo, v3": _lane(Lane.GUFO, _V3),
    "lane pysnmp, v3": _lane(Lane.PYSNMP, _V3),
    "pysnmp v3arch": _pysnmp_v3arch,
}


def addresses_from(first: int, count: int) -> list[str]:
    return [str(IPv4Address(number)) for number in range(first, first + count)]


def _is_right(name: str, address: str, value: bytes) -> bool:
    if "v3" in name:
        return value == serial_of(address).encode()
    return value == b"address-%08x" % int(IPv4Address(address))


def _most_memory_mb() -> float:
    """The most that this program held; ru_maxrss would tell its parent's, were that more."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    name, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    addresses = addresses_from(FIRST, count)
    if sys.argv[4:] == ["profile"]:
        with profiling.profiled(name):
            list(CLIENTS[name](addresses, port))
        return
    empty_mb = _most_memory_mb()
    began, cpu = time.perf_counter(), time.process_time()
    found = list(CLIENTS[name](addresses, port))
    figures = {
        "wall_s": time.perf_counter() - began,
        "cpu_s": time.process_time() - cpu,
        "right": sum(_is_right(name, *one) for one in found),
        "rss_mb": _most_memory_mb(),
        "empty_mb": empty_mb,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
