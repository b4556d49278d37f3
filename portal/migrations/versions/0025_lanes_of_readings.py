"""lanes of readings, and SNMP v3 in sweeps."""

import sqlalchemy as sa
from alembic import op


revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('reading', schema=None) as batch_op:
        batch_op.add_column(sa.Column('lane', sa.Text(), nullable=True))
    with op.batch_alter_table('sweep', schema=None) as batch_op:
        batch_op.add_column(sa.Column('snmp_version', sa.Text(), server_default='2c', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('sweep', schema=None) as batch_op:
        batch_op.drop_column('snmp_version')
    with op.batch_alter_table('reading', schema=None) as batch_op:
        batch_op.drop_column('lane')
