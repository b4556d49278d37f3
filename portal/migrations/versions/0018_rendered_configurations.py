"""rendered configurations."""

import sqlalchemy as sa
from alembic import op


revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rendering_revision',
    sa.Column('device_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('device_id', name=op.f('pk_rendering_revision'))
    )
    op.create_table('rendered',
    sa.Column('request_sha256', sa.LargeBinary(length=32), nullable=False),
    sa.Column('credential_id', sa.Integer(), nullable=False),
    sa.Column('path_kind', sa.Text(), nullable=False),
    sa.Column('device_id', sa.Integer(), nullable=False),
    sa.Column('press', sa.LargeBinary(length=32), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('device_revision', sa.BigInteger(), nullable=False),
    sa.Column('until_us', sa.BigInteger(), nullable=True),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['credential_id'], ['device_credential.id'], name=op.f('fk_rendered_credential_id_device_credential'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['device_id'], ['device.id'], name=op.f('fk_rendered_device_id_device'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('request_sha256', name=op.f('pk_rendered')),
    sa.UniqueConstraint('credential_id', 'path_kind', name=op.f('uq_rendered_credential_id'))
    )
    with op.batch_alter_table('rendered', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_rendered_device_id'), ['device_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('rendered', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_rendered_device_id'))

    op.drop_table('rendered')
    op.drop_table('rendering_revision')
