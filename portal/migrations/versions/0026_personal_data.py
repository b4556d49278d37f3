"""personal data."""

import sqlalchemy as sa
from alembic import op

import storage.db


revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('retention_term',
    sa.Column('category', sa.Text(), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('set_by', sa.Text(), nullable=False),
    sa.Column('set_at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('days > 0', name=op.f('ck_retention_term_days_positive')),
    sa.PrimaryKeyConstraint('category', name=op.f('pk_retention_term'))
    )
    op.create_table('subject_export',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person', sa.Text(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('made_by', sa.Text(), nullable=False),
    sa.Column('made_at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subject_export'))
    )


def downgrade() -> None:
    op.drop_table('subject_export')
    op.drop_table('retention_term')
