"""repairs counted beforehand, by month; phones in service added up."""

import sqlalchemy as sa
from alembic import op


revision = '0039'
down_revision = '0038'
branch_labels = None
depends_on = None

_TALLY_KEY = ['roll_up', 'month', 'product', 'lot', 'firmware', 'organisation_id']
_NUMBERS = ['cases', 'failures', 'undecided', 'covered', 'replaced', 'repeats', 'in_time', 'offered', 'accepted']


def upgrade() -> None:
    # Repairs are counted by the first job: the triggers note all of their days as changed.
    op.create_table('repair_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_repair_change'))
    )
    op.create_index(op.f('ix_repair_change_day'), 'repair_change', ['day'], unique=False)

    op.create_table('repair_tally',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('roll_up', sa.Text(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('product', sa.Text(), nullable=False),
    sa.Column('lot', sa.Text(), nullable=False),
    sa.Column('firmware', sa.Text(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    *(sa.Column(name, sa.Integer(), nullable=False) for name in _NUMBERS),
    sa.Column('kopecks', sa.BigInteger(), nullable=False),
    sa.Column('days', sa.Text(), nullable=False),
    sa.Column('reasons', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_repair_tally'))
    )
    op.create_index('ix_repair_tally_key', 'repair_tally', _TALLY_KEY, unique=True)

    op.create_table('fleet_sum',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('roll_up', sa.Text(), nullable=False),
    sa.Column('product', sa.Text(), nullable=False),
    sa.Column('lot', sa.Text(), nullable=False),
    sa.Column('firmware', sa.Text(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('phones', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fleet_sum'))
    )
    op.create_index('ix_fleet_sum_key', 'fleet_sum', ['roll_up', 'product', 'lot', 'firmware', 'organisation_id'], unique=False)
    _add_up('make', 'product, lot, firmware, 0', 'product, lot, firmware')
    _add_up('owner', "product, '', '', coalesce(organisation_id, 0)", 'product, coalesce(organisation_id, 0)')


def downgrade() -> None:
    op.drop_table('fleet_sum')
    op.drop_table('repair_tally')
    op.drop_table('repair_change')


def _add_up(roll_up: str, columns: str, divided: str) -> None:
    op.execute(
        'INSERT INTO fleet_sum (roll_up, product, lot, firmware, organisation_id, phones)'
        f" SELECT '{roll_up}', {columns}, sum(phones) FROM fleet_tally GROUP BY {divided}"
    )
