"""First fetches that are awaited: new phones' configurations are made before they ever ask.

While a token is issued its text is at hand, and never again. So its first request is noted then, as
a kept answer that is stale from the start: what makes such answers anew makes this one too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from provision import credentials
from provision.devices.models import Device
from provision.dialects import family_of
from provision.families.family import PathKind
from provision.models import DeviceCredential
from provision.rendered import answer, stale, work
from provision.rendered.answer import Answer
from provision.rendered.models import Rendered
from provision.rendered.press_mark import press_mark
from storage.installation import Installation
from storage.sealed import Seal

#: SQLite takes 999 values in one question at least.
_AT_ONCE = 400
#: Of no revision that is ever counted, and by no press.
_NEVER = -1


def expect(
    session: Session,
    place: Installation,
    issued: Iterable[tuple[str, str]],
    *,
    actor: str,
    now: datetime,
) -> int:
    """Have the first configurations of these new tokens (by MAC) made soon; for how many.

    Phones that were here before are left out: theirs is a rotation, and the old token ends before
    the first answer to the new one, which only the views see to.
    """
    first = family_of(place).first_fetch
    if first is None:
        return 0
    requests = {
        credentials.digest(token): first.path.format(token=token, mac=mac) for mac, token in issued
    }
    count = 0
    for some in _parts(list(requests)):
        found = session.execute(
            select(DeviceCredential.id, DeviceCredential.device_id, DeviceCredential.token_sha256)
            .join(Device, Device.id == DeviceCredential.device_id)
            .where(DeviceCredential.token_sha256.in_(some), Device.first_seen_at.is_(None))
        )
        rows = [
            _row(place.seal, number, of, requests[digest or ""]) for number, of, digest in found
        ]
        if rows:
            session.execute(insert(Rendered), rows)
        count += len(rows)
    if count:
        work.ask(session, actor=actor, now=now)
    return count


@dataclass(frozen=True)
class First:
    """Of the phones that never came: for how many a configuration is ready, of how many."""

    ready: int
    total: int
    is_going_on: bool


def first(session: Session, place: Installation, now: datetime) -> First:
    """How far it is."""
    ready, total = stale.not_come(session, press_mark(place), now)
    return First(ready, total, is_going_on=work.far(session) is not None)


def _parts(digests: Sequence[str]) -> Iterable[Sequence[str]]:
    return (digests[start : start + _AT_ONCE] for start in range(0, len(digests), _AT_ONCE))


def _row(seal: Seal, credential_id: int, device_id: int, target: str) -> dict[str, Any]:
    name = answer.request_sha256(target, "")
    nothing = Answer(
        status=0,
        etag="",
        media_type="",
        record="",
        body=b"",
        request=answer.written(target, "", is_awaited=True),
    )
    return {
        "request_sha256": name,
        "credential_id": credential_id,
        "path_kind": PathKind.CONFIGURATION,
        "device_id": device_id,
        "press": bytes(32),
        "revision": _NEVER,
        "device_revision": _NEVER,
        "until_us": 0,
        "sealed": answer.closed(nothing, name, seal),
    }
