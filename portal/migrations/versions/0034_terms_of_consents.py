"""terms of consents."""

import sqlalchemy as sa
from alembic import op

import storage.db


revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('consent', schema=None) as batch_op:
        batch_op.add_column(sa.Column('term_days', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('expired_at', storage.db.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('consent', schema=None) as batch_op:
        batch_op.drop_column('expired_at')
        batch_op.drop_column('term_days')
