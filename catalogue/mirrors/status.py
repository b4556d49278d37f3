"""What a mirror holds, from where, how old it is and when it stops being believed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalogue import targets
from catalogue.mirrors import generations as mirror_generations
from catalogue.mirrors import mode
from catalogue.mirrors.models import MirrorGeneration
from catalogue.models import RoleFile, Target
from catalogue.tuf import layout
from catalogue.tuf.layout import TIMESTAMP, View
from storage.blobs import BlobStore
from storage.refusals import NotFoundError


class NoMirrorError(NotFoundError):
    code = "no-mirror"
    ru = "Эта установка — не зеркало. Начать: flatpro mirror sync URL или mirror import FILE."
    en = "This installation is no mirror. To begin: flatpro mirror sync URL, or mirror import FILE."


@dataclass(frozen=True)
class MirrorStatus:
    """`held` counts files by kind and product (documents by language), `size` is in bytes.

    `missing` are offered files whose bytes are not in the store: none, unless a disk lost them.
    """

    upstream: str
    generation: int
    taken_at: datetime
    source: str
    age: timedelta
    believed_until: datetime
    expired: bool
    expires: Mapping[str, datetime]
    products: Sequence[str]
    kinds: Sequence[str]
    languages: Sequence[str]
    held: Mapping[str, int]
    files: int
    size: int
    missing: Sequence[str]
    pins: Mapping[str, str]
    online_key: str
    firmware_key: str

    def as_row(self) -> dict[str, object]:
        """For the command line and programs: the age in whole minutes."""
        row = asdict(self)
        row["age"] = round(self.age.total_seconds() / 60)
        return {("age_minutes" if name == "age" else name): value for name, value in row.items()}


def read(session: Session, blobs: BlobStore, now: datetime) -> MirrorStatus:
    """The state of this mirror; raises NoMirrorError."""
    row = mode.of(session)
    if row is None:
        raise NoMirrorError
    last = session.get_one(MirrorGeneration, row.generation)
    size = session.scalar(select(func.sum(Target.size)).where(Target.withdrawn_at.is_(None)))
    seen = targets.seen(session)
    until = mirror_generations.believed_until(session, View(last.view))
    return MirrorStatus(
        upstream=row.upstream,
        generation=row.generation,
        taken_at=last.taken_at,
        source=last.source,
        age=now - last.taken_at,
        believed_until=until,
        expired=until <= now,
        expires=_timestamps(session),
        products=row.products,
        kinds=row.kinds,
        languages=row.languages,
        held=dict(Counter(_shelf(target.path) for target in seen)),
        files=len(seen),
        size=int(size or 0),
        missing=[target.path for target in seen if not blobs.exists(target.sha256)],
        pins={view: f"{version}.root.json sha256:{sha}" for view, (version, sha) in
              row.pins.items()},
        online_key=row.online_key,
        firmware_key=row.firmware_key,
    )  # fmt: skip


def generations(session: Session, limit: int = 10) -> Sequence[MirrorGeneration]:
    """The newest switches first."""
    query = select(MirrorGeneration).order_by(MirrorGeneration.number.desc())
    return session.scalars(query.limit(limit)).all()


def _shelf(path: str) -> str:
    kind, first, second, *_rest = path.split("/")
    return f"firmware {first}" if kind == layout.FIRMWARE else f"docs {second}"


def _timestamps(session: Session) -> Mapping[str, datetime]:
    rows = session.execute(
        select(RoleFile.view, RoleFile.expires_at).where(
            RoleFile.role == TIMESTAMP, RoleFile.superseded_at.is_(None)
        )
    )
    return {str(row.view): row.expires_at for row in rows}
