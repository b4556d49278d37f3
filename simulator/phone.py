"""The life of one phone: it boots, fetches its configuration, takes what is due, and polls.

What goes wrong stays inside: a refusal or a silent server ends a visit, is remembered as the
last error, and leaves the phone on the firmware that it runs.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from simulator.configuration import Configuration, FirmwareOrder, SipLine
from simulator.download import Download, DownloadHabits
from simulator.exchange import Caller, UnreachableError, expect, fetch
from simulator.facts import Network, PhoneFacts, PhoneLine, Quality, Trouble
from simulator.faults import DidNotStartError, Fault
from simulator.identity import PhoneIdentity
from simulator.manifest import Channel, check_order, read_manifest, read_statement
from simulator.provisioning import Credential, Visit, fetch_bootstrap, fetch_configuration
from simulator.refusal import RefusedError
from simulator.story import Event, EventKind, Outcome, Story
from simulator.trust import BadSignatureError, Trust
from simulator.upgrade import Asking, Verdict, judge

_MANIFEST_LIMIT = 4 << 20
_STEPS_IN_ONE_VISIT = 8
_BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


class EndlessUpgradeError(RefusedError):
    """The server orders one release after another without end."""


@dataclass(frozen=True)
class PhoneState:
    """What a phone keeps over a power cut; `manifest_serials` holds the highest seen by channel."""

    firmware: str
    etag: str | None = None
    manifest_serials: Mapping[str, int] = field(default_factory=dict)
    cut_done: bool = False
    last_error: str | None = None


@dataclass(frozen=True)
class PhoneOptions:
    """The circumstances of a phone: where it is, how it behaves, how fast its time goes.

    `source` is the address that it calls from; `lines` are shown until a configuration brings
    others, and lend their state to lines of the same number; `time_scale` is how many of its
    seconds pass in one of ours (polls and `not_before_s` are measured in its own); `fault` is how
    it breaks.
    """

    source: str | None = None
    cut_after_bytes: int | None = None
    lines: tuple[PhoneLine, ...] = ()
    network: Network = field(default_factory=Network)
    quality: Quality = field(default_factory=Quality)
    trouble: Trouble = field(default_factory=Trouble)
    time_scale: float = 1.0
    poll_s: int = 3600
    patience_s: float = 10.0
    fault: Fault | None = None


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SimulatedPhone:
    """One phone. `run_once` is one visit to the server, `live` is one after another."""

    def __init__(
        self,
        identity: PhoneIdentity,
        credential: Credential,
        server_url: str,
        trust: Trust,
        *,
        state: PhoneState | None = None,
        options: PhoneOptions | None = None,
        notice: Callable[[Event], None] | None = None,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.identity = identity
        self.state = state or PhoneState(firmware=identity.firmware)
        self._credential = credential
        self._server_url = server_url.rstrip("/")
        self._trust = trust
        self._options = options or PhoneOptions()
        self._notice = notice
        self._clock = clock
        self._events: list[Event] = []
        self._bootstrapped = False
        self._auth_url: str | None = None
        self._configuration: Configuration | None = None
        self._booted_at = time.monotonic()
        self._reboot_reason = "power on"
        self._boot_pending = True
        self._wake = asyncio.Event()
        self._failed: str | None = None
        self._dead = False

    @property
    def firmware(self) -> str:
        return self.state.firmware

    def facts(self) -> PhoneFacts:
        """What the phone says of itself now, over SNMP and HTTP alike."""
        return PhoneFacts(
            product=self.identity.product,
            hardware=self.identity.hardware,
            serial=self.identity.serial,
            mac=self.identity.mac,
            firmware=self.firmware,
            uptime_s=time.monotonic() - self._booted_at,
            last_reboot_reason=self._reboot_reason,
            lines=self._lines(),
            network=self._options.network,
            quality=self._options.quality,
            clock=self._clock_text(),
            certificate_until=self._options.trouble.certificate_until,
            configuration=(self._configuration.revision or "") if self._configuration else "",
        )

    def install(self, version: str) -> None:
        """Run `version` from now on, as after a download: with a reboot."""
        self.state = replace(self.state, firmware=version, last_error=None)
        self._boot("firmware upgrade")

    def reboot(self) -> None:
        """Start again, as somebody asked over HTTP; the next visit follows at once."""
        self._boot("remote request")
        self._wake.set()

    def resync(self) -> None:
        """Visit the server now instead of at the next poll."""
        self._wake.set()

    async def live(self, told: Callable[[Story], None]) -> None:
        """Visit the server again and again until cancelled; `told` hears of each visit."""
        failures = 0
        while True:
            story = await self.run_once()
            told(story)
            if story.outcome is Outcome.UNREACHABLE:
                pause = _BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)]
                failures += 1
            else:
                pause, failures = self._poll_s(), 0
            await self._rest(pause)

    async def run_once(self) -> Story:
        """One visit: fetch the configuration and take every release due, one step at a time."""
        self._events, self._failed = [], None
        outcome, error = Outcome.SETTLED, None
        if self._options.fault is Fault.SILENT or self._dead:
            return Story((), Outcome.UNREACHABLE, "the phone is off")
        try:
            outcome = await self._visit_until_settled()
        except RefusedError as refusal:
            outcome, error = Outcome.REFUSED, refusal.line
            self._bootstrapped = False
            self.state = replace(self.state, last_error=error)
            self._tell(EventKind.REFUSED, error)
        except UnreachableError as failure:
            outcome, error = Outcome.UNREACHABLE, str(failure)
            self._tell(EventKind.UNREACHABLE, error)
        else:
            self.state = replace(self.state, last_error=None)
        return Story(tuple(self._events), outcome, error)

    async def _visit_until_settled(self) -> Outcome:
        for _ in range(_STEPS_IN_ONE_VISIT):
            configuration = await self._fetch_configuration()
            order = configuration.firmware
            if order is None or order.version == self.firmware:
                return Outcome.SETTLED
            if order.version == self._failed:
                raise DidNotStartError(f"{order.version} did not start")
            if await self._verify(order, configuration.channel) is Verdict.NOT_YET:
                self._tell(EventKind.NOT_YET, order.version)
                return Outcome.NOT_YET
            await self._take(order)
            if self._dead:
                return Outcome.UNREACHABLE
        raise EndlessUpgradeError(f"{_STEPS_IN_ONE_VISIT} releases in one visit")

    async def _fetch_configuration(self) -> Configuration:
        """The configuration that holds now: a new one, or the one that the phone has already."""
        if self._boot_pending:
            self._boot_pending = False
            self._tell(EventKind.BOOTED, f"{self.firmware}, {self._reboot_reason}")
        visit = Visit(self._caller(), self._server_url, self.identity.mac)
        if not self._bootstrapped:
            bootstrap = await fetch_bootstrap(visit)
            self._bootstrapped, self._auth_url = True, bootstrap.auth_url
            self._tell(EventKind.BOOTSTRAP, "")
        known = self.state.etag if self._configuration else None
        fetched = await fetch_configuration(visit, self._credential, self._auth_url, known)
        if fetched.configuration is None:
            assert self._configuration is not None
            self._tell(EventKind.UNCHANGED, "")
            return self._configuration
        self._configuration = fetched.configuration
        self.state = replace(self.state, etag=fetched.etag)
        self._tell(EventKind.CONFIGURED, f"revision {fetched.configuration.revision or 'unnamed'}")
        return fetched.configuration

    async def _take(self, order: FirmwareOrder) -> None:
        """Download a verified order, judge it and install it."""
        if order.not_before_s:
            self._tell(EventKind.WAITING, f"{order.not_before_s} s")
            await asyncio.sleep(order.not_before_s / self._options.time_scale)
        cut = None if self.state.cut_done else self._options.cut_after_bytes
        download = Download(self._caller(), order, self._tell, DownloadHabits(cut))
        self.state = replace(self.state, cut_done=True)
        image = await download.run()
        self._tell(EventKind.DOWNLOADED, f"{image.received} bytes")
        image.judge(order, self.identity)
        if self._options.fault is not None:
            self._break(self._options.fault, order.version)
            return
        before = self.firmware
        self.install(order.version)
        self._tell(EventKind.INSTALLED, f"{before} -> {order.version}")

    def _break(self, fault: Fault, version: str) -> None:
        """What a faulty phone makes of a good image."""
        if fault is Fault.FALLS_SILENT:
            self._dead = True
            return
        self._failed = version
        self._boot("failed upgrade")

    async def _verify(self, order: FirmwareOrder, channel: str) -> Verdict:
        """Whether the signed words allow the order now (TAKE) or later (NOT_YET)."""
        product = self.identity.product
        url = f"{self._server_url}/firmware/{product}/{channel}/manifest.json"
        seen = self.state.manifest_serials
        expected = Channel(product, channel, seen.get(channel, 0), self._clock())
        raw = await self._fetch_bytes(url)
        signature = await self._fetch_bytes(f"{url}.minisig")
        manifest = read_manifest(raw, _signature_text(signature), self._trust, expected)
        self.state = replace(self.state, manifest_serials={**seen, channel: manifest.serial})
        statement = read_statement(manifest.release(order.version), self._trust)
        check_order(statement, order, self.identity, self.firmware)
        asking = Asking(self.firmware, self.identity.hardware, self.identity.mac)
        return judge(order.version, asking, manifest.offered, manifest.floors)

    async def _fetch_bytes(self, url: str) -> bytes:
        reply = await fetch(self._caller(), url, {}, limit=_MANIFEST_LIMIT)
        expect(reply.head, url, 200)
        return reply.body

    def _caller(self) -> Caller:
        agent = self.identity.user_agent(self.firmware)
        return Caller(agent, self._options.source, self._options.patience_s)

    def _boot(self, reason: str) -> None:
        self._booted_at = time.monotonic()
        self._reboot_reason = reason
        self._boot_pending = True
        # A phone that starts asks for the whole file, whatever it had before.
        self.state = replace(self.state, etag=None)

    def _lines(self) -> tuple[PhoneLine, ...]:
        kept = self._options.trouble.keeps_settings
        if kept or self._configuration is None or not self._configuration.lines:
            return self._options.lines
        states = {line.number: line.state for line in self._options.lines}
        return tuple(_shown(line, states) for line in self._configuration.lines)

    def _poll_s(self) -> float:
        configured = self._configuration.poll_s if self._configuration else None
        return (configured or self._options.poll_s) / self._options.time_scale

    def _clock_text(self) -> str:
        shown = self._clock() + timedelta(seconds=self._options.trouble.clock_offset_s)
        return shown.isoformat(timespec="seconds")

    async def _rest(self, seconds: float) -> None:
        """Wait for the next visit; a phone that restarts by itself waits less and boots."""
        every_s, reason = self._options.trouble.reboot_every_s, self._options.trouble.reboot_reason
        if every_s is None or every_s / self._options.time_scale > seconds:
            await self._sleep(seconds)
            return
        await self._sleep(every_s / self._options.time_scale)
        self._boot(reason)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def _tell(self, kind: EventKind, detail: str) -> None:
        event = Event(self._clock(), kind, detail)
        self._events.append(event)
        if self._notice is not None:
            self._notice(event)


def _shown(line: SipLine, states: Mapping[str, str]) -> PhoneLine:
    return PhoneLine(line.number, line.server, states.get(line.number, "registered"))


def _signature_text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise BadSignatureError("the signature is no text") from error
