"""The switch to a new generation: every row that shows the upstream changes in one transaction.

Whoever reads during it sees the old state. Role files that were replaced are kept as they are in
any repository, and bytes stay in the store, so that a client in the middle of the old state ends
well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from accounts import audit
from catalogue import expiry, product_list
from catalogue.mirrors import lists as mirror_lists
from catalogue.mirrors import looking, mode, seen
from catalogue.mirrors.looking import Known, Look
from catalogue.mirrors.models import Mirror, MirrorGeneration
from catalogue.mirrors.selection import Selection
from catalogue.mirrors.trust import Followed, Pin
from catalogue.models import RoleDraft, RoleFile, SignedFile, Target, TrustKey
from catalogue.receivers import MirrorReceivers
from catalogue.tuf import layout, role_files, roles
from catalogue.tuf.layout import ROOT, ROOTED, SNAPSHOT, TIMESTAMP, Place, View
from catalogue.tuf.role_files import NewFile
from storage.installation import Installation

ACTOR = "mirror"
KEPT_GENERATIONS = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Outcome:
    """What a look at the upstream came to; `new` names the roots that were pinned by it."""

    generation: int
    changed: bool
    added: tuple[str, ...]
    removed: tuple[str, ...]
    held: int
    believed_until: datetime
    new_pins: Mapping[View, Pin]


def switch(
    installation: Installation, source: str, found: Look, known: Known, now: datetime
) -> Outcome:
    """Show what was found, whose bytes are all stored, in place of what was shown before."""
    with installation.database.writing() as session:
        row = mode.of(session)
        if row is None:
            row = _begin(session)
        changed = _store_files(session, found, now)
        before = selection_of(row) if row.generation else None
        row.upstream = source if found.trusted.view is View.ONLINE else row.upstream or source
        row.online_key, row.firmware_key = found.keys.online, found.keys.firmware
        row.products = sorted(found.chosen.products)
        row.kinds = sorted(found.chosen.kinds)
        row.languages = sorted(found.chosen.languages)
        row.pins = {
            view: [str(pin.version), pin.sha256]
            for view, pin in {**known.pins, **found.pins}.items()
        }
        session.add(row)
        session.flush()
        mirror_lists.store(session, found.lists)
        added, removed = _store_targets(session, found, now)
        if product_list.PATH in found.lists:
            _take_products(session, found)
        for receiver in installation.option(MirrorReceivers).receivers:
            receiver.receive(session, found.delivery(receiver), now)
        if changed or added or removed or before != found.chosen:
            row.generation += 1
            _note(session, row, source, found, added, removed, now)
        new_pins = {view: pin for view, pin in found.pins.items() if view not in known.pins}
        return Outcome(
            generation=row.generation,
            changed=bool(changed or added or removed),
            added=added,
            removed=removed,
            held=len(found.targets),
            believed_until=believed_until(session, found.trusted.view),
            new_pins=new_pins,
        )


def selection_of(row: Mirror) -> Selection:
    """What a mirror holds of its upstream."""
    return Selection.of(row.products, row.kinds, row.languages)


def believed_until(session: Session, view: View) -> datetime:
    """The instant after which some client refuses what is held, if nothing newer comes.

    Clients that are online look at the files of their view, clients behind an air gap at those of
    theirs.
    """
    ages = [age for age in expiry.ages(session, _EPOCH) if age.place.view in {view, View.BOTH}]
    lists = select(SignedFile.expires_at).where(SignedFile.expires_at.is_not(None))
    return min([*(age.expires_at for age in ages), *filter(None, session.scalars(lists))])


def _begin(session: Session) -> Mirror:
    """A fresh installation has set up a repository of its own in which nothing was published."""
    mode.refuse_publisher(session)
    for table in (RoleFile, RoleDraft, SignedFile, TrustKey):
        session.execute(delete(table))
    return mode.new()


def _store_files(session: Session, found: Look, now: datetime) -> bool:
    """Serve the metadata byte for byte; whether any of it is new."""
    current = role_files.current(session)
    new = False
    for followed in found.views:
        stored = set(
            session.scalars(
                select(RoleFile.version).where(
                    RoleFile.view == followed.view, RoleFile.role == ROOT
                )
            )
        )
        roots = {**found.older_roots.get(followed.view, {}), **followed.roots}
        for number in sorted(roots.keys() - stored):
            role_files.store(session, {Place(followed.view, ROOT): _file(roots[number])}, now)
            new = True
        files = {_place(followed, role): _file(body) for role, body in followed.files.items()}
        fresh = {
            place: file
            for place, file in files.items()
            if place not in current or current[place] != file.listed
        }
        role_files.store(session, fresh, now)
        current |= {place: file.listed for place, file in fresh.items()}
        new = new or bool(fresh)
        seen.forget(session, followed.view)
    _drop_outdated(session, found)
    return new


def _drop_outdated(session: Session, found: Look) -> None:
    """A bundle brings one view: the other is served no more once it names other lists.

    What it knew of versions stands in the lists, which the next look at it may not be older than.
    """
    for view in set(ROOTED) - {followed.view for followed in found.views}:
        held = role_files.newest(session, view, SNAPSHOT)
        named = roles.from_bytes(held.body) if held else None
        if named is not None and looking.metas(named) != looking.metas_of(found.trusted):
            session.execute(
                delete(RoleFile).where(
                    RoleFile.view == view, RoleFile.role.in_([SNAPSHOT, TIMESTAMP])
                )
            )


def _file(body: bytes) -> NewFile:
    metadata = roles.from_bytes(body)
    return NewFile(metadata, body, roles.listed_file(metadata.signed.version, body))


def _place(followed: Followed, role: str) -> Place:
    return Place(followed.view if role in {SNAPSHOT, TIMESTAMP} else View.BOTH, role)


def _store_targets(
    session: Session, found: Look, now: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Offer exactly the targets that were taken; the paths that came and those that went."""
    rows = {row.path: row for row in session.scalars(select(Target))}
    before = {row.path for row in rows.values() if row.withdrawn_at is None}
    for path, target in found.targets.items():
        held = looking.held(path, target)
        row = rows.get(path)
        if row is None:
            row = Target(path=path, role=layout.role_of(path), added_at=now)
            session.add(row)
        row.sha256, row.size, row.about = held.sha256, held.size, dict(held.about) or None
        row.listed_at, row.withdrawn_at = row.listed_at or now, None
    for path in before - found.targets.keys():
        rows[path].withdrawn_at = now
    session.flush()
    return (
        tuple(sorted(found.targets.keys() - before)),
        tuple(sorted(before - found.targets.keys())),
    )


def _take_products(session: Session, found: Look) -> None:
    listed = product_list.parse(found.lists[product_list.PATH].body)
    product_list.take(session, [p for p in listed if found.chosen.wants_product(p.code)])


def _note(
    session: Session,
    row: Mirror,
    source: str,
    found: Look,
    added: Sequence[str],
    removed: Sequence[str],
    now: datetime,
) -> None:
    session.add(
        MirrorGeneration(
            number=row.generation,
            source=source,
            view=found.trusted.view,
            signed_version=found.trusted.version,
            taken_at=now,
            added=list(added),
            removed=list(removed),
        )
    )
    oldest = row.generation - KEPT_GENERATIONS
    session.execute(delete(MirrorGeneration).where(MirrorGeneration.number <= oldest))
    audit.record(
        session, ACTOR, "mirror.switch", f"mirror:{row.generation}", now,
        source=source, added=len(added), removed=len(removed),
    )  # fmt: skip
