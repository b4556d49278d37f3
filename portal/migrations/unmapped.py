"""What migrations make by hand and no model knows: the means of searching."""

from collections.abc import Mapping

from sqlalchemy import Connection
from sqlalchemy.schema import SchemaItem

#: SQLite's virtual table of pages; its shadow tables begin with the same name.
TABLE = "edition_page_fts"
#: PostgreSQL's index column and the index over it.
NAMES = ("found", "ix_edition_page_found")
#: Indexes over what is computed of a column, by name. SQLAlchemy cannot read them back from SQLite,
#: so a batch operation that makes their table anew would lose them in silence.
COMPUTED: Mapping[str, str] = {
    "ix_device_mac_end": "device (substr(mac, 9))",
    "ix_device_serial_end": "device (substr(serial, length(serial) - 3))",
}


def put_computed(connection: Connection) -> None:
    """Make those of the computed indexes that are missing; at the end of every upgrade."""
    for name, over in COMPUTED.items():
        connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {name} ON {over}")


def include_object(
    item: SchemaItem, name: str | None, kind: str, reflected: bool, _compared: SchemaItem | None
) -> bool:
    """Alembic's question: whether to compare this object with the models."""
    if not reflected or name is None:
        return True
    if name in COMPUTED:
        return False
    if kind == "table":
        return not name.startswith(TABLE)
    table = getattr(item, "table", None)
    return not (table is not None and table.name == "edition_page" and name in NAMES)
