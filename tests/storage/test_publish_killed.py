"""R1: a publication killed at any moment is there whole or not at all, and people are served."""

import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tuf.ngclient import Updater

from tests.publisher import Publisher
from tests.served import Served, serving
from tests.storage.publishers import Get, Told, listed, publishing

RECOVERY_S = 5.0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as found:
        yield found


def over_http(base: str) -> Get:
    def get(address: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(base + address, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    return get


class Customer(threading.Thread):
    """Somebody who takes the old release again and again, on either plane, and checks it."""

    def __init__(self, served: Served, product: str) -> None:
        super().__init__(daemon=True)
        self._gets = [over_http(served.public), over_http(served.phones)]
        self._product = product
        self._over = threading.Event()
        self.served = 0
        self.failures: list[str] = []

    def run(self) -> None:
        while not self._over.wait(0.2):
            for get in self._gets:
                try:
                    assert list(listed(get, self._product)) == ["1.0.0"]
                    self.served += 1
                except Exception as error:  # noqa: BLE001 - whatever fails is the finding
                    self.failures.append(repr(error))

    def stop(self) -> None:
        self._over.set()
        self.join(30)


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(15, marks=pytest.mark.timeout(300)),
        pytest.param(500, marks=[pytest.mark.prove, pytest.mark.timeout(3600)]),
    ],
)
def test_proof_r1_a_publication_killed_at_any_moment_is_whole_or_absent(
    served: Served, tmp_path: Path, rounds: int, leeway: float
) -> None:
    chance = random.Random(rounds)
    get = over_http(served.public)
    publish_old(served, tmp_path)
    customer = Customer(served, "FP-OLD")
    customer.start()
    client = tuf_client(served, tmp_path)
    acknowledged = lost_in_the_middle = 0
    # Few rounds on a busy machine have no time to find out how slowly it publishes.
    slowest, window_s = 0.0, min(2.0, 0.5 * leeway)
    with publishing(served.data_dir, tmp_path / "work") as publisher:
        for number in range(rounds):
            product = f"FP-R{number}"
            delay_s = chance.uniform(0, window_s)
            told = Told.of(publisher.ask(do="loop", product=product, delay_s=delay_s)["told"])
            # A busy machine publishes slowly: keep the kills around the first two publications.
            longer = min(3.0 * leeway, window_s * 1.25)
            window_s = max(0.3, window_s * 0.9) if told.releases else longer
            began = time.monotonic()
            found = listed(get, product)
            slowest = max(slowest, time.monotonic() - began)
            assert told.releases.items() <= found.items(), "an acknowledged release is lost"
            assert len(found) <= len(told.releases) + 1
            check_targets(client(), product, found)
            acknowledged += len(told.releases)
            lost_in_the_middle += len(found) == len(told.releases)
        status, _ = get("/readyz")
    customer.stop()
    print(  # noqa: T201 - the proof's figures
        f"R1: {rounds} kills, {acknowledged} acknowledged, 0 lost, 0 half-published;"
        f" {customer.served} of {customer.served + len(customer.failures)} old downloads right;"
        f" slowest look after a kill {slowest:.2f} s"
    )
    assert customer.failures == []
    assert (status, acknowledged > rounds / 5, lost_in_the_middle > 0) == (200, True, True)
    assert slowest < RECOVERY_S * leeway


def publish_old(served: Served, tmp_path: Path) -> None:
    served.flatpro(
        *("product", "add", "FP-OLD", "--name-ru", "Старый", "--name-en", "Old", "--hw", "A")
    )
    image = tmp_path / "old.bin"
    image.write_bytes(Publisher.image("FP-OLD", "1.0.0"))
    served.flatpro("firmware", "publish", "FP-OLD", "1.0.0", str(image))


def tuf_client(served: Served, tmp_path: Path) -> Callable[[], Updater]:
    """Makes stock TUF clients over one cache: each looks anew."""
    root = served.get("/keys/root.json")
    for name in ("cache", "files"):
        (tmp_path / name).mkdir()

    def client() -> Updater:
        return Updater(
            str(tmp_path / "cache"),
            f"{served.public}/metadata/",
            str(tmp_path / "files"),
            f"{served.public}/targets/",
            bootstrap=root,
        )

    return client


def check_targets(client: Updater, product: str, found: dict[str, str]) -> None:
    """A mirror sees exactly what people see."""
    client.refresh()
    for number in range(len(found) + 1):
        version = f"1.0.{number}"
        name = f"fw/{product}/{version}/{product.lower()}-{version}.bin"
        target = client.get_targetinfo(name)
        assert (target.hashes["sha256"] if target else None) == found.get(version)
        if target is not None:
            client.download_target(target)


def test_what_the_proof_calls_half_published_is_noticed(served: Served, tmp_path: Path) -> None:
    """The proof's own proof: a listed release without its bytes is found by it."""
    publish_old(served, tmp_path)
    assert list(listed(over_http(served.public), "FP-OLD")) == ["1.0.0"]
    for path in (served.data_dir / "blobs").glob("??/*"):
        if path.parent.name != "incoming":
            path.unlink()
    with pytest.raises(AssertionError, match="is listed and answers 404"):
        listed(over_http(served.public), "FP-OLD")
