"""Makes the next files of the TUF repository from the rows and puts them out together.

One editor serves one transaction: it holds the repository, drafts what changed, signs with the
keys that lie here, publishes what is complete and keeps the rest as drafts.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from securesystemslib.signer import Signer
from sqlalchemy import select
from sqlalchemy.orm import Session
from tuf.api.metadata import Signed

from catalogue import targets
from catalogue.keys import KeyRing
from catalogue.models import Statement, Target
from catalogue.tuf import layout, reading_back, role_files, role_keys, settling
from catalogue.tuf import roles as tuf_roles
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
from catalogue.tuf.role_files import NewFile
from catalogue.tuf.roles import AnyMetadata, Edition, KeysByPurpose, ListKeys
from storage.refusals import UnavailableError

_TOP = Place(View.BOTH, TARGETS)


class OnlineKeyMissingError(UnavailableError):
    code = "online-key-missing"
    ru = "На этом сервере нет закрытого ключа, которым подписывают {role}."
    en = "The private key that signs {role} is not on this server."


class RoleEditor:
    """The repository held for one change."""

    def __init__(
        self, session: Session, ring: KeyRing, now: datetime, *, least_version: int | None = None
    ) -> None:
        self._session = session
        self._least = int(now.timestamp()) if least_version is None else least_version
        self._folder = ring.roles
        self._list_keys = ListKeys(ring.online.public.line, ring.firmware_public.line)
        self._now = now
        role_files.lock(session)
        self.published = role_files.Published(session)
        self.drafts = role_files.drafts(session)
        self._current = role_files.current(session)
        self._made: set[Place] = set()

    def draft_root(self, view: View) -> None:
        """The next root of a view, from the keys that are trusted now."""
        place = Place(view, ROOT)
        before = self.published.get(place)
        signers = self._signers(layout.purpose_of(place))
        if before is not None:
            kept = tuf_roles.keyids_of(before, ROOT)
            signers += [s for s in self._folder.signers(kept) if s not in signers]
        content = tuf_roles.root(view, self._keys(), self._edition(place))
        self._draft(place, content, signers)

    def draft_targets(self, *new_roles: str) -> None:
        """The next top list; it keeps the roles that it has and gets `new_roles`."""
        roles = (self._delegated() - {DOCS}).union(new_roles)
        content = tuf_roles.targets(roles, self._keys(), self._edition(_TOP), self._list_keys)
        self._draft(_TOP, content)

    @property
    def vouches_for_list_keys(self) -> bool:
        """Whether the latest top list names the minisign keys of this server."""
        latest = self.drafts.get(_TOP) or self.published.get(_TOP)
        return latest is None or tuf_roles.list_keys(latest) == self._list_keys

    def draft_docs(self) -> None:
        """The next list of documents; the documents themselves are on its shelves."""
        place = Place(View.BOTH, DOCS)
        self._draft(place, tuf_roles.docs(self._keys(), self._edition(place)))

    def draft_list(self, role: str) -> None:
        """The next list of targets of a role, from the rows; its delegation if it has none yet."""
        if role not in SHELVES and role not in self._delegated():
            self.draft_targets(role)
        place = Place(View.BOTH, role)
        listed = targets.listed_by(self._session, role)
        self._draft(place, tuf_roles.listing(listed, self._edition(place)))

    def sign(self, place: Place, metadata: AnyMetadata) -> None:
        """Take a draft that somebody has signed in place of the one without that signature."""
        self.drafts[place] = metadata
        self._made.add(place)

    def put_out(
        self, *, snapshots: Collection[View] = (), timestamps: Collection[View] = ()
    ) -> frozenset[str]:
        """Publish what is complete; the paths that became visible.

        Each view gets a new snapshot when any file changed or when it is in `snapshots`, and a new
        timestamp with that or when it is in `timestamps`.
        """
        chosen = settling.publishable(self.drafts, self.published, self._unstated())
        out = {place: NewFile.of(metadata) for place, metadata in chosen.items()}
        for view in ROOTED:
            root = chosen.get(Place(view, ROOT)) or self.published.get(Place(view, ROOT))
            if root is None or not (_TOP in chosen or _TOP in self._current):
                continue
            if chosen or view in snapshots:
                out |= self._snapshot(view, root, out)
            if chosen or view in {*snapshots, *timestamps}:
                out |= self._timestamp(view, root, out)
        for place in sorted(self._made - chosen.keys()):
            role_files.save_draft(self._session, place, self.drafts[place], self._now)
        role_files.drop_drafts(self._session, chosen.keys() & self.drafts.keys())
        role_files.store(self._session, out, self._now)
        listed = targets.mark_listed(self._session, {p.role for p in chosen}, self._now)
        reading_back.check(self._session, out.keys())
        return listed

    def _snapshot(
        self, view: View, root: AnyMetadata, out: Mapping[Place, NewFile]
    ) -> Mapping[Place, NewFile]:
        new = {place: file.listed for place, file in out.items()}
        lists = {p.role: f for p, f in {**self._current, **new}.items() if p.view is View.BOTH}
        place = Place(view, SNAPSHOT)
        return self._sealed(place, root, tuf_roles.snapshot(lists, self._edition(place)))

    def _timestamp(
        self, view: View, root: AnyMetadata, out: Mapping[Place, NewFile]
    ) -> Mapping[Place, NewFile]:
        place, snapshot = Place(view, TIMESTAMP), Place(view, SNAPSHOT)
        named = out[snapshot].listed if snapshot in out else self._current[snapshot]
        return self._sealed(place, root, tuf_roles.timestamp(named, self._edition(place)))

    def _sealed(self, place: Place, root: AnyMetadata, content: Signed) -> Mapping[Place, NewFile]:
        signers = self._folder.signers(tuf_roles.keyids_of(root, place.role))
        if not signers:
            raise OnlineKeyMissingError(role=place)
        return {place: NewFile.of(tuf_roles.sign(content, signers))}

    def _draft(
        self, place: Place, content: Signed, signers: Sequence[Signer] | None = None
    ) -> None:
        if signers is None:
            signers = self._signers(layout.purpose_of(place))
        self.drafts[place] = tuf_roles.sign(content, signers)
        self._made.add(place)

    def _edition(self, place: Place) -> Edition:
        """The next version: at least the time in seconds, so that it also rises after a restore.

        A client refuses a version lower than one that it has seen. Only roots count one by one.
        """
        before, draft = self._current.get(place), self.drafts.get(place)
        version = before.version + 1 if before else 1
        if place.role != ROOT:
            drafted = draft.signed.version + 1 if draft else 1
            version = max(version, drafted, self._least)
        return Edition(version, self._now.replace(microsecond=0) + layout.life(place).total)

    def _delegated(self) -> set[str]:
        """The roles of the latest top list."""
        latest = self.drafts.get(_TOP) or self.published.get(_TOP)
        return set(tuf_roles.delegated_roles(latest)) if latest else set()

    def _keys(self) -> KeysByPurpose:
        return {
            purpose: [role_keys.public(row) for row in role_keys.active(self._session, purpose)]
            for purpose in Purpose
        }

    def _signers(self, purpose: Purpose) -> list[Signer]:
        keyids = [row.keyid for row in role_keys.active(self._session, purpose)]
        return self._folder.signers(keyids)

    def _unstated(self) -> set[Place]:
        """Lists that name a target whose statement for phones is not signed yet."""
        roles = self._session.scalars(
            select(Target.role)
            .join(Statement, Statement.path == Target.path)
            .where(Statement.signature.is_(None), Target.withdrawn_at.is_(None))
        )
        return {Place(View.BOTH, role) for role in roles}
