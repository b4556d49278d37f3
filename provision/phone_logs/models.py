"""The table of phones' logs."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base, UtcDateTime


class PhoneLog(Base):
    """One log as a phone sent it. It may hold anything, secrets too, so it is sealed.

    `size` is in bytes as sent; `name` is the phone's word for it, of the path's few characters.
    """

    __tablename__ = "phone_log"
    __table_args__ = (Index("ix_phone_log_device_id_at", "device_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    size: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
