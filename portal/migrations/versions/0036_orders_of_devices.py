"""orders of devices, and the ends of what is on their labels."""

from alembic import op


revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None

# By hand, as no model knows them (portal/migrations/unmapped.py): a device is found by the last
# characters of its MAC or serial number. The searches in provision/devices/searching.py say the
# same words, or the index is not used.
_ENDS = {
    'ix_device_mac_end': 'substr(mac, 9)',
    'ix_device_serial_end': 'substr(serial, length(serial) - 3)',
}


def upgrade() -> None:
    with op.batch_alter_table('device', schema=None) as batch_op:
        batch_op.create_index('ix_device_firmware_mac', ['firmware', 'mac'], unique=False)
        batch_op.create_index(
            'ix_device_last_check_in_at_mac', ['last_check_in_at', 'mac'], unique=False
        )
    for name, end in _ENDS.items():
        op.execute(f'CREATE INDEX {name} ON device ({end})')


def downgrade() -> None:
    for name in _ENDS:
        op.execute(f'DROP INDEX {name}')
    with op.batch_alter_table('device', schema=None) as batch_op:
        batch_op.drop_index('ix_device_last_check_in_at_mac')
        batch_op.drop_index('ix_device_firmware_mac')
