"""Changing keys: the new one is trusted and the old one is not from one and the same file on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from securesystemslib.signer import Key
from sqlalchemy.orm import Session

from accounts import audit
from catalogue import targets
from catalogue.keys import KeyRing
from catalogue.tuf import layout, role_keys
from catalogue.tuf import roles as tuf_roles
from catalogue.tuf.layout import ROOTED, SHELVES, Purpose, View
from catalogue.tuf.role_editor import RoleEditor
from catalogue.tuf.role_files import Published
from storage.refusals import RefusedError

_VIEWS = {
    Purpose.TARGETS: ROOTED,
    Purpose.ROOT: (View.ONLINE,),
    Purpose.SNAPSHOT: (View.ONLINE,),
    Purpose.TIMESTAMP: (View.ONLINE,),
    Purpose.AIR_GAP_ROOT: (View.AIR_GAP,),
    Purpose.AIR_GAP_SNAPSHOT: (View.AIR_GAP,),
    Purpose.AIR_GAP_TIMESTAMP: (View.AIR_GAP,),
}


class TooFewKeysError(RefusedError):
    code = "too-few-keys"
    ru = "Для {purpose} осталось бы {count} из {threshold} нужных ключей. Добавьте новый ключ."
    en = "Only {count} keys of the {threshold} needed would be left for {purpose}: add a new one."


@dataclass(frozen=True)
class KeyChange:
    """Keys of one purpose to retire, by name, and to add; `make` new ones are made here."""

    purpose: Purpose
    retire: Sequence[str] = ()
    add: Sequence[tuple[str, Key]] = ()
    make: int = 0


def rotate(
    session: Session, ring: KeyRing, changes: Sequence[KeyChange], *, actor: str, now: datetime
) -> frozenset[str]:
    """Change keys and sign everything that hangs on them; the paths that became visible.

    Where people have to sign, drafts wait for them and the old keys stay good until then. Raises
    TooFewKeysError, UnknownKeyError or KeyNameTakenError, and then nothing is changed.
    """
    editor = RoleEditor(session, ring, now)
    for change in changes:
        _change_keys(session, ring, change, now)
        audit.record(
            session,
            actor,
            "keys.rotate",
            f"keys:{change.purpose}",
            now,
            retired=list(change.retire),
            active=[row.name for row in role_keys.active(session, change.purpose)],
        )
    _draft(editor, session, {change.purpose for change in changes})
    return editor.put_out(snapshots=ROOTED)


def put_away(session: Session, ring: KeyRing) -> Sequence[str]:
    """Take private keys that no published file trusts out of use; their names.

    Only after the transaction that published without them has been committed.
    """
    published = Published(session)
    trusted = {keyid for metadata in published.values() for keyid in tuf_roles.all_keyids(metadata)}
    gone = [
        row.name
        for row in role_keys.every(session)
        if row.retired_at and row.keyid not in trusted and ring.roles.has(row.name)
    ]
    for name in gone:
        ring.roles.retire(name)
    return gone


def _change_keys(session: Session, ring: KeyRing, change: KeyChange, now: datetime) -> None:
    for name in change.retire:
        role_keys.retire(session, change.purpose, name, now)
    for name, key in change.add:
        role_keys.add(session, change.purpose, name, key, now)
    for _ in range(change.make):
        name = role_keys.next_name(session, change.purpose)
        role_keys.add(session, change.purpose, name, ring.roles.make(name), now)
    count = len(role_keys.active(session, change.purpose))
    threshold = layout.threshold(change.purpose)
    if count < threshold:
        raise TooFewKeysError(purpose=change.purpose, count=count, threshold=threshold)


def _draft(editor: RoleEditor, session: Session, purposes: Collection[Purpose]) -> None:
    """Draft what names the changed keys, and what the new ones have to sign."""
    for view in ROOTED:
        if any(view in _VIEWS.get(purpose, ()) for purpose in purposes):
            editor.draft_root(view)
    if {Purpose.TARGETS, Purpose.FIRMWARE, Purpose.DOCS}.intersection(purposes):
        editor.draft_targets()
    if Purpose.DOCS in purposes:
        editor.draft_docs()
        for shelf in SHELVES:
            editor.draft_list(shelf)
    if Purpose.FIRMWARE in purposes:
        for role in targets.roles(session):
            if role not in SHELVES:
                editor.draft_list(role)
