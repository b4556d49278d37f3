"""The phone plane on a real server over one phone, and what is on record of it."""

import hashlib
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from provision import folding
from provision.devices import registry
from provision.models import CheckIn, CheckInKind, Device
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, Estate
from tests.provision.phone_plane import served


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


@pytest.fixture
def port(estate: Estate, phones: Flask) -> Iterator[int]:
    assert estate.token, "the phones are in the register before the first one calls"
    with served(phones) as found:
        yield found


def device(estate: Estate) -> Device:
    folding.reader_of(estate.installation).fold()
    with estate.installation.database.reading() as session:
        return registry.get(session, MAC)


def check_ins(estate: Estate, kind: CheckInKind) -> list[CheckIn]:
    folding.reader_of(estate.installation).fold()
    with estate.installation.database.reading() as session:
        query = select(CheckIn).where(CheckIn.kind == kind).order_by(CheckIn.id)
        return list(session.scalars(query))


def closes_well(body: bytes) -> bool:
    before, _, closing = body.rpartition(b"# sha256 ")
    return hashlib.sha256(before).hexdigest().encode() == closing.strip()


def curl(port: int, target: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("curl")
    assert program, "curl is one of the phones of these tests"
    url = f"http://127.0.0.1:{port}{target}"
    command = [program, "-sS", "--max-time", "20", "-o", "-", "-w", "\n%{http_code}", *options, url]
    return subprocess.run(command, capture_output=True, check=False, timeout=30)
