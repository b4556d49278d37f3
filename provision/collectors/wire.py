"""What goes between the server and a collector: errands with their secrets, and answers (pure).

Either side believes nothing of the other beyond the form: BadMessageError for all else.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from provision.readers import errors
from provision.readers.errors import Phrase, ReadError
from provision.readers.facts import DeviceFacts
from provision.readers.reading import Answer
from provision.readers.snmp_credentials import (
    AuthProtocol,
    Community,
    PrivProtocol,
    SnmpCredential,
    UsmUser,
)
from provision.readers.snmp_peer import SnmpV3RefusedError
from provision.readers.ways import Credentials, Login, SshLogin, Via
from provision.sweeps.handing_out import HandedChunk
from provision.sweeps.route import CHUNK
from provision.sweeps.scanning import Swept

#: The server takes a million bytes at once; JSON may spend six on a character.
TRANSCRIPT_MAX = 128 * 1024
RESULTS_MAX = 50
_ERRORS: Mapping[str, type[ReadError]] = {
    kind.code: kind
    for kind in (
        errors.AccessDeniedError,
        errors.CertificateChangedError,
        errors.CertificateUnknownError,
        errors.HostKeyChangedError,
        errors.HostKeyUnknownError,
        errors.NoCredentialError,
        errors.NotAllowedError,
        errors.UnexpectedAnswerError,
        errors.UnreachableError,
        errors.UnreadableWayError,
        SnmpV3RefusedError,
    )
}


class BadMessageError(Exception):
    """The other side said something that has not this form."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LoginMessage(_Message):
    user: str = Field(max_length=1000)
    password: str = Field(max_length=1000, repr=False)
    fingerprint: str | None = Field(None, max_length=200)


class UsmMessage(_Message):
    """A user of SNMP v3."""

    name: str = Field(max_length=1000)
    auth: AuthProtocol
    auth_password: str = Field(max_length=1000, repr=False)
    priv: PrivProtocol
    priv_password: str | None = Field(None, max_length=1000, repr=False)
    context: str = Field("", max_length=1000)


class ErrandMessage(_Message):
    """One phone to read, with what may be shown to it."""

    id: int
    address: IPv4Address
    port: int | None = Field(None, ge=1, le=65535)
    via: Via
    family: str = Field(max_length=64)
    community: str | None = Field(None, max_length=1000, repr=False)
    usm: UsmMessage | None = None
    http: LoginMessage | None = None
    ssh: LoginMessage | None = None
    certificate: str | None = Field(None, max_length=200)
    ping_host: str | None = Field(None, max_length=253)

    @property
    def credentials(self) -> Credentials:
        return Credentials(
            snmp=_credential(self.community, self.usm),
            login=Login(self.http.user, self.http.password) if self.http else None,
            ssh=SshLogin(self.ssh.user, self.ssh.password, self.ssh.fingerprint)
            if self.ssh
            else None,
            certificate=self.certificate,
        )


class ChunkMessage(_Message):
    """A part of a sweep: the networks and the seed make its addresses."""

    sweep: int
    start: int = Field(ge=0)
    count: int = Field(ge=1, le=CHUNK)
    networks: list[str] = Field(min_length=1, max_length=1024)
    seed: int
    rate: int = Field(ge=1)
    port: int = Field(ge=1, le=65535)
    timeout_s: float = Field(gt=0, le=60)
    retries: int = Field(ge=0, le=10)
    family: str = Field(max_length=64)
    community: str | None = Field(None, max_length=1000, repr=False)
    usm: UsmMessage | None = None

    @property
    def credential(self) -> SnmpCredential | None:
        return _credential(self.community, self.usm)


class WorkMessage(_Message):
    """What there is to do: one phone to read, or a part of a sweep.

    `tables` describe a family that the collector was not shipped with (families.loading).
    """

    read: ErrandMessage | None = None
    chunk: ChunkMessage | None = None
    tables: dict[str, Any] | None = None

    @property
    def family(self) -> str:
        asked = self.read or self.chunk
        return asked.family if asked is not None else ""


class SweptMessage(_Message):
    """An address that answered."""

    address: IPv4Address
    lane: str = Field(max_length=16)
    facts: dict[str, Any] | None = None


class FoundMessage(_Message):
    """Some of a chunk's results; `done` with the last of them, `refused` where it may not read."""

    results: list[SweptMessage] = Field(default_factory=list, max_length=RESULTS_MAX)
    done: bool = False
    refused: bool = False


