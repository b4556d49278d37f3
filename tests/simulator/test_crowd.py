"""A crowd tells apart what its phones were given: their own, somebody else's, parts, refusals."""

import asyncio
import contextlib
import hashlib
from collections import Counter
from collections.abc import Callable

import pytest

from simulator import crowd
from simulator.crowd import CrowdPhone, CrowdPlan, Outcome, Summary
from simulator.identity import PhoneIdentity

MACS = ("02f1b0000001", "02f1b0000002", "02f1b0000003")
Answer = tuple[int, bytes]


def closed(body: str) -> bytes:
    raw = f"#!flatphone 1\n\n[provisioning]\n{body}\n".encode()
    return raw + f"# sha256 {hashlib.sha256(raw).hexdigest()}\n".encode()


def right(path: str) -> Answer:
    mac = path.rpartition("/")[2].removesuffix(".cfg")
    if path.count("/") == 2:
        return 200, closed(f'mac = "{mac}"')
    return 200, closed(f'url = "http://any.example{path}"')


def of_another(path: str) -> Answer:
    return right(path if path.count("/") == 2 else path.replace(MACS[0], MACS[1]))


def cut(path: str) -> Answer:
    return right(path)[0], right(path)[1][:-20]


def changing(path: str, etag: str | None) -> Answer:
    return (304, b"") if etag else right(path)


async def visit(
    answer: Callable[[str], Answer], visits: int = 1, patience_s: float = 60
) -> Summary:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        same = "If-None-Match" in head
        status, body = (304, b"") if same else answer(head.split(" ")[1])
        lines = f'HTTP/1.1 {status} X\r\nETag: "x"\r\nContent-Length: {len(body)}\r\n\r\n'
        writer.write(lines.encode() + body)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    phones = [
        CrowdPhone(PhoneIdentity(mac, f"S{mac}", "FP-SIM", "A", "1.0.0"), "t" * 43, f"127.20.0.{n}")
        for n, mac in enumerate(MACS, start=1)
    ]
    plan = CrowdPlan(f"http://127.0.0.1:{port}", phones, 1000, visits, patience_s)
    async with server:
        return await crowd.run(plan)


CASES: dict[str, tuple[Callable[[str], Answer], Counter[Outcome]]] = {
    "its own": (right, Counter({Outcome.FETCHED: 3})),
    "another phone's": (of_another, Counter({Outcome.FETCHED: 2, Outcome.WRONG: 1})),
    "a part": (cut, Counter({Outcome.WRONG: 3})),
    "a refusal": (lambda _path: (404, b"404\n"), Counter({Outcome.REFUSED: 3})),
    "later": (lambda _path: (503, b"503\n"), Counter({Outcome.BUSY: 3})),
}


@pytest.mark.parametrize("case", CASES)
def test_each_visit_ends_as_what_it_was(case: str) -> None:
    answer, expected = CASES[case]
    summary = asyncio.run(visit(answer))
    assert summary.outcomes == expected
    assert summary.good is (case == "its own")
    assert 0 < summary.p50_ms <= summary.p99_ms
    assert summary.max_ms > 0


def test_a_phone_that_comes_again_asks_whether_something_changed() -> None:
    summary = asyncio.run(visit(right, visits=3))
    assert summary.outcomes == Counter({Outcome.FETCHED: 3, Outcome.UNCHANGED: 6})
    assert summary.requests == 3 * 2 + 6


def test_a_server_that_is_not_there_is_unreachable() -> None:
    phone = CrowdPhone(PhoneIdentity(MACS[0], "S1", "FP-SIM", "A", "1.0.0"), "t" * 43)
    plan = CrowdPlan("http://127.0.0.1:9", [phone], 1000, 1, 1)
    summary = asyncio.run(crowd.run(plan))
    assert summary.outcomes == Counter({Outcome.UNREACHABLE: 1})
