"""states of resyncs."""

from alembic import op


revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('resync_target', schema=None) as batch_op:
        batch_op.create_index(
            'ix_resync_target_resync_id_state', ['resync_id', 'state'], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table('resync_target', schema=None) as batch_op:
        batch_op.drop_index('ix_resync_target_resync_id_state')
