"""Twenty thousand targets: what one more costs us, and what a first look costs a client."""

import statistics
import time
from collections.abc import Callable

import pytest

from catalogue import keys, repository, targets
from catalogue.models import Target
from catalogue.tuf import layout
from storage.blobs import StoredBlob
from storage.clock import now
from storage.installation import Installation
from tests.catalogue.conftest import MakeClient
from tests.catalogue.vendor import LyingMirror

PRODUCTS = 40
PUBLISH_MS = 50
SMOKE_MS = 200
"""The smoke runs beside other tests, whose use of the processor's caches is felt here."""
REQUESTS = 6
BYTES = 200_000
SMOKE = 2_000
FULL = 20_000


def paths(count: int) -> list[str]:
    """Half firmware of 40 products, half documents with the long Cyrillic names they have."""
    each = count // 2 // PRODUCTS
    firmware = [
        f"fw/FP-B{product}/{minor // 10}.{minor % 10}.1/flat-phone-b{product}-{minor}.1.bin"
        for product in range(PRODUCTS)
        for minor in range(each)
    ]
    manuals = [
        f"docs/fp-b{number % PRODUCTS}-manual/ru/{number // PRODUCTS}.0/"
        f"Руководство пользователя Flat Phone B{number % PRODUCTS}.pdf"
        for number in range(count // 2)
    ]
    return firmware + manuals


def fill(installation: Installation, count: int) -> list[str]:
    published = paths(count)
    with installation.database.writing() as session:
        session.add_all(_target(path, number) for number, path in enumerate(published))
        repository.ensure(session, keys.of(installation), now())
    return published


def _target(path: str, number: int) -> Target:
    return Target(
        path=path, role=layout.role_of(path), sha256=f"{number:064x}", size=3_000_000,
        added_at=now(),
    )  # fmt: skip


def publish_ms(installation: Installation, path: str) -> float:
    """The processor's time for signing one more target, in the transaction that adds it."""
    ring = keys.of(installation)
    with installation.database.writing() as session:
        targets.register(session, path, StoredBlob("f" * 64, 3_000_000), now())
        session.flush()
        began = time.process_time()
        assert repository.publish(session, ring, [path], now()) == {path}
        return 1000 * (time.process_time() - began)


def cost_of_a_first_look(
    mirror: LyingMirror, client: Callable[[str], object], path: str
) -> tuple[int, int]:
    mirror.asked.clear()
    assert client(layout.target_name(path)) is not None
    return len(mirror.asked), sum(size for _, size in mirror.asked)


@pytest.mark.parametrize(
    "count", [SMOKE, pytest.param(FULL, marks=[pytest.mark.prove, pytest.mark.timeout(300)])]
)
def test_one_more_target_and_a_first_look(
    installation: Installation,
    mirror: LyingMirror,
    new_client: MakeClient,
    count: int,
) -> None:
    published = fill(installation, count)
    new = [f"fw/FP-B7/99.{number}.0/x.bin" for number in range(9)]
    new += [f"docs/fp-b7-manual/en/9{number}.0/Flat Phone B7.pdf" for number in range(9)]
    publish_ms(installation, "fw/FP-B7/98.0.0/x.bin")
    costs = [publish_ms(installation, path) for path in new]
    # What else runs on this machine only adds to it.
    assert min(costs) <= (PUBLISH_MS if count == FULL else SMOKE_MS), costs

    firmware = cost_of_a_first_look(mirror, new_client("one").look, published[7])
    document = cost_of_a_first_look(mirror, new_client("two").look, published[-7])
    for requests, size in (firmware, document):
        assert (requests <= REQUESTS, size <= BYTES) == (True, True), (firmware, document)
    warm = new_client("three")
    warm.look(published[7])
    again = cost_of_a_first_look(mirror, warm.look, published[7])
    assert again[0] == 2
    print(  # noqa: T201 - the figures of the proof
        f"\n{count} targets: one more {min(costs):.0f} ms (median {statistics.median(costs):.0f});"
        f" first look at firmware {firmware}, at a document {document}, again {again}"
    )
