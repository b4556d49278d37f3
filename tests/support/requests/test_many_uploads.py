"""S12: one stranger who uploads without end is told to stop, and the disk keeps its bound."""

import io
import random
from collections import Counter
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from storage.installation import Installation
from support.requests.intake import PER_SOURCE_HOURLY
from support.requests.models import SupportRequest
from tests.support.requests.desk import Desk
from tests.support.requests.test_public_views import send

FILE_BYTES = 100_000


@pytest.fixture
def backend() -> str:
    return "sqlite"


def stored_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("uploads", [60, pytest.param(1000, marks=pytest.mark.prove)])
def test_proof_s12_one_source_takes_its_share_of_the_disk_and_no_more(
    client: FlaskClient, desk: Desk, installation: Installation, uploads: int
) -> None:
    assert desk.installation.data_dir == installation.data_dir
    blobs = installation.data_dir / "blobs"
    before, statuses = stored_bytes(blobs), Counter[int]()
    for number in range(uploads):
        words = f"{number} ".encode() + random.Random(number).randbytes(FILE_BYTES).hex().encode()
        file = (io.BytesIO(words[:FILE_BYTES]), f"{number}.txt")
        statuses[send(client, files=file, form_key=f"{number:032d}").status_code] += 1
    with installation.database.reading() as session:
        kept = session.scalar(select(func.count(SupportRequest.id)))
    grown = stored_bytes(blobs) - before
    print(  # noqa: T201
        f"S12: {uploads} uploads of {FILE_BYTES // 1000} kB from one source: {statuses[302]} "
        f"taken, {uploads - statuses[302]} refused, {grown / 1e6:.1f} MB on the disk"
    )
    assert (statuses[302], kept) == (PER_SOURCE_HOURLY, PER_SOURCE_HOURLY)
    assert set(statuses) <= {302, 422, 429}
    assert grown <= PER_SOURCE_HOURLY * (FILE_BYTES + 4096)
    assert list((blobs / "incoming").iterdir()) == []
