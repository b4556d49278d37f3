"""One call of a phone: who asks, what was proved, what that gets. No web framework in here.

Whoever stands at the door (the Flask views now) fills in a PhoneCall and acts on the Finding.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from catalogue import products
from firmware.offering import OfferedRelease
from provision import configurations, rollouts
from provision.checkins import SelfReport, Visit
from provision.configurations import PhoneFile, Press
from provision.device_story.hints import hint
from provision.devices import registry
from provision.devices.models import Device
from provision.families.family import Families, PathKind
from provision.families.identification import Asked, Identity, PhoneRequest, asked_for, identify
from provision.models import CheckInKind
from provision.proving.certificates import ClientCertificate
from provision.proving.doorkeeper import Doorkeeper
from provision.proving.grants import Grant, decide
from provision.proving.proofs import Attempt, Proved, Unproved, Verifier
from provision.redirects.first_contact import first_contact
from storage.journal import Journal

_NONE_HELD: Mapping[str, Device] = {}


@dataclass(frozen=True)
class Gate:
    """What a phone plane remembers between calls; nothing of it outlives the process."""

    families: Families
    verifier: Verifier
    journal: Journal
    doorkeeper: Doorkeeper = field(default_factory=Doorkeeper)


@dataclass(frozen=True)
class PhoneCall:
    """A request as it came in: `target` is its raw request target, `at_s` a clock's seconds."""

    at: datetime
    at_s: float
    method: str
    target: str = field(repr=False)
    agent: str
    address: str
    authorization: str | None = field(default=None, repr=False)
    certificate: ClientCertificate | None = None
    #: One was shown that the proxy found wrong.
    certificate_failed: bool = False


@dataclass(frozen=True)
class Finding:
    """What a call came to: the grant, and on which grounds."""

    call: PhoneCall
    identity: Identity
    outcome: Proved | Unproved
    grant: Grant

    @property
    def asked(self) -> Asked | None:
        return self.identity.asked

    @property
    def proved(self) -> Proved | None:
        return self.outcome if isinstance(self.outcome, Proved) else None

    @property
    def said(self) -> SelfReport | None:
        """What the proof tells of the device; None where it is worth nothing."""
        if self.proved is None or self.grant is Grant.NOTHING:
            return None
        return SelfReport.of(self.identity, self.proved.credential_id)

    @property
    def failed(self) -> bool:
        """Whether a proof was tried and was wrong."""
        return isinstance(self.outcome, Unproved) and self.outcome.failed

    @property
    def stale(self) -> bool:
        return isinstance(self.outcome, Unproved) and self.outcome.stale

    def visit(self, kind: CheckInKind, status: int) -> Visit:
        """The call as a record; the token in its path is not in it."""
        firmware, mac = self.identity.firmware, self.identity.mac
        return Visit(
            at=self.call.at,
            kind=kind,
            method=self.call.method,
            path_kind=self.asked.kind if self.asked else "unknown",
            status=status,
            address=self.call.address,
            user_agent=self.call.agent,
            mac=mac.value.hex if mac else None,
            firmware=firmware.value if firmware else None,
            proof=self.proved.proof.origin if self.proved else None,
            hint=self._hint(),
        )

    def _hint(self) -> str | None:
        if self.proved is not None:
            return None
        shown = self.call.certificate is not None or self.call.certificate_failed
        return hint(self.asked.token if self.asked else None, has_certificate=shown)


def find_out(session: Session, gate: Gate, call: PhoneCall) -> Finding:
    """Identify the caller, check its proof, and decide what it gets."""
    asked = asked_for(call.target, gate.families)
    outcome = _outcome(session, gate, call, asked)
    asking = PhoneRequest(
        method=call.method,
        path=call.target,
        user_agent=call.agent,
        address=call.address,
        proof=outcome.proof if isinstance(outcome, Proved) else None,
    )
    identity = identify(asking, gate.families)
    return Finding(call, identity, outcome, decide(identity, call.method))


def prepare(
    session: Session, finding: Finding, press: Press, held: Mapping[str, Device] = _NONE_HELD
) -> PhoneFile | OfferedRelease | None:
    """What goes out for a finding: a file, the release that is due, or nothing (None).

    `held` are devices by MAC that this session has looked up already.
    """
    asked = finding.asked
    match finding.grant:
        case Grant.BOOTSTRAP if asked and asked.mac:
            return first_contact(session, press, asked.mac, finding.call.at)
        case Grant.COMMON if finding.identity.product:
            return _common(session, press, finding.identity.product.value)
        case Grant.CONFIGURATION | Grant.FIRMWARE | Grant.RELEASE:
            return _own(session, finding, press, held)
    return None


def _outcome(
    session: Session, gate: Gate, call: PhoneCall, asked: Asked | None
) -> Proved | Unproved:
    if asked is None:
        return Unproved()
    guessing = asked.kind is PathKind.AUTHENTICATED and call.authorization is not None
    if guessing and not gate.doorkeeper.may_try(call.address, asked.mac, call.at_s):
        return Unproved(failed=True)
    attempt = Attempt(call.method, call.target, call.authorization, call.certificate)
    return gate.verifier.prove(session, asked, attempt, call.at)


def _common(session: Session, press: Press, code: str) -> PhoneFile | None:
    try:
        product = products.get(session, code.upper())
    except products.UnknownProductError:
        return None
    return configurations.common(session, press, product)


def _own(
    session: Session, finding: Finding, press: Press, held: Mapping[str, Device]
) -> PhoneFile | OfferedRelease | None:
    """What belongs to the one device that proved itself."""
    mac, asked = finding.identity.mac, finding.asked
    if mac is None:
        return None
    device = held.get(mac.value.hex) or registry.by_mac(session, mac.value)
    if device is None:
        return None
    if finding.grant is Grant.FIRMWARE:
        at, identity = finding.call.at, finding.identity
        return rollouts.release_due(session, device, at, identity, press.shared)
    make = configurations.release if finding.grant is Grant.RELEASE else configurations.full
    return make(
        session,
        press,
        device,
        finding.call.at,
        token=asked.token if asked else None,
        identity=finding.identity,
    )
