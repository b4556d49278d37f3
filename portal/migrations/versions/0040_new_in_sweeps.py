"""new in sweeps."""

import sqlalchemy as sa
from alembic import op


revision = '0040'
down_revision = '0039'
branch_labels = None
depends_on = None

IS_NEW = sa.text("verdict = 'new'")


def upgrade() -> None:
    with op.batch_alter_table('sweep_result', schema=None) as batch_op:
        batch_op.create_index(
            'ix_sweep_result_new', ['at'], unique=False,
            sqlite_where=IS_NEW, postgresql_where=IS_NEW,
        )


def downgrade() -> None:
    with op.batch_alter_table('sweep_result', schema=None) as batch_op:
        batch_op.drop_index('ix_sweep_result_new')
