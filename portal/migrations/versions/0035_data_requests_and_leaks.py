"""requests about personal data, and leaks of it."""

import sqlalchemy as sa
from alembic import op

import storage.db


revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('breach',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('form_key', sa.Text(), nullable=False),
    sa.Column('found_at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('what', sa.Text(), nullable=False),
    sa.Column('data', sa.Text(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=True),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('harm', sa.Text(), nullable=False),
    sa.Column('measures', sa.Text(), nullable=False),
    sa.Column('contact', sa.Text(), nullable=False),
    sa.Column('registered_by', sa.Text(), nullable=False),
    sa.Column('registered_at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('closed_by', sa.Text(), nullable=True),
    sa.Column('closed_at', storage.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('reminded_first', sa.Integer(), nullable=False),
    sa.Column('reminded_result', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_breach')),
    sa.UniqueConstraint('form_key', name=op.f('uq_breach_form_key'))
    )
    with op.batch_alter_table('breach', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_breach_closed_at'), ['closed_at'], unique=False)

    op.create_table('breach_notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('breach_id', sa.Integer(), nullable=False),
    sa.Column('notice', sa.Text(), nullable=False),
    sa.Column('told_at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('recorded_by', sa.Text(), nullable=False),
    sa.Column('recorded_at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['breach_id'], ['breach.id'], name=op.f('fk_breach_notice_breach_id_breach')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_breach_notice'))
    )
    with op.batch_alter_table('breach_notice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_breach_notice_breach_id'), ['breach_id'], unique=False)

    op.create_table('subject_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('form_key', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('came_at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('phone', sa.Text(), nullable=False),
    sa.Column('language', sa.Text(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=True),
    sa.Column('registered_by', sa.Text(), nullable=False),
    sa.Column('registered_at', storage.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('extended_at', storage.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('extended_by', sa.Text(), nullable=True),
    sa.Column('extension_reason', sa.Text(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('answered_at', storage.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.Text(), nullable=True),
    sa.Column('reminded', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['support_request.id'], name=op.f('fk_subject_request_request_id_support_request')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subject_request')),
    sa.UniqueConstraint('form_key', name=op.f('uq_subject_request_form_key'))
    )
    with op.batch_alter_table('subject_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subject_request_answered_at'), ['answered_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_subject_request_email'), ['email'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('subject_request', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subject_request_email'))
        batch_op.drop_index(batch_op.f('ix_subject_request_answered_at'))

    op.drop_table('subject_request')
    with op.batch_alter_table('breach_notice', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_breach_notice_breach_id'))

    op.drop_table('breach_notice')
    with op.batch_alter_table('breach', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_breach_closed_at'))

    op.drop_table('breach')
