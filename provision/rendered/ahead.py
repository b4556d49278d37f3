"""Making stale configurations anew before their phones ask, by the decisions of a fetch itself.

What a phone asked for last stands in what was kept for it. Each batch looks at the database of one
instant, and writes only over what it looked at: a fetch that came before keeps its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Self

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from provision import folding
from provision.configurations import PhoneFile
from provision.devices.models import Device
from provision.dialects import families_of
from provision.families.formats import UnwritableNameError, UnwritableValueError
from provision.phone_fetches import phone_calls
from provision.phone_fetches.phone_calls import Finding, Gate, PhoneCall
from provision.phone_fetches.shared_inputs import SharedInputs
from provision.proving.grants import Grant
from provision.proving.proofs import Verifier
from provision.rendered import answer, making, stale
from provision.rendered.answer import Request
from provision.rendered.expected import Expectation
from provision.rendered.keeping import Kept, Standing
from provision.rendered.making import Bench
from provision.rendered.press_mark import press_mark
from provision.rendered.stale import Seen, Stale
from provision.rendering import RenderError
from storage.clock import now
from storage.installation import Installation
from storage.sealed import UnsealError

#: An end that has passed: it is not given out, and it is not stale either, until a change comes.
_NEVER_GIVEN = datetime(1970, 1, 1, tzinfo=UTC)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Batch:
    """What became of some devices' configurations: made anew, not writable, or nobody's now."""

    made: int = 0
    failed: int = 0
    dropped: int = 0


@dataclass(frozen=True)
class Workshop:
    """What makes files in this process, as the phone plane's views do in theirs."""

    place: Installation
    gate: Gate
    bench: Bench
    inputs: SharedInputs = field(default_factory=SharedInputs)

    @classmethod
    def of(cls, place: Installation) -> Self:
        gate = Gate(families_of(place), Verifier.of(place), folding.journal_of(place))
        return cls(place, gate, Bench(place.seal, press_mark(place)))

    def prepare(self, devices: Sequence[Seen]) -> Batch:
        """Make anew what is stale of these devices."""
        made: list[tuple[Stale, Kept]] = []
        dropped: list[Stale] = []
        failed = 0
        with self.place.database.snapshot() as session:
            macs = [one.mac for one in devices]
            # Loaded at once and held here, with their products and sites.
            held = session.scalars(select(Device).where(Device.mac.in_(macs))).all()
            numbers = [one.id for one in held]
            shared = self.inputs.at(stale.revision(session))
            words = Expectation.of(session, self.place, shared, held)
            for row in stale.rows(session, self.bench.press_mark, numbers):
                kept = self._made(session, row, words)
                if kept is None:
                    dropped.append(row)
                    continue
                made.append((row, kept))
                failed += kept.standing.until == _NEVER_GIVEN
            del held, words
        with self.place.database.writing(lasting=False) as session:
            stale.replace(session, made)
            stale.drop(session, dropped)
        return Batch(len(made) - failed, failed, len(dropped))

    def _made(self, session: Session, row: Stale, words: Expectation) -> Kept | None:
        """What the phone would get now; None where it is nothing that can be kept."""
        request = self._request(row, words)
        if request is None:
            return None
        finding = self._finding(session, request)
        stands = making.standing(session, finding)
        if stands is None:
            return None
        if request.is_awaited and not request.agent:
            return self._not_given(finding, row, stands)
        try:
            return self._filled(session, request, finding, stands, words.devices)
        except (RenderError, UnwritableValueError, UnwritableNameError) as error:
            _log.error("configuration-not-written", reason=error.text("en"))
            return self._not_given(finding, row, stands)

    def _filled(
        self,
        session: Session,
        request: Request,
        finding: Finding,
        stands: Standing,
        held: Mapping[str, Device],
    ) -> Kept | None:
        press = making.press_for(self.place, finding, stands, self.inputs)
        prepared = phone_calls.prepare(session, finding, press, held)
        if isinstance(prepared, PhoneFile):
            awaited = request.is_awaited
            return making.kept(finding, prepared, stands, self.bench, is_awaited=awaited)
        if prepared is None and finding.grant is Grant.FIRMWARE:
            return making.kept(finding, making.NOTHING_DUE, stands, self.bench)
        return None

    def _request(self, row: Stale, words: Expectation) -> Request | None:
        """The request that the row answers, a first one as it is expected now."""
        try:
            kept = answer.opened(row.sealed, row.request_sha256, self.bench.seal)
            request = answer.asked(kept)
        except (UnsealError, ValueError):
            return None
        return words.again(request) if request.is_awaited else request

    def _finding(self, session: Session, request: Request) -> Finding:
        """What it comes to."""
        call = PhoneCall(
            at=now(),
            at_s=0.0,
            method="GET",
            target=request.target,
            agent=request.agent,
            address="",
        )
        return phone_calls.find_out(session, self.gate, call)

    def _not_given(self, finding: Finding, row: Stale, stands: Standing) -> Kept:
        """The row, so that it is tried again after the next change and not before."""
        over = replace(stands, until=_NEVER_GIVEN)
        path_kind = finding.asked.kind if finding.asked else "unknown"
        return Kept(row.request_sha256, path_kind, over, self.bench.press_mark, row.sealed)
