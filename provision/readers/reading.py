"""The one door to reading a phone, whatever the way."""

from dataclasses import dataclass

from provision.families.family import Family
from provision.readers.errors import NoCredentialError
from provision.readers.facts import DeviceFacts
from provision.readers.http import read_http
from provision.readers.networks import Target
from provision.readers.snmp import read_snmp
from provision.readers.snmp_lanes import Lane
from provision.readers.ssh import read_ssh
from provision.readers.ways import Credentials, Via


@dataclass(frozen=True)
class Answer:
    """What a phone told one way; a session that is worth keeping has a transcript.

    `lane` is the one that SNMP took.
    """

    facts: DeviceFacts
    transcript: str | None = None
    fingerprint: str | None = None
    lane: str | None = None


@dataclass(frozen=True)
class Patience:
    """How long a read waits: seconds for each try, and how often a lost packet is sent again."""

    timeout_s: float = 1.0
    retries: int = 1


def read(
    target: Target,
    via: Via,
    credentials: Credentials,
    family: Family,
    patience: Patience = Patience(),
    *,
    ping_host: str | None = None,
) -> Answer:
    """What the phone at `target` tells by `via`; raises a ReadError.

    `target` comes from networks.allowed: nothing here asks again whether it may be read.
    `ping_host` is a host that the phone may be asked to reach.
    """
    if via is Via.SSH:
        visit = read_ssh(target, family, credentials.ssh, ping_host=ping_host)
        return Answer(visit.facts, visit.transcript, visit.fingerprint)
    if via is Via.HTTP:
        pinned = credentials.certificate
        return Answer(
            read_http(target, family, credentials.login, patience.timeout_s, fingerprint=pinned)
        )
    if credentials.snmp is None:
        raise NoCredentialError(address=target.address, via="SNMP")
    facts = read_snmp(target, family, credentials.snmp, patience.timeout_s, patience.retries)
    return Answer(facts, lane=Lane.PYSNMP)
