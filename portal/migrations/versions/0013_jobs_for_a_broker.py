"""jobs for a broker: who may run a job, and when the broker was told of it."""

import sqlalchemy as sa
from alembic import op

import storage.db


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.add_column(sa.Column('route', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('dispatched_at', storage.db.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.drop_column('dispatched_at')
        batch_op.drop_column('route')
