"""journal places."""

import sqlalchemy as sa
from alembic import op

import storage.db


revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('journal_place',
    sa.Column('segment', sa.Text(), nullable=False),
    sa.Column('taken_bytes', sa.BigInteger(), nullable=False),
    sa.Column('done_at', storage.db.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('segment', name=op.f('pk_journal_place'))
    )


def downgrade() -> None:
    op.drop_table('journal_place')
