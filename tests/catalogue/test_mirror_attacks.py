"""Whoever stands between a mirror and its upstream, or is the upstream: what a sync does about it.

Each attack ends in a refusal that says why, and in nothing that anyone sees.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from tuf.api.metadata import Metadata, TargetFile, Targets

from catalogue import expiry, keys
from catalogue.minisign import SigningKey
from catalogue.mirrors.trust import UpstreamLiesError, UpstreamUnreachableError, sha256_of
from catalogue.receivers import Delivery, HeldTarget, ListsContradictError
from catalogue.tuf.layout import Purpose
from docs_store.receiving import DocumentReceiver
from storage.clock import now
from storage.refusals import RefusedError
from tests.catalogue.site import HASTY, Site
from tests.catalogue.test_tuf_client import (
    Attacker,
    attacker_version,
    current_list,
    forged_target,
    rotate,
    stolen,
)
from tests.catalogue.vendor import LyingMirror, Vendor, fetch, serving

IMAGE = "/firmware/FP-B2/1.0.0/FP-B2-1.0.0.bin"


@pytest.fixture
def backend() -> str:
    """What is refused never reaches a row."""
    return "sqlite"


@pytest.fixture
def synced(vendor: Vendor, site: Site) -> Site:
    """A mirror of a vendor that has two releases."""
    vendor.publish("1.0.0")
    vendor.publish("1.1.0")
    site.sync()
    return site


@contextmanager
def nothing_changes(site: Site) -> Iterator[None]:
    before = site.seen()
    yield
    assert site.seen() == before


def hashed(app: Flask, version: str) -> str:
    """The address of a release's bytes in the repository."""
    lines = fetch(app, "/PULP_MANIFEST").decode().splitlines()
    sha256 = next(line.split(",")[1] for line in lines if f"FP-B2-{version}.bin" in line)
    return f"/targets/fw/FP-B2/{version}/{sha256}.FP-B2-{version}.bin"


def test_rollback_an_old_timestamp(vendor: Vendor, synced: Site, mirror: LyingMirror) -> None:
    old = fetch(mirror.app, "/metadata/timestamp.json")
    vendor.publish("1.2.0")
    synced.sync()
    mirror.lies["/metadata/timestamp.json"] = old
    with nothing_changes(synced), pytest.raises(UpstreamLiesError, match="older"):
        synced.sync()


@pytest.mark.parametrize("channel", ["", "stable/"])
def test_rollback_an_old_manifest(
    vendor: Vendor, synced: Site, mirror: LyingMirror, channel: str
) -> None:
    paths = [f"/firmware/FP-B2/{channel}manifest.json{end}" for end in ("", ".minisig")]
    old = {path: fetch(mirror.app, path) for path in paths}
    vendor.publish("1.2.0")
    synced.sync()
    mirror.lies.update(old)
    with nothing_changes(synced), pytest.raises(RefusedError, match="older"):
        synced.sync()


def test_freeze_an_expired_timestamp(vendor: Vendor, site: Site) -> None:
    vendor.publish("1.0.0", at=now() - timedelta(days=10))
    with nothing_changes(site), pytest.raises(UpstreamLiesError, match="expired"):
        site.sync()


def test_mix_and_match_an_old_list(vendor: Vendor, synced: Site, mirror: LyingMirror) -> None:
    attacker = Attacker(mirror, [])
    old = fetch(mirror.app, current_list(attacker))
    vendor.publish("1.2.0")
    mirror.lies[current_list(attacker)] = old
    with nothing_changes(synced), pytest.raises(UpstreamLiesError, match="bytes are others"):
        synced.sync()


def test_mix_and_match_a_manifest_of_before_a_withdrawal(
    vendor: Vendor, site: Site, mirror: LyingMirror
) -> None:
    """The online key signed it once; TUF's lists, which are fresh, name the release no more."""
    vendor.publish("1.0.0")
    vendor.publish("1.1.0")
    for path in ("manifest.json", "stable/manifest.json", "testing/manifest.json"):
        for end in ("", ".minisig"):
            address = f"/firmware/FP-B2/{path}{end}"
            mirror.lies[address] = fetch(mirror.app, address)
    vendor.withdraw("1.1.0")
    with nothing_changes(site), pytest.raises(RefusedError, match="in no list of files"):
        site.sync()


