"""What migrations make by hand and no model knows: one database's own means of searching texts."""

from sqlalchemy.schema import SchemaItem

#: SQLite's virtual table of pages; its shadow tables begin with the same name.
TABLE = "edition_page_fts"
#: PostgreSQL's index column and the index over it.
NAMES = ("found", "ix_edition_page_found")


def include_object(
    item: SchemaItem, name: str | None, kind: str, reflected: bool, _compared: SchemaItem | None
) -> bool:
    """Alembic's question: whether to compare this object with the models."""
    if not reflected or name is None:
        return True
    if kind == "table":
        return not name.startswith(TABLE)
    table = getattr(item, "table", None)
    return not (table is not None and table.name == "edition_page" and name in NAMES)
