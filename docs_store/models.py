"""Documents, the products they are about, and their editions."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.models import Product
from docs_store.kinds import Kind
from docs_store.naming import MAX_SLUG, MAX_VERSION, Language
from storage.db import Base, UtcDateTime

document_product = Table(
    "document_product",
    Base.metadata,
    Column("document_id", ForeignKey("document.id"), primary_key=True),
    Column("product_id", ForeignKey("product.id"), primary_key=True, index=True),
)


class Document(Base):
    """A manual or its like, through all its editions; its newest editions give it its titles."""

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(MAX_SLUG), unique=True)
    kind: Mapped[Kind] = mapped_column(Text)
    title_ru: Mapped[str] = mapped_column(Text, default="")
    title_en: Mapped[str] = mapped_column(Text, default="")
    #: Short name and titles, folded: what a search looks in. Empty when no edition is offered.
    searched: Mapped[str] = mapped_column(Text, default="", server_default="")
    products: Mapped[list[Product]] = relationship(
        secondary=document_product, order_by=Product.code, lazy="selectin"
    )
    editions: Mapped[list["Edition"]] = relationship(
        order_by="Edition.id", lazy="selectin", cascade="all, delete-orphan"
    )

    def title(self, language: str) -> str:
        """The title in `language`, or in the other one when that is all there is."""
        first, second = self.title_ru, self.title_en
        if language == Language.EN:
            first, second = second, first
        return first or second

    def set_title(self, language: str, title: str) -> None:
        if language == Language.EN:
            self.title_en = title
        else:
            self.title_ru = title

    @property
    def product_codes(self) -> tuple[str, ...]:
        return tuple(product.code for product in self.products)


class Edition(Base):
    """A document's version in one language, and the firmware it applies to (None is open)."""

    __tablename__ = "edition"
    __table_args__ = (UniqueConstraint("document_id", "language", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    language: Mapped[Language] = mapped_column(Text)
    version: Mapped[str] = mapped_column(String(MAX_VERSION))
    title: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    size: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str] = mapped_column(Text)
    applies_from: Mapped[str | None] = mapped_column(String(16))
    applies_to: Mapped[str | None] = mapped_column(String(16))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[str] = mapped_column(Text)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)


class EditionText(Base):
    """What was taken out of an edition's file; without this row nobody has looked yet."""

    __tablename__ = "edition_text"

    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), primary_key=True)
    page_count: Mapped[int | None]
    thumbnail: Mapped[str | None] = mapped_column(ForeignKey("blob.sha256"), index=True)
    problem: Mapped[str] = mapped_column(Text)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EditionPage(Base):
    """A page's text, from page 1, and its stems, which the index reads.

    The index is made by hand in a migration: `edition_page_fts` with its triggers on SQLite, the
    column `found` on PostgreSQL.
    """

    __tablename__ = "edition_page"
    __table_args__ = (UniqueConstraint("edition_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    stems: Mapped[str] = mapped_column(Text)