def test_mix_and_match_the_manifest_of_another_channel(
    vendor: Vendor, site: Site, mirror: LyingMirror
) -> None:
    vendor.publish("1.0.0")
    for end in ("", ".minisig"):
        testing = fetch(mirror.app, f"/firmware/FP-B2/testing/manifest.json{end}")
        mirror.lies[f"/firmware/FP-B2/stable/manifest.json{end}"] = testing
    with nothing_changes(site), pytest.raises(RefusedError, match="it is of FP-B2 testing"):
        site.sync()


def test_a_changed_manifest(synced: Site, mirror: LyingMirror) -> None:
    path = "/firmware/FP-B2/stable/manifest.json"
    mirror.lies[path] = fetch(mirror.app, path).replace(b'"percent": 100', b'"percent": 099')
    with nothing_changes(synced), pytest.raises(RefusedError, match="was refused"):
        synced.sync()


@pytest.mark.parametrize("change", [lambda b: b"\0" + b[1:], lambda b: b + b"x"])
def test_wrong_bytes(
    vendor: Vendor, synced: Site, mirror: LyingMirror, change: Callable[[bytes], bytes]
) -> None:
    path = vendor.publish("1.2.0")
    mirror.lies[hashed(mirror.app, "1.2.0")] = change(fetch(mirror.app, f"/targets/{path}"))
    with nothing_changes(synced), pytest.raises(UpstreamLiesError, match="bytes"):
        synced.sync()
    mirror.lies.clear()
    assert synced.sync().added == (path,)


def test_a_list_that_nobody_may_sign_is_refused(
    vendor: Vendor, synced: Site, mirror: LyingMirror
) -> None:
    attacker = Attacker(mirror, stolen(vendor, "snapshot-1", "timestamp-1"))
    stray = attacker.lie("/metadata/1.fw-NOBODY.json", attacker.fetch(current_list(attacker)))
    attacker.point_to({"fw-NOBODY": stray}, attacker_version(attacker))
    with nothing_changes(synced), pytest.raises(UpstreamLiesError, match="fw-NOBODY"):
        synced.sync()


def test_a_file_without_a_sha256_is_refused() -> None:
    target = TargetFile.from_data("fw/FP-B2/1.0.0/a.bin", b"x", ["sha512"])
    with pytest.raises(UpstreamLiesError, match="SHA-256"):
        sha256_of(target)


def test_a_root_signed_by_strangers(vendor: Vendor, synced: Site, mirror: LyingMirror) -> None:
    thieves = [keys.of(vendor.installation).roles.make(f"thief-{n}") for n in (1, 2)]
    attacker = Attacker(mirror, stolen(vendor, "root-1", "thief-1", "thief-2"))
    root = attacker.fetch("/metadata/1.root.json")
    root.signed.version = 2
    for key in thieves:
        root.signed.add_key(key, "root")
    attacker.lie("/metadata/2.root.json", root)
    with nothing_changes(synced), pytest.raises(UpstreamLiesError, match="wrong keys"):
        synced.sync()


def test_a_list_vouching_for_other_minisign_keys(
    vendor: Vendor, synced: Site, mirror: LyingMirror
) -> None:
    """Whoever holds the online keys alone cannot name other keys for phones."""
    attacker = Attacker(mirror, stolen(vendor, "snapshot-1", "timestamp-1", "docs-1"))
    top: Metadata[Targets] = attacker.fetch(current_list(attacker, "targets"))
    top.signed.version += 1
    top.signed.unrecognized_fields["x-flatpro-minisign"]["firmware"] = "RWQ" + "A" * 53
    body = attacker.lie(f"/metadata/{top.signed.version}.targets.json", top)
    version = attacker.fetch("/metadata/timestamp.json").signed.version + 10
    attacker.point_to({"targets": body}, version)
    with nothing_changes(synced), pytest.raises(UpstreamLiesError, match="wrong keys"):
        synced.sync()


