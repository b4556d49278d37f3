"""What an installation that is a mirror knows of its upstream. There is no row where it is none."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalogue.tuf.layout import View
from storage.db import Base, UtcDateTime


class Mirror(Base):
    """The one row: what is mirrored, and the minisign keys that the upstream's root vouches for.

    `pins` holds, by view, the version and the SHA-256 of the root that trust began with. An empty
    list of products, kinds or languages means all of them.
    """

    __tablename__ = "mirror"

    id: Mapped[int] = mapped_column(primary_key=True)
    upstream: Mapped[str] = mapped_column(Text)
    online_key: Mapped[str] = mapped_column(Text)
    firmware_key: Mapped[str] = mapped_column(Text)
    products: Mapped[list[str]] = mapped_column(JSON)
    kinds: Mapped[list[str]] = mapped_column(JSON)
    languages: Mapped[list[str]] = mapped_column(JSON)
    pins: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    generation: Mapped[int]


class MirrorGeneration(Base):
    """One switch to a newer state of the upstream, by sync or from a bundle."""

    __tablename__ = "mirror_generation"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(Text)
    view: Mapped[str] = mapped_column(Text)
    signed_version: Mapped[int] = mapped_column(BigInteger)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added: Mapped[list[str]] = mapped_column(JSON)
    removed: Mapped[list[str]] = mapped_column(JSON)


class SeenFile(Base):
    """A root, timestamp or snapshot of the upstream that was verified and is not shown yet."""

    __tablename__ = "mirror_seen"

    view: Mapped[View] = mapped_column(Text, primary_key=True)
    role: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
