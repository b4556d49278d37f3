"""certificate prices."""

import sqlalchemy as sa
from alembic import op

import storage.db


revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('certificate_price',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('months', sa.Integer(), nullable=False),
    sa.Column('price', sa.Numeric(precision=12, scale=2), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('set_by', sa.Text(), nullable=False),
    sa.Column('set_at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('months > 0', name=op.f('ck_certificate_price_months_positive')),
    sa.CheckConstraint('price > 0', name=op.f('ck_certificate_price_price_positive')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_certificate_price_product_id_product')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_certificate_price'))
    )
    with op.batch_alter_table('certificate_price', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_certificate_price_product_id'), ['product_id'], unique=False)

    with op.batch_alter_table('certificate_order_line', schema=None) as batch_op:
        batch_op.add_column(sa.Column('price', sa.Numeric(precision=12, scale=2), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('certificate_order_line', schema=None) as batch_op:
        batch_op.drop_column('price')

    with op.batch_alter_table('certificate_price', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_certificate_price_product_id'))

    op.drop_table('certificate_price')
