"""The vendor's side of every story, on a port of its own: right in all but the planted fault."""

import base64
import hashlib
import json
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from simulator.facts import Network, PhoneFacts, PhoneLine
from simulator.identity import PhoneIdentity
from simulator.trust import Trust


class Signer:
    """A minisign key pair."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.key_id = os.urandom(8)

    @property
    def public(self) -> str:
        raw = b"Ed" + self.key_id + self._key.public_key().public_bytes_raw()
        return base64.b64encode(raw).decode()

    def sign(self, message: bytes, comment: str = "serial:1", algorithm: bytes = b"ED") -> str:
        hashed = hashlib.blake2b(message).digest() if algorithm == b"ED" else message
        signature = self._key.sign(hashed)
        own = base64.b64encode(algorithm + self.key_id + signature).decode()
        whole = base64.b64encode(self._key.sign(signature + comment.encode())).decode()
        return f"untrusted comment: x\n{own}\ntrusted comment: {comment}\n{whole}\n"


@dataclass
class Reply:
    """`sent` cuts the body short on the wire, whatever Content-Length says."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    sent: int | None = None


@dataclass(frozen=True)
class Seen:
    path: str
    headers: Mapping[str, str]
    status: int
    client: str


def flat_image(
    product: str = "FP-B2", version: str = "2.4.1", hardware: str = "A,B", size: int = 300_000
) -> bytes:
    """An image with its header; `size` is the payload's."""
    payload = hashlib.shake_256(version.encode()).digest(size)
    header = (
        b"FLATFW\x00\x01" + product.encode().ljust(32, b"\0") + version.encode().ljust(16, b"\0")
    )
    header += hardware.encode().ljust(32, b"\0") + len(payload).to_bytes(8, "little")
    return (header + hashlib.sha256(payload).digest()).ljust(256, b"\0") + payload


