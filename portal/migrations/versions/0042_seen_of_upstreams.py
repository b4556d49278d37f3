"""what mirrors verified of their upstreams in looks that came to nothing."""

import sqlalchemy as sa
from alembic import op


revision = '0042'
down_revision = '0041'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('mirror_seen',
    sa.Column('view', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('view', 'role', 'version', name=op.f('pk_mirror_seen'))
    )


def downgrade() -> None:
    op.drop_table('mirror_seen')
