"""A crowd of phones at one server: each fetches its bootstrap and its configuration, at a pace.

Every file is read as a phone reads it: whole, with a right closing line, and its own.
"""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from simulator.configuration import Configuration
from simulator.exchange import BusyError, Caller, UnexpectedAnswerError, UnreachableError
from simulator.identity import PhoneIdentity
from simulator.provisioning import (
    TokenCredential,
    Visit,
    fetch_bootstrap,
    fetch_configuration,
)
from simulator.refusal import RefusedError

T = TypeVar("T")


class AnothersFileError(RefusedError):
    """The file is whole and right, but it is another phone's."""


class Outcome(StrEnum):
    """How one visit ended. WRONG: a file that is cut, altered, or another phone's."""

    FETCHED = "fetched"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    WRONG = "wrong"


@dataclass(frozen=True)
class CrowdPhone:
    """One phone: what it says, its secret, and the address that it calls from, if it has one."""

    identity: PhoneIdentity
    token: str = field(repr=False)
    source: str | None = None


@dataclass(frozen=True)
class CrowdPlan:
    """Who visits which server; `per_s` phones begin in a second, each makes `visits`."""

    server: str
    phones: Sequence[CrowdPhone]
    per_s: float = 200.0
    visits: int = 1
    patience_s: float = 30.0
    #: Whether they begin with the bootstrap; one that was here before knows its own address.
    are_new: bool = True


@dataclass(frozen=True)
class Summary:
    """What came of it; times of single requests in milliseconds, `seconds` of it all."""

    phones: int
    requests: int
    outcomes: Counter[Outcome]
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float

    @property
    def good(self) -> bool:
        """Whether every phone got what is its own."""
        return set(self.outcomes) <= {Outcome.FETCHED, Outcome.UNCHANGED}


@dataclass
class _Watch:
    """How long each request took, in seconds."""

    took: list[float] = field(default_factory=list)

    async def time(self, request: Awaitable[T]) -> T:
        begun = time.perf_counter()
        try:
            return await request
        finally:
            self.took.append(time.perf_counter() - begun)


async def run(plan: CrowdPlan, ended: Callable[[], None] = lambda: None) -> Summary:
    """Let every phone make its visits; `ended` is called when one has made them."""
    watch, outcomes = _Watch(), Counter[Outcome]()
    begun = time.perf_counter()

    async def one(number: int, phone: CrowdPhone) -> None:
        await asyncio.sleep(begun + number / plan.per_s - time.perf_counter())
        etag: str | None = None
        for _ in range(plan.visits):
            outcome, etag = await _visit(plan, phone, watch, etag)
            outcomes[outcome] += 1
        ended()

    await asyncio.gather(*(one(number, phone) for number, phone in enumerate(plan.phones)))
    took = [1000 * seconds for seconds in watch.took]
    cuts = statistics.quantiles(took, n=100) if len(took) > 1 else took * 99
    return Summary(
        phones=len(plan.phones),
        requests=len(took),
        outcomes=outcomes,
        seconds=time.perf_counter() - begun,
        p50_ms=cuts[49] if cuts else 0.0,
        p99_ms=cuts[98] if cuts else 0.0,
        max_ms=max(took, default=0.0),
    )


async def _visit(
    plan: CrowdPlan, phone: CrowdPhone, watch: _Watch, etag: str | None
) -> tuple[Outcome, str | None]:
    """One visit: how it ended, and the ETag to ask with at the next one."""
    identity = phone.identity
    caller = Caller(identity.user_agent(identity.firmware), phone.source, plan.patience_s)
    visit = Visit(caller, plan.server, identity.mac)
    try:
        if etag is None and plan.are_new:
            bootstrap = await watch.time(fetch_bootstrap(visit))
            _own(bootstrap, "mac", identity.mac)
        credential = TokenCredential(phone.token)
        fetched = await watch.time(fetch_configuration(visit, credential, None, etag))
        if fetched.configuration is None:
            return Outcome.UNCHANGED, etag
        url = f"{plan.server}/p/{phone.token}/{identity.mac}.cfg"
        _own(fetched.configuration, "url", urlsplit(url).path)
    except (UnreachableError, RefusedError) as error:
        return _ended(error), etag
    return Outcome.FETCHED, fetched.etag


def _own(found: Configuration, key: str, ending: str) -> None:
    """Refuse a whole and right file that is another phone's."""
    if not found.sections.get("provisioning", {}).get(key, "").endswith(ending):
        raise AnothersFileError(f"{key} does not end in {ending[-16:]}")


def _ended(error: UnreachableError | RefusedError) -> Outcome:
    match error:
        case BusyError():
            return Outcome.BUSY
        case UnreachableError():
            return Outcome.UNREACHABLE
        case UnexpectedAnswerError():
            return Outcome.REFUSED
    return Outcome.WRONG
