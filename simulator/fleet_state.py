"""What the phones of a fleet keep over a restart: a file beside the fleet file, no secret in it."""

import json
from collections.abc import Mapping
from pathlib import Path

from simulator.json_object import JsonObject
from simulator.phone import PhoneState
from simulator.private_file import write_private
from simulator.refusal import RefusedError

_FORMAT = 1


class FleetStateError(RefusedError):
    """The state file cannot be read; without it the phones would lose what they installed."""


def state_path(fleet_file: Path) -> Path:
    """The state file that belongs to a fleet file."""
    return fleet_file.with_name(f"{fleet_file.name}.state.json")


def load_states(path: Path) -> dict[str, PhoneState]:
    """The states by MAC address; none where there is no file yet."""
    if not path.exists():
        return {}
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise FleetStateError(f"{path} cannot be read: {error}") from error
    fields = JsonObject(value, str(path), FleetStateError)
    if fields.number("format") != _FORMAT:
        raise FleetStateError(f"{path} has format {fields.number('format')}, not {_FORMAT}")
    phones = fields.object("phones")
    return {mac: _state(phones.object(mac)) for mac in phones.names()}


def save_states(states: Mapping[str, PhoneState], path: Path) -> None:
    """Write all states, by MAC address."""
    phones = {mac: _plain(state) for mac, state in states.items()}
    write_private(path, json.dumps({"format": _FORMAT, "phones": phones}, indent=1) + "\n")


def _plain(state: PhoneState) -> dict[str, object]:
    return {
        "firmware": state.firmware,
        "etag": state.etag,
        "manifest_serials": dict(state.manifest_serials),
        "cut_done": state.cut_done,
        "last_error": state.last_error,
    }


def _state(fields: JsonObject) -> PhoneState:
    serials = fields.object("manifest_serials")
    return PhoneState(
        firmware=fields.text("firmware"),
        etag=fields.optional_text("etag"),
        manifest_serials={channel: serials.number(channel) for channel in serials.names()},
        cut_done=fields.flag("cut_done"),
        last_error=fields.optional_text("last_error"),
    )
