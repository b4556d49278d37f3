"""The names of profile settings, what values each takes, and which of them are secrets (pure).

A name is `section.key` or `sip.N.key`. What is not listed here is a setting of the phone family's
own and is handed on as text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from storage.refusals import RefusedError

Value = str | int | bool

LINES_MAX = 16
VALUE_LENGTH_MAX = 1000

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}(\.[a-z0-9_]{1,32}){1,3}")
_LINE = re.compile(r"sip\.(?P<index>[1-9][0-9]?)\.(?P<key>[a-z_]+)")
_LINE_KEYS = frozenset({"number", "display_name", "server", "user", "password", "transport"})
_SECRET = re.compile(r"(^|[._])(password|secret|token|community|key|pin)$")


class BadSettingNameError(RefusedError):
    code = "bad-profile-setting"
    field = "name"
    ru = "«{name}» — не имя настройки: нужно, например, sip.1.number или network.vlan."
    en = "“{name}” is no setting's name: write it like sip.1.number or network.vlan."


class BadSettingValueError(RefusedError):
    code = "bad-profile-value"
    field = "value"
    ru = "Значение настройки {name} не годится: нужно {wanted_ru}."
    en = "The value of {name} is unusable: it takes {wanted_en}."


@dataclass(frozen=True)
class _Kind:
    read: Callable[[str], Value | None]
    wanted_ru: str
    wanted_en: str


def _whole(least: int, most: int) -> _Kind:
    def read(text: str) -> Value | None:
        if not re.fullmatch(r"[0-9]{1,9}", text):
            return None
        return int(text) if least <= int(text) <= most else None

    return _Kind(
        read, f"целое число от {least} до {most}", f"a whole number from {least} to {most}"
    )


def _one_of(*words: str) -> _Kind:
    def read(text: str) -> Value | None:
        return text if text in words else None

    listed = ", ".join(words)
    return _Kind(read, f"одно из: {listed}", f"one of: {listed}")


def _read_text(text: str) -> Value | None:
    return text if text.isprintable() and 0 < len(text) <= VALUE_LENGTH_MAX else None


_TEXT = _Kind(
    _read_text,
    f"печатный текст до {VALUE_LENGTH_MAX} знаков",
    f"printable text of at most {VALUE_LENGTH_MAX} characters",
)
_PORT = _whole(1, 65535)
_KINDS = {
    "network.vlan": _whole(1, 4094),
    "network.ntp_server": _TEXT,
    "network.time_zone": _TEXT,
    "network.syslog_server": _TEXT,
    "provisioning.poll_s": _whole(10, 604_800),
    "firmware.spread_s": _whole(0, 86_400),
    "read.snmp_port": _PORT,
    "read.snmp_community": _TEXT,
    "read.http_port": _PORT,
    "read.http_user": _TEXT,
    "read.http_password": _TEXT,
    "read.ssh_port": _PORT,
    "read.ssh_user": _TEXT,
    "read.ssh_password": _TEXT,
    # What the provisioning record says the phone's key is; a person's word is kept elsewhere.
    "read.ssh_fingerprint": _TEXT,
}
#: Sections whose keys are all listed above; any other section belongs to the family.
OWN_SECTIONS = frozenset(name.partition(".")[0] for name in _KINDS) | {"sip"}
_TRANSPORT = _one_of("udp", "tcp", "tls")


def is_secret(name: str) -> bool:
    """Whether a setting of this name is always sealed and never shown."""
    return _SECRET.search(name) is not None


def check_name(name: str) -> str:
    """`name` if it can name a setting; raises BadSettingNameError."""
    line = _LINE.fullmatch(name)
    usable = _NAME.fullmatch(name) is not None
    if name.startswith("sip."):
        usable = line is not None and int(line["index"]) <= LINES_MAX and line["key"] in _LINE_KEYS
    elif name.partition(".")[0] in OWN_SECTIONS:
        usable = name in _KINDS
    if not usable:
        raise BadSettingNameError(name=ascii(name[:64])[1:-1])
    return name


def read_value(name: str, text: str) -> Value:
    """The typed value that `text` gives the setting `name`; raises BadSettingValueError."""
    kind = (
        _TRANSPORT if name.startswith("sip.") and name.endswith(".transport") else _KINDS.get(name)
    )
    kind = kind or _TEXT
    value = kind.read(text.strip())
    if value is None:
        raise BadSettingValueError(name=name, wanted_ru=kind.wanted_ru, wanted_en=kind.wanted_en)
    return value
