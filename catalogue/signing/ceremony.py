"""Who still has to sign what, and signatures that were made on other machines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Key
from sqlalchemy.orm import Session
from tuf.api.metadata import VerificationResult

from accounts import audit
from catalogue import statements
from catalogue.keys import KeyRing
from catalogue.models import Statement
from catalogue.signing.signing_request import DraftToSign, SigningRequest, StatementToSign
from catalogue.tuf import role_files, role_keys, settling
from catalogue.tuf import roles as tuf_roles
from catalogue.tuf.layout import OFFLINE_PURPOSES, Place
from catalogue.tuf.role_editor import RoleEditor
from catalogue.tuf.role_files import Published
from catalogue.tuf.roles import AnyMetadata
from storage.refusals import RefusedError


class ForeignSignatureError(RefusedError):
    code = "foreign-signature"
    ru = "Подпись под {role} не от ключа, который для него годится, или не под этим: {keyid}."
    en = "A signature on {role} is not by a key that counts for it, or not of it: {keyid}."


@dataclass(frozen=True)
class Seat:
    """A key that may sign a draft; `here` says that its private half lies on this server."""

    name: str
    keyid: str
    signed: bool
    here: bool


@dataclass(frozen=True)
class Awaited:
    """A draft and its seats; `missing` more must sign. With 0 it waits for another draft."""

    place: Place
    version: int
    threshold: int
    missing: int
    seats: tuple[Seat, ...]


@dataclass(frozen=True)
class Received:
    """What came of a signed request: `taken` are pairs (file, key), `stale` was drafted anew."""

    taken: tuple[tuple[str, str], ...]
    stale: tuple[str, ...]
    listed: frozenset[str]


class Mode(StrEnum):
    """Where the keys are that make clients take new firmware."""

    NONE = "none"
    LOCAL = "local"
    OFFLINE = "offline"


def mode(session: Session, ring: KeyRing) -> Mode:
    """`offline` when no key that makes anyone take new firmware lies on this server."""
    people = [row for purpose in OFFLINE_PURPOSES for row in role_keys.active(session, purpose)]
    if not people:
        return Mode.NONE
    here = ring.firmware is not None or any(ring.roles.has(row.name) for row in people)
    return Mode.LOCAL if here else Mode.OFFLINE


def awaited(session: Session, ring: KeyRing) -> Sequence[Awaited]:
    """Every draft, who has signed it and who has not."""
    names = {row.keyid: row.name for row in role_keys.every(session)}
    published, drafts = Published(session), role_files.drafts(session)
    return [
        _awaited(place, draft, _results(place, draft, drafts, published), names, ring)
        for place, draft in sorted(drafts.items())
    ]


def request(session: Session, now: datetime) -> SigningRequest:
    """What people have to sign, to be carried to their machines."""
    published, drafts = Published(session), role_files.drafts(session)
    to_sign = []
    for place, draft in sorted(drafts.items()):
        results = _results(place, draft, drafts, published)
        if any(result.missing for result in results):
            to_sign.append(DraftToSign(place, draft, published.get(place), _keys(results)))
    return SigningRequest(
        made_at=now,
        names={row.keyid: row.name for row in role_keys.every(session)},
        drafts=tuple(to_sign),
        statements=tuple(
            StatementToSign(row.path, row.text) for row in statements.waiting(session)
        ),
    )


def receive(
    session: Session, ring: KeyRing, signed: SigningRequest, *, actor: str, now: datetime
) -> Received:
    """Take the signatures of a request that came back, and put out what is complete by them.

    Raises ForeignSignatureError for one that does not count, or what statements.sign raises;
    then nothing is taken. A draft that was made anew meanwhile is passed over.
    """
    editor = RoleEditor(session, ring, now)
    names = {row.keyid: row.name for row in role_keys.every(session)}
    taken, stale = [], []
    for draft in signed.drafts:
        ours = editor.drafts.get(draft.place)
        if ours is None or ours.signed_bytes != draft.metadata.signed_bytes:
            stale.append(str(draft.place))
            continue
        keys = _keys(_results(draft.place, ours, editor.drafts, editor.published))
        for keyid in sorted(draft.metadata.signatures.keys() - ours.signatures.keys()):
            _take(draft, keyid, keys, ours)
            taken.append((str(draft.place), names.get(keyid, keyid)))
        editor.sign(draft.place, ours)
    for statement in signed.statements:
        if statement.signature is not None and _is_current(session, statement):
            statements.sign(session, statement.path, statement.signature, ring.firmware_public)
            taken.append((statement.path, ring.firmware_public.id_text))
    for subject, name in taken:
        audit.record(session, actor, "metadata.sign", f"metadata:{subject}", now, key=name)
    session.flush()
    return Received(tuple(taken), tuple(stale), editor.put_out())


def _take(draft: DraftToSign, keyid: str, keys: Mapping[str, Key], ours: AnyMetadata) -> None:
    signature, key = draft.metadata.signatures[keyid], keys.get(keyid)
    if key is None:
        raise ForeignSignatureError(role=draft.place, keyid=keyid[:16])
    try:
        key.verify_signature(signature, ours.signed_bytes)
    except UnverifiedSignatureError as error:
        raise ForeignSignatureError(role=draft.place, keyid=keyid[:16]) from error
    ours.signatures[keyid] = signature


def _is_current(session: Session, statement: StatementToSign) -> bool:
    row = session.get(Statement, statement.path)
    return row is not None and row.text == statement.text and row.signature is None


def _results(
    place: Place,
    draft: AnyMetadata,
    drafts: Mapping[Place, AnyMetadata],
    published: Mapping[Place, AnyMetadata],
) -> Sequence[VerificationResult]:
    """Who signed by the files above, drafts before published ones: they come out together."""
    files_above = settling.above(place, drafts, published)
    if not files_above:
        return tuf_roles.verification(place, draft, None)
    return [result for file in files_above for result in tuf_roles.verification(place, draft, file)]


def _awaited(
    place: Place,
    draft: AnyMetadata,
    results: Sequence[VerificationResult],
    names: Mapping[str, str],
    ring: KeyRing,
) -> Awaited:
    signed = {keyid for result in results for keyid in result.signed}
    seats = (
        Seat(names.get(keyid, keyid[:8]), keyid, keyid in signed, ring.roles.has(names[keyid]))
        for keyid in _keys(results)
    )
    return Awaited(
        place=place,
        version=draft.signed.version,
        threshold=max((result.threshold for result in results), default=0),
        missing=max((result.missing for result in results), default=0),
        seats=tuple(sorted(seats, key=lambda seat: seat.name)),
    )


def _keys(results: Sequence[VerificationResult]) -> dict[str, Key]:
    return {
        keyid: key
        for result in results
        for keyid, key in {**result.signed, **result.unsigned}.items()
    }
