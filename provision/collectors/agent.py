"""The collector itself: asks the server for errands, reads phones, hands the answers back.

It needs neither database nor data folder, and nothing listens: every connection goes out, over
HTTPS. Where it may read is its own setting, not the server's.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from provision.collectors import wire
from provision.collectors.wire import (
    BadMessageError,
    ChunkMessage,
    ErrandMessage,
    FoundMessage,
    SweptMessage,
    WorkMessage,
)
from provision.families.family import Families, Family, UnknownFamilyError
from provision.families.loading import BrokenFamilyError, read_only_family
from provision.readers.errors import NoCredentialError, ReadError, UnreadableWayError
from provision.readers.networks import Networks, Target, allowed, allowed_range
from provision.readers.reading import Answer, read
from provision.readers.snmp_sweep import Pace
from provision.sweeps.route import Route, networks_of
from provision.sweeps.scanning import Manner, Swept, scan
from storage.refusals import RefusedError

CLAIM, HAND_BACK = "/api/v1/collector/claim", "/api/v1/collector/errands/{id}"
HAND_BACK_CHUNK = "/api/v1/collector/chunks/{sweep}/{start}"
POLL_S = 1.0
_TIMEOUT = (5.0, 30.0)
_BACKOFF_S = (1.0, 2.0, 5.0, 15.0, 30.0)
Tables = Mapping[str, Any] | None


class CollectorRefusedError(RefusedError):
    code = "collector-refused"
    ru = "Сервер не принял ключ сборщика."
    en = "The server does not accept the collector's token."


class BadServerError(RefusedError):
    code = "bad-server"
    ru = "Адрес сервера — https://…; без шифрования только на этом же компьютере."
    en = "The server's address is https://…; without encryption only on this same machine."


@dataclass(frozen=True)
class Settings:
    """Where the server is, who we are, and where we may read."""

    server: str
    token: str = field(repr=False)
    networks: Networks = ()


class CollectorAgent:
    """One collector; `tell` hears a line for each errand, which never holds a secret."""

    def __init__(self, settings: Settings, families: Families, tell: Callable[[str], None]) -> None:
        place = urlsplit(settings.server)
        near = place.hostname in {"127.0.0.1", "localhost", "::1"}
        if place.scheme != "https" and not (place.scheme == "http" and near):
            raise BadServerError
        self._settings = settings
        self._families = families
        self._tell = tell
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {settings.token}"
        self._session.headers["User-Agent"] = "flatpro-collector"

    def live(self, stopped: Callable[[float], bool]) -> None:
        """Do errands until `stopped` (which waits so many seconds) says so."""
        failures = 0
        while True:
            try:
                busy = self.do_one()
                failures, pause = 0, 0.0 if busy else POLL_S
            except (requests.RequestException, BadMessageError) as error:
                pause = _BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)]
                failures += 1
                self._tell(f"the server cannot be reached: {type(error).__name__}")
            if stopped(pause):
                return

    def do_one(self) -> bool:
        """Claim one piece of work and do it; False where there was none."""
        work = self._claim()
        if work is None:
            return False
        if work.read is not None:
            self._do_errand(work.read, work.tables)
        if work.chunk is not None:
            self._do_chunk(work.chunk, work.tables)
        return True

    def _family(self, name: str, tables: Tables) -> Family:
        """The family that the server described, else one that was shipped."""
        return self._families.get(name) if tables is None else read_only_family(tables)

    def _do_errand(self, errand: ErrandMessage, tables: Tables) -> None:
        started = time.monotonic()
        result = self._read(errand, tables)
        message = wire.answer_message(result)
        self._send(HAND_BACK.format(id=errand.id), message.model_dump(mode="json"))
        outcome = result.code if isinstance(result, ReadError) else "read"
        seconds = time.monotonic() - started
        self._tell(f"{errand.via} {errand.address}: {outcome} in {seconds:.1f} s")

    def _do_chunk(self, chunk: ChunkMessage, tables: Tables) -> None:
        """Sweep a chunk, and hand its results back in pieces as they come."""
        found: list[SweptMessage] = []
        count = 0
        try:
            for swept in self._swept(chunk, tables):
                found.append(wire.swept_message(swept))
                count += 1
                if len(found) == wire.RESULTS_MAX:
                    self._hand_back(chunk, FoundMessage(results=found))
                    found = []
        except (ReadError, UnknownFamilyError, BrokenFamilyError) as error:
            self._hand_back(chunk, FoundMessage(refused=True))
            self._tell(f"sweep {chunk.sweep}: {error.text('en')}")
            return
        self._hand_back(chunk, FoundMessage(results=found, done=True))
        self._tell(f"sweep {chunk.sweep}: {count} of {chunk.count} addresses answered")

    def _swept(self, chunk: ChunkMessage, tables: Tables) -> Iterator[Swept]:
        networks = networks_of(chunk.networks)
        for network in networks:
            allowed_range(network, self._settings.networks)
        family = self._family(chunk.family, tables)
        if family.snmp is None:
            raise UnreadableWayError(address=networks[0], family=family.name, via="SNMP")
        if chunk.credential is None:
            raise NoCredentialError(address=networks[0], via="SNMP")
        route = Route(networks, chunk.seed)
        manner = Manner(
            family=family,
            places=family.snmp,
            credential=chunk.credential,
            port=chunk.port,
            pace=Pace(route.rate(chunk.rate), chunk.timeout_s, chunk.retries),
        )
        yield from scan(route.addresses(chunk.start, chunk.count), manner)

    def _hand_back(self, chunk: ChunkMessage, message: FoundMessage) -> None:
        path = HAND_BACK_CHUNK.format(sweep=chunk.sweep, start=chunk.start)
        self._send(path, message.model_dump(mode="json"))

    def _claim(self) -> WorkMessage | None:
        answer = self._send(CLAIM, {})
        return None if answer.status_code == 204 else wire.read_work(answer.content)

    def _read(self, errand: ErrandMessage, tables: Tables) -> Answer | ReadError:
        try:
            address = allowed(str(errand.address), self._settings.networks)
            family = self._family(errand.family, tables)
            target = Target(address, errand.port)
            return read(target, errand.via, errand.credentials, family, ping_host=errand.ping_host)
        except (UnknownFamilyError, BrokenFamilyError):
            return UnreadableWayError(
                address=str(errand.address), family=errand.family, via=errand.via.upper()
            )
        except ReadError as error:
            return error

    def _send(self, path: str, document: Mapping[str, object]) -> requests.Response:
        answer = self._session.post(
            self._settings.server.rstrip("/") + path,
            json=document,
            timeout=_TIMEOUT,
            allow_redirects=False,
        )
        if answer.status_code in {401, 403}:
            raise CollectorRefusedError
        if answer.status_code not in {200, 204}:
            raise BadMessageError
        return answer
