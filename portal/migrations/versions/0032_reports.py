"""reports: what repairs and requests are counted by, and the phones in service."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

import storage.db


revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None

_UNIT_INDEX = [
    'requested_on', 'product', 'lot', 'firmware', 'organisation_id',
    'stage', 'covered', 'reason', 'resolution', 'repeat_of_id', 'days_taken', 'in_time',
]
_REQUEST_INDEX = ['registered_at', 'product', 'firmware', 'organisation_id', 'state', 'promises_kept']
_MOSCOW = timedelta(hours=3)
_TERM_DAYS = 14


def upgrade() -> None:
    op.create_table('fleet_tally',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('product', sa.Text(), nullable=False),
    sa.Column('lot', sa.Text(), nullable=False),
    sa.Column('firmware', sa.Text(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=True),
    sa.Column('phones', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_fleet_tally_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fleet_tally'))
    )
    with op.batch_alter_table('fleet_tally', schema=None) as batch_op:
        batch_op.create_index('ix_fleet_tally_key', ['product', 'lot', 'firmware', 'organisation_id', 'phones'], unique=False)
        batch_op.create_index(batch_op.f('ix_fleet_tally_organisation_id'), ['organisation_id'], unique=False)

    with op.batch_alter_table('repair_unit', schema=None) as batch_op:
        batch_op.add_column(sa.Column('organisation_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('lot', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('firmware', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('reason', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('days_taken', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('in_time', sa.Boolean(), nullable=True))
        batch_op.create_index(batch_op.f('ix_repair_unit_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index('ix_repair_unit_report', _UNIT_INDEX, unique=False)

    with op.batch_alter_table('support_request', schema=None) as batch_op:
        batch_op.add_column(sa.Column('promises_kept', sa.Boolean(), nullable=True))
        batch_op.create_index('ix_support_request_report', _REQUEST_INDEX, unique=False)

    with op.batch_alter_table('support_request_device', schema=None) as batch_op:
        batch_op.add_column(sa.Column('lot', sa.Text(), server_default='', nullable=False))

    _fill_units()
    _fill_requests()


def downgrade() -> None:
    # Column by column: a table that others name is not made anew while keys are checked.
    op.drop_column('support_request_device', 'lot')

    op.drop_index('ix_support_request_report', 'support_request')
    op.drop_column('support_request', 'promises_kept')

    op.drop_index('ix_repair_unit_report', 'repair_unit')
    op.drop_index(op.f('ix_repair_unit_organisation_id'), 'repair_unit')
    for column in ('in_time', 'days_taken', 'reason', 'firmware', 'lot', 'organisation_id'):
        op.drop_column('repair_unit', column)

    op.drop_table('fleet_tally')


def _fill_units() -> None:
    """What older repairs are counted by. Of a term that a day off moved, nothing is known here:
    fourteen days are the term."""
    units = sa.table('repair_unit', sa.column('id'), sa.column('report_id'), sa.column('position'),
                     sa.column('serial'), sa.column('covered', sa.Boolean()), sa.column('organisation_id'),
                     sa.column('lot'), sa.column('firmware'), sa.column('reason'),
                     sa.column('days_taken'), sa.column('in_time', sa.Boolean()),
                     sa.column('received_at', storage.db.UtcDateTime()),
                     sa.column('eliminated_at', storage.db.UtcDateTime()))
    reports = sa.table('fault_report', sa.column('id'), sa.column('organisation_id'))
    versions = sa.table('fault_report_version', sa.column('report_id'), sa.column('version'),
                        sa.column('content', sa.JSON()))
    decisions = sa.table('coverage_decision', sa.column('id'), sa.column('unit_id'),
                         sa.column('covered', sa.Boolean()), sa.column('reason'), sa.column('state'))
    connection = op.get_bind()
    owners = dict(connection.execute(sa.select(reports.c.id, reports.c.organisation_id)).all())
    phones = {row.report_id: row.content.get('phones', [])
              for row in connection.execute(sa.select(versions).order_by(versions.c.version))}
    reasons = {row.unit_id: row.reason
               for row in connection.execute(sa.select(decisions).order_by(decisions.c.id))
               if not row.covered and row.state in {'in-force', 'disputed', 'upheld'}}
    rows = []
    for unit in connection.execute(sa.select(units)).all():
        days = None
        if unit.received_at is not None and unit.eliminated_at is not None:
            days = ((unit.eliminated_at + _MOSCOW).date() - (unit.received_at + _MOSCOW).date()).days
        named = phones.get(unit.report_id, [])
        typed = named[unit.position - 1] if unit.position <= len(named) else {}
        rows.append({
            'key': unit.id,
            'organisation_id': owners.get(unit.report_id),
            'lot': _lot(unit.serial),
            'firmware': str(typed.get('firmware', ''))[:64],
            'reason': reasons.get(unit.id) if unit.covered is False else None,
            'days_taken': days,
            'in_time': None if days is None else days <= _TERM_DAYS,
        })
    names = ('organisation_id', 'lot', 'firmware', 'reason', 'days_taken', 'in_time')
    _write(units, units.c.id == sa.bindparam('key'), names, rows)


def _fill_requests() -> None:
    requests = sa.table('support_request', sa.column('id'), sa.column('verdict', sa.JSON()),
                        sa.column('promises_kept', sa.Boolean()))
    devices = sa.table('support_request_device', sa.column('request_id'), sa.column('serial'), sa.column('lot'))
    connection = op.get_bind()
    closed = connection.execute(sa.select(requests).where(requests.c.verdict.is_not(None))).all()
    kept = [{'key': row.id, 'promises_kept': _kept(row.verdict)} for row in closed if row.verdict]
    _write(requests, requests.c.id == sa.bindparam('key'), ('promises_kept',), kept)
    known = connection.execute(sa.select(devices.c.request_id, devices.c.serial)).all()
    lots = [{'key': row.request_id, 'named': row.serial, 'lot': _lot(row.serial)} for row in known]
    _write(devices, (devices.c.request_id == sa.bindparam('key')) & (devices.c.serial == sa.bindparam('named')),
           ('lot',), lots)


def _write(table: sa.TableClause, where: sa.ColumnElement[bool], names: Iterable[str], rows: list[dict[str, Any]]) -> None:
    # A parameter may not be called as a column that it fills.
    new: dict[str, Any] = {name: sa.bindparam(f'new_{name}') for name in names}
    told = [{(f'new_{name}' if name in new else name): value for name, value in row.items()} for row in rows]
    if told:
        op.get_bind().execute(sa.update(table).where(where).values(new), told)


def _lot(serial: str) -> str:
    digits = serial[2:6]
    ours = len(serial) == 15 and serial.startswith('FP') and digits.isascii() and digits.isdigit()
    return f'{digits[:2]}W{digits[2:]}' if ours and 1 <= int(digits[2:]) <= 53 else ''


def _kept(verdict: Any) -> bool | None:
    plain = json.loads(verdict) if isinstance(verdict, str) else verdict
    promised = [one for one in plain.values() if one['within_s'] is not None]
    return all(one['used_s'] <= one['within_s'] for one in promised) if promised else None
