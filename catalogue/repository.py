"""The TUF repository: set up once, changed in each publication, signed again before it ages."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from securesystemslib.signer import Key
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalogue import product_list, targets
from catalogue.keys import KeyRing
from catalogue.mirrors import mode
from catalogue.models import RoleFile
from catalogue.tuf import layout, role_files, role_keys
from catalogue.tuf.layout import (
    DOCS,
    ROOT,
    ROOTED,
    SHELVES,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
    Place,
    Purpose,
    View,
)
from catalogue.tuf.role_editor import RoleEditor
from storage.refusals import ConflictError

#: A file from the future was signed while the clock was wrong: it would be believed for too long.
_CLOCK_SLACK = timedelta(days=1)
_RAN_AHEAD = timedelta(days=1)


class AlreadySetUpError(ConflictError):
    code = "keys-already-set-up"
    ru = "Ключи уже заведены. Меняют их командой flatpro keys rotate."
    en = "The keys are already set up. Change them with flatpro keys rotate."


def is_set_up(session: Session) -> bool:
    """Whether the repository has its keys."""
    return bool(role_keys.active(session, Purpose.ROOT))


def ensure(session: Session, ring: KeyRing, now: datetime) -> frozenset[str]:
    """Set the repository up with keys of this server (mode `local`), if nobody has yet.

    The paths that became visible by that. A mirror has none of its own.
    """
    if is_set_up(session) or mode.of(session) is not None:
        return frozenset()
    try:
        with session.begin_nested():
            return set_up(session, ring, {}, now)
    except (IntegrityError, AlreadySetUpError):
        # Another process was first; its rows are visible now.
        return frozenset()


def set_up(
    session: Session,
    ring: KeyRing,
    elsewhere: Mapping[Purpose, Sequence[tuple[str, Key]]],
    now: datetime,
) -> frozenset[str]:
    """Trust the named keys kept elsewhere, make the others here, and draft every file.

    The paths that became visible; without enough keys here none does before people sign.
    """
    mode.refuse_publishing(session)
    if is_set_up(session):
        raise AlreadySetUpError
    for purpose in Purpose:
        named = elsewhere.get(purpose) or [
            (name, ring.roles.make(name))
            for name in (f"{purpose}-{n + 1}" for n in range(layout.keys_wanted(purpose)))
        ]
        for name, key in named:
            role_keys.add(session, purpose, name, key, now)
    return sign_everything(session, ring, now)


def publish(
    session: Session, ring: KeyRing, paths: Collection[str], now: datetime
) -> frozenset[str]:
    """Put out the lists that name these paths, in the transaction that changed their rows.

    The paths that became visible: all of them when the keys lie here, none while people have to
    sign. A withdrawn path leaves its list in the same way.
    """
    mode.refuse_publishing(session)
    session.flush()
    product_list.refresh(session, ring, now)
    listed = ensure(session, ring, now)
    if listed.issuperset(paths):
        return listed
    editor = RoleEditor(session, ring, now)
    for role in sorted({layout.role_of(path) for path in paths}):
        editor.draft_list(role)
    return listed | editor.put_out()


def settle(session: Session, ring: KeyRing, now: datetime) -> frozenset[str]:
    """Put out the drafts that are complete by now; the paths that became visible."""
    return RoleEditor(session, ring, now).put_out()


def renew(session: Session, ring: KeyRing, now: datetime) -> frozenset[str]:
    """Sign again what has used up its share of life, draft it where people have to sign.

    The paths that became visible. Also the first thing to do after the database was restored
    from a backup is this, for everything: see sign_restored.
    """
    mode.refuse_publishing(session)
    product_list.refresh(session, ring, now)
    editor = RoleEditor(session, ring, now)
    due = [place for row in _current(session) if (place := _place(row)) and is_due(row, now)]
    for place in due:
        if place not in editor.drafts:
            _draft(editor, place)
    if not editor.vouches_for_list_keys:
        editor.draft_targets()
    listed = editor.put_out(
        snapshots=[place.view for place in due if place.role == SNAPSHOT],
        timestamps=[place.view for place in due if place.role == TIMESTAMP],
    )
    role_files.prune(session, now)
    return listed


def sign_restored(session: Session, ring: KeyRing, now: datetime) -> frozenset[str]:
    """Make every file anew after a restore; the paths that became visible.

    Many publications within a second make versions run ahead of the clock. Clients may have seen
    such ones that the backup does not know, so this leaves them a day of it.
    """
    return sign_everything(session, ring, now, ahead=_RAN_AHEAD)


def sign_everything(
    session: Session, ring: KeyRing, now: datetime, *, ahead: timedelta = timedelta(0)
) -> frozenset[str]:
    """Make every file anew from the rows and the keys; the paths that became visible."""
    mode.refuse_publishing(session)
    editor = RoleEditor(session, ring, now, least_version=int((now + ahead).timestamp()))
    session.flush()
    for view in ROOTED:
        if Place(view, ROOT) not in editor.published:
            editor.draft_root(view)
    firmware = [role for role in targets.roles(session) if role not in SHELVES]
    editor.draft_targets(*firmware)
    editor.draft_docs()
    for role in (*firmware, *SHELVES):
        editor.draft_list(role)
    return editor.put_out()


def is_due(row: RoleFile, now: datetime) -> bool:
    """Whether a file is to be signed again: old, or dated by a clock that ran ahead."""
    renew_after = layout.life(_place(row)).renew_after
    return row.signed_at + renew_after <= now or row.signed_at > now + _CLOCK_SLACK


def _draft(editor: RoleEditor, place: Place) -> None:
    if place.role == ROOT:
        editor.draft_root(place.view)
    elif place.role == TARGETS:
        editor.draft_targets()
    elif place.role == DOCS:
        editor.draft_docs()
    elif place.view is View.BOTH:
        editor.draft_list(place.role)


def _current(session: Session) -> Sequence[RoleFile]:
    return session.scalars(select(RoleFile).where(RoleFile.superseded_at.is_(None))).all()


def _place(row: RoleFile) -> Place:
    return Place(View(row.view), row.role)
