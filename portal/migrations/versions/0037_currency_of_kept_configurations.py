"""currency of kept configurations."""

from alembic import op


revision = '0037'
down_revision = '0036'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('rendered', schema=None) as batch_op:
        batch_op.create_index(
            'ix_rendered_currency',
            ['device_id', 'revision', 'device_revision', 'press'],
            unique=False,
        )
        batch_op.drop_index('ix_rendered_device_id')


def downgrade() -> None:
    with op.batch_alter_table('rendered', schema=None) as batch_op:
        batch_op.create_index('ix_rendered_device_id', ['device_id'], unique=False)
        batch_op.drop_index('ix_rendered_currency')
