"""The table of downloads: how many, per day, product and version; never whose."""

from datetime import date

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base


class DownloadCount(Base):
    """How often a release was downloaded on one day (UTC) in one way; no address is kept.

    The product is named by its code, as counts are added outside any other transaction.
    """

    __tablename__ = "download_count"

    day: Mapped[date] = mapped_column(primary_key=True)
    product: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    downloads: Mapped[int] = mapped_column(default=0)
