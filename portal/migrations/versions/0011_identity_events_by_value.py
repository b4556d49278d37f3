"""identity events by value."""

from alembic import op


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_identity_event_field_new', 'identity_event', ['field', 'new'])


def downgrade() -> None:
    op.drop_index('ix_identity_event_field_new', 'identity_event')
