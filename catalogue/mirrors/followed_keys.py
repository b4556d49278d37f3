"""Whose keys a mirror follows: its upstream's, as the roots and the top list that it holds say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from catalogue.minisign import PublicKey
from catalogue.mirrors import generations, mode
from catalogue.mirrors.models import MirrorGeneration
from catalogue.tuf import layout, role_files
from catalogue.tuf import roles as tuf_roles
from catalogue.tuf.layout import ROOT, ROOTED, SNAPSHOT, TARGETS, TIMESTAMP, Place, Purpose, View


@dataclass(frozen=True)
class FollowedRole:
    """The keys whose signatures count for one purpose, and how many of them have to sign."""

    purpose: Purpose
    keyids: Sequence[str]
    needed: int


@dataclass(frozen=True)
class FollowedKeys:
    """`manifest_key` and `firmware_key` are the ids of the minisign keys that phones trust."""

    upstream: str
    roles: Sequence[FollowedRole]
    manifest_key: str
    firmware_key: str
    believed_until: datetime


def read(session: Session) -> FollowedKeys | None:
    """What is followed here; None where nothing is mirrored."""
    row = mode.of(session)
    if row is None:
        return None
    last = session.get_one(MirrorGeneration, row.generation)
    by_purpose = {role.purpose: role for role in _roles(session)}
    return FollowedKeys(
        upstream=row.upstream,
        roles=[by_purpose[purpose] for purpose in Purpose if purpose in by_purpose],
        manifest_key=PublicKey.parse(row.online_key).id_text,
        firmware_key=PublicKey.parse(row.firmware_key).id_text,
        believed_until=generations.believed_until(session, View(last.view)),
    )


def _roles(session: Session) -> Iterator[FollowedRole]:
    for view in ROOTED:
        yield from _named_by(session, Place(view, ROOT), (ROOT, TARGETS, SNAPSHOT, TIMESTAMP))
    yield from _named_by(session, Place(View.BOTH, TARGETS), None)


def _named_by(
    session: Session, above: Place, roles: Sequence[str] | None
) -> Iterator[FollowedRole]:
    file = role_files.newest(session, above.view, above.role)
    # Who was filled from a bundle may hold the root of one view only.
    if file is None:
        return
    metadata = tuf_roles.from_bytes(file.body)
    for role in roles or tuf_roles.delegated_roles(metadata):
        yield FollowedRole(
            layout.purpose_of(Place(above.view, role)),
            tuf_roles.keyids_of(metadata, role),
            tuf_roles.threshold_of(metadata, role),
        )