class Vendor:
    """What phones meet; tests change its attributes to plant a fault."""

    def __init__(self) -> None:
        self.online, self.offline = Signer(), Signer()
        self.mac, self.token, self.password = "02f1a7000001", secrets.token_hex(16), "p4ss-w0rd"
        self.url = ""
        self.image = flat_image()
        self.etag = '"sha256-1"'
        self.serial = 7
        self.order: dict[str, object] = {}
        self.statement: dict[str, object] = {}
        self.manifest: dict[str, object] = {}
        self.statement_signer, self.manifest_signer = self.offline, self.online
        self.sip = '[sip.1]\nnumber = "101"\nserver = "pbx"\nuser = "101"\npassword = "k"\n'
        self.pages: dict[str, Callable[[Mapping[str, str]], Reply]] = {}
        self.seen: list[Seen] = []

    @property
    def trust(self) -> Trust:
        return Trust.of([self.online.public], [self.offline.public])

    def identity(self, **changes: str) -> PhoneIdentity:
        label = {"mac": self.mac, "serial": "FP2648B2K7Q2XM6", "product": "FP-B2", "hardware": "A"}
        return PhoneIdentity(**{**label, "firmware": "2.3.0", **changes})

    def paths(self) -> list[str]:
        return [seen.path for seen in self.seen]

    def downloads(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.path.endswith(".img")]

    def serve(
        self,
        path: str,
        body: bytes = b"",
        status: int = 200,
        headers: dict[str, str] | None = None,
        sent: int | None = None,
    ) -> None:
        """Answer `path` with this from now on."""
        self.pages[path] = lambda _: Reply(status, body, headers or {}, sent)

    @staticmethod
    def whole(body: bytes) -> Reply:
        return Reply(200, body)

    @staticmethod
    def closed(text: str) -> bytes:
        """A configuration file with its closing line."""
        body = text.encode()
        return body + f"# sha256 {hashlib.sha256(body).hexdigest()}\n".encode()

    @property
    def own_page(self) -> str:
        return f"/p/{self.token}/{self.mac}.cfg"

    def reply(self, path: str, headers: Mapping[str, str]) -> Reply:
        if path in self.pages:
            return self.pages[path](headers)
        pages: dict[str, Callable[[Mapping[str, str]], Reply]] = {
            f"/p/{self.mac}.cfg": self.bootstrap,
            self.own_page: self.configuration,
            f"/p/auth/{self.mac}.cfg": self.proved,
            "/firmware/FP-B2/stable/manifest.json": lambda _: Reply(200, self.manifest_bytes()),
            "/firmware/FP-B2/stable/manifest.json.minisig": lambda _: Reply(
                200, self.manifest_signer.sign(self.manifest_bytes()).encode()
            ),
            "/firmware/FP-B2/2.4.1/flat.img": self.download,
        }
        return pages[path](headers) if path in pages else Reply(404)

    def bootstrap(self, _headers: Mapping[str, str]) -> Reply:
        auth = f"{self.url}/p/auth/{self.mac}.cfg"
        return Reply(200, self.closed(f'#!flatphone 1\n[provisioning]\nauth_url = "{auth}"\n'))

    def configuration(self, headers: Mapping[str, str]) -> Reply:
        running = headers["user-agent"].removeprefix("FlatPhone/").split(" ")[0]
        body = self.configuration_bytes(due=running != "2.4.1")
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        if headers.get("if-none-match") == etag:
            return Reply(304, headers={"ETag": etag})
        return Reply(200, body, {"ETag": etag})

    def configuration_bytes(self, *, due: bool) -> bytes:
        text = '#!flatphone 1\n[provisioning]\npoll_s = "60"\nchannel = "stable"\nrevision = "4"\n'
        if due:
            order = {
                "version": "2.4.1",
                "url": f"{self.url}/firmware/FP-B2/2.4.1/flat.img",
                "size": len(self.image),
                "sha256": hashlib.sha256(self.image).hexdigest(),
                "not_before_s": 0,
                **self.order,
            }
            text += "[firmware]\n" + "".join(f'{k} = "{v}"\n' for k, v in order.items())
        return self.closed(text + self.sip)

    def proved(self, headers: Mapping[str, str]) -> Reply:
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', headers.get("authorization", "")))
        if given.get("response") and given["response"] == self._digest_of(given):
            return self.configuration(headers)
        challenge = 'Digest realm="flatphone", qop="auth", algorithm={}, nonce="n0nce", opaque="o"'
        both = f"{challenge.format('SHA-256')}, {challenge.format('MD5')}"
        return Reply(401, headers={"WWW-Authenticate": both})

    def _digest_of(self, given: Mapping[str, str]) -> str:
        def digest(text: str) -> str:
            return hashlib.sha256(text.encode()).hexdigest()

        secret = digest(f"{self.mac}:flatphone:{self.password}")
        asked = digest(f"GET:/p/auth/{self.mac}.cfg")
        return digest(f"{secret}:n0nce:{given['nc']}:{given['cnonce']}:auth:{asked}")

    def release(self, version: str, image: bytes) -> dict[str, object]:
        fields = {
            "format": 1,
            "kind": "flatpro-release",
            "product": "FP-B2",
            "version": version,
            "hardware": ["A", "B"],
            "file": "flat.img",
            "size": len(image),
            "sha256": hashlib.sha256(image).hexdigest(),
            "min_from": None,
            **self.statement,
        }
        statement = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        return {
            "version": version,
            "status": "current",
            "hardware": fields["hardware"],
            "min_from": fields["min_from"],
            "rollout": {"percent": 100, "salt": "5eed5eed5eed5eed"},
            "statement": statement,
            "statement_sig": self.statement_signer.sign(statement.encode()),
        }

    def manifest_bytes(self) -> bytes:
        manifest = {
            "format": 1,
            "product": "FP-B2",
            "channel": "stable",
            "serial": self.serial,
            "issued": "2026-11-22T10:00:00Z",
            "expires": "2999-01-01T00:00:00Z",
            "releases": [self.release("2.4.1", self.image)],
            **self.manifest,
        }
        return json.dumps(manifest, sort_keys=True, indent=1).encode()

    def download(self, headers: Mapping[str, str]) -> Reply:
        fields = {"ETag": self.etag}
        asked = re.fullmatch(r"bytes=(\d+)-", headers.get("range", ""))
        if asked is None or headers.get("if-range") != self.etag:
            return Reply(200, self.image, fields)
        start, end = int(asked[1]), len(self.image) - 1
        fields["Content-Range"] = f"bytes {start}-{end}/{len(self.image)}"
        return Reply(206, self.image[start:], fields)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    vendor: Vendor

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.vendor.reply(self.path, headers)
        seen = Seen(self.path, headers, reply.status, self.client_address[0])
        self.vendor.seen.append(seen)
        self.close_connection = True
        # The phone cuts connections; that is its right.
        with suppress(ConnectionError):
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 304:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: reply.sent])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name upstairs
        pass


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    vendor = Vendor()
    handler = type("Handler", (_Handler,), {"vendor": vendor})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        vendor.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield vendor
        server.shutdown()
        thread.join()


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def facts() -> PhoneFacts:
    return PhoneFacts(
        product="FP-B2",
        hardware="A",
        serial="FP2648B2K7Q2XM6",
        mac="02f1a7000001",
        firmware="2.4.1",
        uptime_s=12.5,
        last_reboot_reason="power on",
        lines=(PhoneLine("101", "pbx.example"), PhoneLine("102", "pbx.example", "unregistered")),
        network=Network(ip="127.0.77.1", neighbour="switch-3 gi1/0/7"),
        clock="2026-11-22T10:00:00+00:00",
        certificate_until="2027-01-01T00:00:00+00:00",
        configuration="abc123",
    )


@dataclass
class Desk:
    """A phone without a life: what it says can be changed, what is pressed on it is kept."""

    shown: PhoneFacts
    pressed: list[str] = field(default_factory=list)

    def facts(self) -> PhoneFacts:
        return self.shown

    def resync(self) -> None:
        self.pressed.append("resync")

    def reboot(self) -> None:
        self.pressed.append("reboot")


@pytest.fixture
def desk(facts: PhoneFacts) -> Desk:
    return Desk(facts)
