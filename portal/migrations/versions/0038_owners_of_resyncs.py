"""owners of resyncs."""

import sqlalchemy as sa
from alembic import op


revision = '0038'
down_revision = '0037'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('resync', schema=None) as batch_op:
        batch_op.add_column(sa.Column('owner', sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('resync', schema=None) as batch_op:
        batch_op.drop_column('owner')
