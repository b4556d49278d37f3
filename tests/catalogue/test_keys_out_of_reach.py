"""S27: in mode offline no file that the server can read holds a key of people."""

import base64
import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import select

from catalogue import keys
from catalogue.minisign import PublicKey
from catalogue.models import TrustKey
from catalogue.tuf.layout import OFFLINE_PURPOSES
from storage.installation import Installation
from tests.catalogue.vendor import People, Vendor

_PEM = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL
)


@pytest.fixture
def backend() -> str:
    """What lies in files is the same over any database."""
    return "sqlite"


def private_halves(folder: Path) -> set[bytes]:
    """The public halves of all private keys that lie in the clear in any file below."""
    found: set[bytes] = set()
    for path in folder.rglob("*"):
        if path.is_file():
            for pem in _PEM.findall(path.read_bytes()):
                key = load_pem_private_key(pem, password=None)
                found.add(key.public_key().public_bytes_raw())  # type: ignore[union-attr]  # all are Ed25519
    return found


def peoples(installation: Installation) -> set[bytes]:
    """The public halves of what only people may sign with: root, lists of firmware, statements."""
    with installation.database.reading() as session:
        rows = session.scalars(select(TrustKey).where(TrustKey.purpose.in_(OFFLINE_PURPOSES)))
        named = {bytes.fromhex(json.loads(row.public)["keyval"]["public"]) for row in rows}
    return {*named, keys.of(installation).firmware_public.raw}


def test_proof_s27_no_key_of_people_lies_within_the_servers_reach(
    people: People, vendor: Vendor
) -> None:
    installation = vendor.installation
    vendor.publish("1.0.0")
    people.sign_all()
    here, theirs = private_halves(installation.data_dir), peoples(installation)
    assert people.statement_key.public.raw in theirs
    assert len(theirs) >= 5
    assert here, "the online ones are found"
    assert here.isdisjoint(theirs)
    # Nor in any other spelling of the one that phones trust.
    body = b"".join(people.statement_key.to_pem().splitlines()[1:-1])
    seed = base64.b64decode(body)[-32:]
    spelt = (seed, seed.hex().encode(), base64.b64encode(seed), body)
    for path in installation.data_dir.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(one in content for one in spelt), path


def test_in_mode_local_the_same_look_finds_them(vendor: Vendor) -> None:
    vendor.set_up()
    installation = vendor.installation
    firmware: PublicKey = keys.of(installation).firmware_public
    assert firmware.raw in private_halves(installation.data_dir)
    assert peoples(installation) <= private_halves(installation.data_dir)
