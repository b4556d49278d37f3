"""The table of SSH host keys."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base, UtcDateTime


class SshKey(Base):
    """The key of one device. It is pinned to the unit (`unit` is its serial, else its MAC).

    `pinned` is what somebody confirmed; `shown` is another one that the phone showed last, which
    nobody has confirmed. Fingerprints are as OpenSSH writes them.
    """

    __tablename__ = "ssh_key"

    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    unit: Mapped[str] = mapped_column(Text)
    pinned: Mapped[str | None] = mapped_column(Text, index=True)
    confirmed_by: Mapped[str | None] = mapped_column(Text)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shown: Mapped[str | None] = mapped_column(Text)
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shown_address: Mapped[str | None] = mapped_column(Text)
