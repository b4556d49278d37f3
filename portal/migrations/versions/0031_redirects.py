"""codes of boxes, claims of partners."""

import sqlalchemy as sa
from alembic import op

import storage.db


revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('box_code',
    sa.Column('device_id', sa.Integer(), nullable=False),
    sa.Column('code_hmac', sa.String(length=64), nullable=False),
    sa.Column('made_at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['device_id'], ['device.id'], name=op.f('fk_box_code_device_id_device')),
    sa.PrimaryKeyConstraint('device_id', name=op.f('pk_box_code'))
    )
    op.create_table('claim_wrong_try',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_claim_wrong_try_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_claim_wrong_try'))
    )
    with op.batch_alter_table('claim_wrong_try', schema=None) as batch_op:
        batch_op.create_index('ix_claim_wrong_try_organisation_id_at', ['organisation_id', 'at'], unique=False)

    op.create_table('partner_claim',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('device_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('server_url', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('filed_at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('filed_by', sa.Text(), nullable=False),
    sa.Column('ends_at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decided_at', storage.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Text(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['device_id'], ['device.id'], name=op.f('fk_partner_claim_device_id_device')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_partner_claim_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partner_claim'))
    )
    with op.batch_alter_table('partner_claim', schema=None) as batch_op:
        batch_op.create_index('ix_partner_claim_organisation_id', ['organisation_id', 'id'], unique=False)
        batch_op.create_index('ix_partner_claim_state', ['state', 'id'], unique=False)
        batch_op.create_index('uq_partner_claim_live', ['device_id'], unique=True, sqlite_where=sa.text("state IN ('waiting', 'approved')"), postgresql_where=sa.text("state IN ('waiting', 'approved')"))



def downgrade() -> None:
    with op.batch_alter_table('partner_claim', schema=None) as batch_op:
        batch_op.drop_index('uq_partner_claim_live', sqlite_where=sa.text("state IN ('waiting', 'approved')"), postgresql_where=sa.text("state IN ('waiting', 'approved')"))
        batch_op.drop_index('ix_partner_claim_state')
        batch_op.drop_index('ix_partner_claim_organisation_id')

    op.drop_table('partner_claim')
    with op.batch_alter_table('claim_wrong_try', schema=None) as batch_op:
        batch_op.drop_index('ix_claim_wrong_try_organisation_id_at')

    op.drop_table('claim_wrong_try')
    op.drop_table('box_code')
