"""The configuration that a phone took last, and how what it would get now differs from it."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from provision import profile_history, profiles
from provision.devices.models import Device
from provision.families.family import Family, PathKind
from provision.models import CheckIn, CheckInKind
from provision.rendered import answer
from provision.rendered.models import Rendered
from provision.rendering import HIDDEN, masked
from storage.sealed import Seal, UnsealError

_AROUND = 2
_CHANGES_MAX = 200


@dataclass(frozen=True)
class LastFetched:
    """When the phone took its configuration, and (where it is still kept) what that was, masked."""

    at: datetime
    text: str | None = field(default=None, repr=False)
    #: Settings of its levels whose secret was changed since; a diff hides their values.
    secrets: Sequence[str] = ()


@dataclass(frozen=True)
class DiffLine:
    """`kind` is added, gone or same; "gap" stands for lines left out."""

    kind: str
    text: str


def last_fetched(
    session: Session, device: Device, family: Family, seal: Seal
) -> LastFetched | None:
    """What this phone took last; None where it never took anything.

    The door keeps what each secret's holder was given, until it is given something else.
    """
    visit = session.execute(
        select(CheckIn.at, CheckIn.revision)
        .where(
            CheckIn.device_id == device.id,
            CheckIn.kind == CheckInKind.CONFIGURATION,
            CheckIn.strength == "proved",
        )
        .order_by(CheckIn.at.desc())
        .limit(1)
    ).first()
    if visit is None:
        return None
    kept = session.scalar(
        select(Rendered)
        .where(Rendered.device_id == device.id, Rendered.path_kind == PathKind.CONFIGURATION)
        .order_by(Rendered.credential_id.desc())
        .limit(1)
    )
    text = _text(kept, family, seal) if kept else None
    if text is not None and visit.revision:
        # It differs with the token, which nobody but the phone has.
        text = text.replace(visit.revision, HIDDEN)
    return LastFetched(visit.at, text, _secrets(session, device, visit.at))


def difference(before: str, now: str) -> Sequence[DiffLine]:
    """The lines that differ, with some around them; none where all are the same."""
    lines = difflib.unified_diff(before.splitlines(), now.splitlines(), lineterm="", n=_AROUND)
    return [_line(line) for line in list(lines)[2:]]


def _line(line: str) -> DiffLine:
    if line.startswith("@@"):
        return DiffLine("gap", "…")
    kind = {"+": "added", "-": "gone"}.get(line[:1], "same")
    return DiffLine(kind, line[1:])


def _secrets(session: Session, device: Device, since: datetime) -> Sequence[str]:
    chain = profiles.chain_of(device)
    changes = profile_history.of_links(session, chain, _CHANGES_MAX, since)
    return sorted({one.name for one in changes if one.old.is_secret or one.new.is_secret})


def _text(kept: Rendered, family: Family, seal: Seal) -> str | None:
    try:
        found = answer.opened(kept.sealed, kept.request_sha256, seal)
    except UnsealError:
        return None
    return masked(family, found.body).decode()