class AnswerMessage(_Message):
    """What a read came to: facts, or the code of a failure with its details."""

    facts: dict[str, Any] | None = None
    transcript: str | None = Field(None, max_length=TRANSCRIPT_MAX)
    lane: str | None = Field(None, max_length=16)
    error: str | None = Field(None, max_length=64)
    details: dict[str, str | dict[str, str]] = Field(default_factory=dict, max_length=8)


@dataclass(frozen=True)
class Order:
    """An errand before its secrets are put in."""

    id: int
    address: IPv4Address
    via: Via
    family: str
    port: int | None = None
    ping_host: str | None = None


def errand_message(order: Order, credentials: Credentials) -> ErrandMessage:
    """An errand with only the secret that its way needs."""
    via, login, ssh = order.via, credentials.login, credentials.ssh
    community, usm = _snmp(credentials.snmp if via is Via.SNMP else None)
    return ErrandMessage(
        id=order.id,
        address=order.address,
        port=order.port,
        via=via,
        family=order.family,
        community=community,
        usm=usm,
        http=LoginMessage(user=login.user, password=login.password)
        if via is Via.HTTP and login
        else None,
        ssh=LoginMessage(user=ssh.user, password=ssh.password, fingerprint=ssh.fingerprint)
        if via is Via.SSH and ssh
        else None,
        certificate=credentials.certificate if via is Via.HTTP else None,
        ping_host=order.ping_host if via is Via.SSH else None,
    )


def chunk_message(chunk: HandedChunk, family: str) -> ChunkMessage:
    """A chunk as its collector gets it."""
    community, usm = _snmp(chunk.credential)
    return ChunkMessage(
        sweep=chunk.sweep,
        start=chunk.start,
        count=chunk.count,
        networks=list(chunk.networks),
        seed=chunk.seed,
        rate=chunk.rate,
        port=chunk.port,
        timeout_s=chunk.timeout_s,
        retries=chunk.retries,
        family=family,
        community=community,
        usm=usm,
    )


def swept_message(one: Swept) -> SweptMessage:
    """One result to hand back."""
    facts = one.facts.as_record() if one.facts else None
    return SweptMessage(address=IPv4Address(one.address), lane=one.lane, facts=facts)


def swept_of(message: SweptMessage) -> Swept:
    """A result that was handed back; facts that are none are left out."""
    try:
        facts = _facts(message.facts) if message.facts is not None else None
    except Exception:  # noqa: BLE001 - whatever a collector says must not end as a fault of ours
        facts = None
    return Swept(str(message.address), message.lane, facts)


def read_work(body: bytes) -> WorkMessage:
    """What a server gave to do; raises BadMessageError."""
    try:
        return WorkMessage.model_validate_json(body)
    except ValidationError as error:
        raise BadMessageError from error


def answer_message(result: Answer | ReadError) -> AnswerMessage:
    """What to hand back."""
    if isinstance(result, ReadError):
        return AnswerMessage(error=result.code, details=_plain(result.details))
    transcript = result.transcript
    return AnswerMessage(
        facts=result.facts.as_record(),
        transcript=transcript[:TRANSCRIPT_MAX] if transcript else None,
        lane=result.lane,
    )


def result_of(record: Mapping[str, Any]) -> Answer | ReadError:
    """The answer in a stored message; raises BadMessageError."""
    try:
        message = AnswerMessage.model_validate(record)
        if message.facts is not None:
            return Answer(_facts(message.facts), message.transcript, lane=message.lane)
        return _ERRORS[message.error or ""](**_details(message.details))
    except Exception as error:
        # A collector stands in a building of somebody else: what it says is not ours to trust.
        raise BadMessageError from error


def _snmp(credential: SnmpCredential | None) -> tuple[str | None, UsmMessage | None]:
    """The credential as a message has it: a community, or a user of v3."""
    if isinstance(credential, UsmUser):
        return None, UsmMessage(**asdict(credential))
    return credential.text if credential is not None else None, None


def _credential(community: str | None, usm: UsmMessage | None) -> SnmpCredential | None:
    if usm is not None:
        return UsmUser(**usm.model_dump())
    return None if community is None else Community(community)


def _facts(record: Mapping[str, Any]) -> DeviceFacts:
    """Facts through the same sieve as those that we read ourselves."""
    return DeviceFacts.from_record(record)


def _plain(details: Mapping[str, object]) -> dict[str, str | dict[str, str]]:
    return {
        name: {"ru": value.ru, "en": value.en} if isinstance(value, Phrase) else str(value)
        for name, value in details.items()
    }


def _details(details: Mapping[str, str | Mapping[str, str]]) -> dict[str, object]:
    return {
        name: value if isinstance(value, str) else Phrase(value["ru"], value["en"])
        for name, value in details.items()
    }
