"""targets kept with contracts: those on record were concluded under the table of this day."""

import sqlalchemy as sa
from alembic import op


revision = '0041'
down_revision = '0040'
branch_labels = None
depends_on = None

HOUR = 3600
TABLE = {
    'BASIC': {
        'P1': {'response': [4 * HOUR, False], 'restore': [16 * HOUR, False], 'resolve': [40 * HOUR, False]},
        'P2': {'response': [8 * HOUR, False], 'restore': [24 * HOUR, False], 'resolve': [80 * HOUR, False]},
        'P3': {'response': [16 * HOUR, False]},
    },
    'STANDARD': {
        'P1': {'response': [2 * HOUR, False], 'restore': [8 * HOUR, False], 'resolve': [40 * HOUR, False]},
        'P2': {'response': [4 * HOUR, False], 'restore': [16 * HOUR, False], 'resolve': [60 * HOUR, False]},
        'P3': {'response': [8 * HOUR, False], 'resolve': [120 * HOUR, False]},
    },
    'PREMIUM': {
        'P1': {'response': [HOUR // 2, True], 'restore': [4 * HOUR, True], 'resolve': [24 * HOUR, True]},
        'P2': {'response': [4 * HOUR, False], 'restore': [16 * HOUR, False], 'resolve': [60 * HOUR, False]},
        'P3': {'response': [8 * HOUR, False], 'resolve': [120 * HOUR, False]},
    },
}


def upgrade() -> None:
    with op.batch_alter_table('support_contract', schema=None) as batch_op:
        batch_op.add_column(sa.Column('agreed', sa.JSON(), server_default='{}', nullable=False))
    contract = sa.table('support_contract', sa.column('package', sa.Text), sa.column('agreed', sa.JSON))
    for package, targets in TABLE.items():
        op.execute(contract.update().where(contract.c.package == package).values(agreed=targets))


def downgrade() -> None:
    # Not in a batch: a table that others name is not made anew while keys are checked.
    op.drop_column('support_contract', 'agreed')
