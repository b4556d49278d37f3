"""${message}."""

import sqlalchemy as sa
from alembic import op

import storage.db
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


# On SQLite a batch operation makes its table anew: what no model declares goes into unmapped.py.
def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
