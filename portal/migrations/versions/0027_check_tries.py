"""check tries."""

import sqlalchemy as sa
from alembic import op

import storage.db


revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('check_try',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_check_try'))
    )
    with op.batch_alter_table('check_try', schema=None) as batch_op:
        batch_op.create_index('ix_check_try_source', ['kind', 'source', 'at'], unique=False)
        batch_op.create_index('ix_check_try_at', ['kind', 'at'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('check_try', schema=None) as batch_op:
        batch_op.drop_index('ix_check_try_at')
        batch_op.drop_index('ix_check_try_source')

    op.drop_table('check_try')
