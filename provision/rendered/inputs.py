"""What a configuration is made of, as triggers that count its changes (pure).

The database counts, so that no way of changing a row can be forgotten: pages, commands, imports,
mirrors, another version of this program, or a person with a database shell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provision.rendered.models import EVERY_DEVICE
from storage.triggers import ROWS, Trigger, trigger

PREFIX = "rendering_"
#: A device's own setting counts for it, others for every one (0); of an unknown MAC for none (-1).
_OWN_SETTING = (
    "CASE WHEN {row}.level = 'device'"
    " THEN coalesce((SELECT id FROM device WHERE mac = {row}.key), -1) ELSE 0 END"
)


@dataclass(frozen=True)
class Input:
    """A table that configurations are made of.

    `device` is the SQL for the device it changes, with {row} for the row. Where `columns` are
    named, other columns of the table change nothing. `added`: whether a new row is a change.
    """

    table: str
    device: str = str(EVERY_DEVICE)
    columns: Sequence[str] = ()
    added: bool = True


INPUTS = (
    Input(
        "device",
        "{row}.id",
        # What a check-in writes each time (address, last seen) is not among them.
        (
            "mac",
            "product_id",
            "hardware",
            "site_id",
            "organisation_id",
            "group_name",
            "firmware",
            "channel",
            "pinned_version",
        ),
        added=False,
    ),
    Input(
        "device_credential",
        "{row}.device_id",
        ("device_id", "token_sha256", "sealed", "valid_to", "revoked_at"),
        added=False,
    ),
    Input("hold", "{row}.device_id"),
    Input("profile_setting", _OWN_SETTING),
    Input(
        "rollout",
        columns=("product_id", "version", "site_id", "state", "window_from", "window_to"),
    ),
    Input("rollout_target", "{row}.device_id", ("device_id", "state", "reason")),
    Input("site", columns=("time_zone",), added=False),
    Input("product"),
    Input("hardware_revision"),
    Input("release"),
    Input("artifact"),
    Input("release_channel"),
    Input("version_mark"),
)
#: Read on the way, and nothing of them stands in a file: of owners only the number in the device's
#: row counts, and what is put out of a draft changes its release.
WITHOUT_EFFECT = frozenset({"organisation", "release_draft", "sign_off", "sbom"})


def triggers(dialect: str) -> Mapping[str, Trigger]:
    """Every trigger for "sqlite" or "postgresql", by name."""
    made = (
        trigger(dialect, PREFIX, one.table, event, one.columns, _counts(one, event))
        for one in INPUTS
        for event in _events(one)
    )
    return {one.name: one for one in made}


def _events(one: Input) -> Sequence[str]:
    return ("INSERT", "UPDATE", "DELETE") if one.added else ("UPDATE", "DELETE")


def _counts(one: Input, event: str) -> str:
    """The statements that count; a row that moved counts for whom it left and whom it came to."""
    devices = dict.fromkeys(one.device.format(row=row) for row in ROWS[event])
    return " ".join(
        "INSERT INTO rendering_revision (device_id, revision)"  # noqa: S608 - our own names
        f" VALUES ({device}, 1) ON CONFLICT (device_id)"
        " DO UPDATE SET revision = rendering_revision.revision + 1;"
        for device in devices
    )
