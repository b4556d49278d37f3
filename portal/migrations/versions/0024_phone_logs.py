"""phone logs."""

import sqlalchemy as sa
from alembic import op

import storage.db


revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('phone_log',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('device_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['device_id'], ['device.id'], name=op.f('fk_phone_log_device_id_device'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_phone_log'))
    )
    with op.batch_alter_table('phone_log', schema=None) as batch_op:
        batch_op.create_index('ix_phone_log_device_id_at', ['device_id', 'at'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('phone_log', schema=None) as batch_op:
        batch_op.drop_index('ix_phone_log_device_id_at')

    op.drop_table('phone_log')
