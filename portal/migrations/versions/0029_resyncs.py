"""resyncs."""

import sqlalchemy as sa
from alembic import op

import storage.db


revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('resync',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('scope', sa.Text(), nullable=False),
    sa.Column('about', sa.Text(), nullable=False),
    sa.Column('group_number', sa.Integer(), nullable=True),
    sa.Column('reboot', sa.Boolean(), nullable=False),
    sa.Column('rate', sa.Integer(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('started_by', sa.Text(), nullable=False),
    sa.Column('started_at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('finished_at', storage.db.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_resync'))
    )
    op.create_table('resync_target',
    sa.Column('resync_id', sa.Integer(), nullable=False),
    sa.Column('device_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=True),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('sent', sa.Integer(), nullable=False),
    sa.Column('done_at', storage.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['device_id'], ['device.id'], name=op.f('fk_resync_target_device_id_device')),
    sa.ForeignKeyConstraint(['resync_id'], ['resync.id'], name=op.f('fk_resync_target_resync_id_resync')),
    sa.PrimaryKeyConstraint('resync_id', 'device_id', name=op.f('pk_resync_target'))
    )
    with op.batch_alter_table('resync_target', schema=None) as batch_op:
        batch_op.create_index('ix_resync_target_device_id', ['device_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('resync_target', schema=None) as batch_op:
        batch_op.drop_index('ix_resync_target_device_id')

    op.drop_table('resync_target')
    op.drop_table('resync')