def test_firmware_listed_with_stolen_online_keys(
    vendor: Vendor, synced: Site, mirror: LyingMirror
) -> None:
    evil = forged_target("fw/FP-B2/6.6.6/evil.bin")
    attacker = Attacker(mirror, stolen(vendor, "snapshot-1", "timestamp-1", "docs-1"))
    address = current_list(attacker)
    content: Metadata[Targets] = attacker.fetch(address)
    content.signed.targets[evil.path] = evil
    content.signed.version += 1
    body = attacker.lie(f"/metadata/{content.signed.version}.fw-FP-B2.json", content)
    version = attacker.fetch("/metadata/timestamp.json").signed.version + 10
    attacker.point_to({"fw-FP-B2": body}, version)
    with nothing_changes(synced), pytest.raises(UpstreamLiesError, match="wrong keys"):
        synced.sync()


def test_fast_forward_is_cured_by_changing_the_keys(
    vendor: Vendor, synced: Site, mirror: LyingMirror
) -> None:
    attacker = Attacker(mirror, stolen(vendor, "snapshot-1", "timestamp-1"))
    attacker.point_to({}, 9_000_000_000)
    synced.sync()
    mirror.lies.clear()
    with pytest.raises(UpstreamLiesError, match="older"):
        synced.sync()

    rotate(vendor, Purpose.SNAPSHOT, Purpose.TIMESTAMP)
    newer = vendor.publish("1.2.0")

    assert synced.sync().added == (newer,)


class Trickster:
    """The upstream, but the answers to one address are as `answers` has them, in turn."""

    def __init__(
        self, app: Flask, path: str, answers: list[Callable[..., Iterable[bytes]]]
    ) -> None:
        self.app, self.path, self.answers = app, path, answers
        self.ranges: list[str | None] = []

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"] == self.path:
            self.ranges.append(environ.get("HTTP_RANGE"))
            if self.answers:
                return self.answers.pop(0)(environ, start_response)
        answer: Iterable[bytes] = self.app.wsgi_app(environ, start_response)
        return answer


def cut(body: bytes, at: int) -> Callable[..., Iterable[bytes]]:
    """Promise all, send a part, and break off."""

    def answer(_environ: object, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", str(len(body)))])
        yield body[:at]
        raise ConnectionError

    return answer


def plain(status: str, body: bytes, *headers: tuple[str, str]) -> Callable[..., Iterable[bytes]]:
    def answer(_environ: object, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(status, [("Content-Length", str(len(body))), *headers])
        return [body]

    return answer


def test_a_cut_download_goes_on_where_it_stopped(vendor: Vendor, site: Site, app: Flask) -> None:
    path = vendor.publish("1.0.0", size=60_000)
    body, address = fetch(app, f"/targets/{path}"), hashed(app, "1.0.0")
    tricks = Trickster(app, address, [cut(body, 200_000), cut(body[:-1], 0)])
    with serving(tricks) as site.upstream:
        with pytest.raises(UpstreamUnreachableError):
            site.sync()
        assert site.seen()[IMAGE] == 404
        site.sync()
    begun = [wanted for wanted in tricks.ranges if wanted]
    assert begun
    assert all(int(wanted.removeprefix("bytes=")[:-1]) > 0 for wanted in begun)
    assert site.faults() == []


@pytest.mark.parametrize(
    "second",
    [
        plain("200 OK", b"other"),
        plain("206 Partial Content", b"x" * 10, ("Content-Range", "bytes 0-9/10")),
        plain("206 Partial Content", b"x" * 10, ("Content-Range", "nonsense")),
        plain("416 Range Not Satisfiable", b""),
        plain("503 Service Unavailable", b""),
        plain("302 Found", b"", ("Location", "/nowhere")),
    ],
)
def test_a_server_that_answers_a_resume_wrongly_never_mixes_bytes(
    vendor: Vendor, site: Site, app: Flask, second: Callable[..., Iterable[bytes]]
) -> None:
    path = vendor.publish("1.0.0", size=60_000)
    body, address = fetch(app, f"/targets/{path}"), hashed(app, "1.0.0")
    tricks = Trickster(app, address, [cut(body, 200_000), second])
    with serving(tricks) as site.upstream:
        for _try in range(3):
            try:
                site.sync()
            except RefusedError:
                assert site.seen()[IMAGE] == 404
    assert site.seen()[IMAGE] == body
    assert site.faults() == []


def endless(_environ: object, start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [])
    # More than any limit, and less than what the server of the test keeps in memory.
    for _number in range(14):
        yield b"x" * 65_536


def drip(_environ: object, start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "100000")])
    while True:
        time.sleep(0.1)
        yield b"x"


@pytest.mark.parametrize(
    "address", ["/metadata/timestamp.json", "/firmware/FP-B2/manifest.json.minisig", "bytes"]
)
@pytest.mark.parametrize("trick", [endless, drip])
def test_endless_and_dripping_answers_end(
    vendor: Vendor,
    site: Site,
    app: Flask,
    address: str,
    trick: Callable[..., Iterable[bytes]],
    leeway: float,
) -> None:
    vendor.publish("1.0.0")
    site.options = HASTY
    where = hashed(app, "1.0.0") if address == "bytes" else address
    with serving(Trickster(app, where, [trick] * 9)) as site.upstream:
        begun = time.monotonic()
        with pytest.raises(RefusedError):
            site.sync()
        assert time.monotonic() - begun < 20 * leeway
    assert site.seen()[IMAGE] == 404


def test_a_server_that_says_nothing_is_given_up(vendor: Vendor, site: Site) -> None:
    assert vendor
    site.options = HASTY
    with socket.create_server(("127.0.0.1", 0)) as silent:
        accepted: list[socket.socket] = []
        thread = threading.Thread(target=lambda: accepted.append(silent.accept()[0]))
        thread.start()
        site.upstream = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(UpstreamUnreachableError, match="no answer"):
            site.sync()
        thread.join()
        accepted[0].close()


def test_one_sync_at_a_time(vendor: Vendor, site: Site, app: Flask) -> None:
    vendor.publish("1.0.0")
    found: list[str] = []

    def second(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            site.sync()
        except RefusedError as error:
            found.append(error.code)
        answer: Iterable[bytes] = app.wsgi_app(environ, start_response)
        return answer

    with serving(Trickster(app, hashed(app, "1.0.0"), [second])) as site.upstream:
        site.sync()
    assert found == ["mirror-busy"]


def test_bit_rot_is_named_by_verify_and_healed_by_a_sync(synced: Site) -> None:
    """R22: one byte flipped in each stored file."""
    stored = sorted((synced.installation.data_dir / "blobs").glob("??/*"))
    for path in stored:
        body = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(body[:100] + bytes([body[100] ^ 1]) + body[101:])
    faults = synced.faults()
    assert len(faults) == len(stored) == 2
    assert all("its bytes are damaged" in fault for fault in faults)
    for path in stored:
        path.unlink()
    assert synced.sync().changed is False
    assert synced.faults() == []


def test_a_mirror_that_is_not_brought_up_to_date_raises_the_alarm_in_time(synced: Site) -> None:
    """R16: when a quarter of the timestamp's three days is left; what is held stays visible."""
    with synced.installation.database.reading() as session:
        assert expiry.alarming(session, now()) == []
        late = expiry.alarming(session, now() + timedelta(days=2, hours=7))
    assert [str(age.place) for age in late] == ["timestamp"]
    assert isinstance(synced.seen()[IMAGE], bytes)


@pytest.mark.parametrize("name", ["x", "docs/../ru/1.0/a.pdf", "docs/a/fr/1.0/a.pdf",
                                  "docs/a/ru/latest/a.pdf", "docs/search/ru/1.0/a.pdf",
                                  "docs/a/ru/1.0/.a.pdf"])  # fmt: skip
def test_an_edition_of_an_impossible_name_is_refused(name: str) -> None:
    target = HeldTarget(name, 1, "0" * 64, {})
    key = SigningKey.generate().public
    with pytest.raises(ListsContradictError):
        DocumentReceiver().check(Delivery({}, [target], (), key), now())
