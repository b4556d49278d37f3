"""The phone's own reader of configuration files: all of a file is believed, or none of it.

The last line carries the SHA-256 of all bytes before it, so a file that was cut on the way is
told from a whole one before a single setting is looked at.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from simulator.refusal import RefusedError

_OPENING = "#!flatphone 1"
_CLOSING = re.compile(rb"# sha256 ([0-9a-f]{64})\n\Z")
_SECTION = re.compile(r"\[([a-z][a-z0-9_]*(?:\.[1-9][0-9]*)?)\]")
_SETTING = re.compile(r'([a-z][a-z0-9_]*(?:\.[1-9][0-9]*)?) = "((?:[^"\\]|\\["\\n])*)"')
_ESCAPE = re.compile(r'\\(["\\n])')
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SECRETS = re.compile(rb"password|secret|\[sip", re.IGNORECASE)


class CutConfigurationError(RefusedError):
    """The closing line is missing: the file is a part of one."""


class AlteredConfigurationError(RefusedError):
    """The closing line does not belong to the bytes before it."""


class MalformedConfigurationError(RefusedError):
    """A line or a value of the file cannot be understood."""


class SecretInBootstrapError(RefusedError):
    """A file given to a phone that has proved nothing holds what looks like a secret."""


Section = Mapping[str, str]


@dataclass(frozen=True)
class FirmwareOrder:
    """The `[firmware]` section: the one next step; `size` in bytes, `not_before_s` in seconds."""

    version: str
    url: str
    size: int
    sha256: str
    not_before_s: int


@dataclass(frozen=True)
class SipLine:
    number: str
    display_name: str
    server: str
    user: str
    password: str
    transport: str


@dataclass(frozen=True)
class Configuration:
    """A whole file, read: what the phone acts on, and all sections as they stand."""

    sections: Mapping[str, Section]
    auth_url: str | None
    poll_s: int | None
    channel: str
    revision: str
    firmware: FirmwareOrder | None
    lines: tuple[SipLine, ...]

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a file; one that is cut, altered or malformed anywhere is refused whole."""
        sections = _sections(_checked_text(raw))
        provisioning = sections.get("provisioning", {})
        return cls(
            sections=sections,
            auth_url=provisioning.get("auth_url"),
            poll_s=_number(provisioning, "poll_s") if "poll_s" in provisioning else None,
            channel=provisioning.get("channel", "stable"),
            revision=provisioning.get("revision", ""),
            firmware=_firmware(sections.get("firmware")),
            lines=tuple(_line(sections[name]) for name in _line_names(sections)),
        )


def refuse_secrets(raw: bytes) -> None:
    """A bootstrap holds neither a SIP account nor the words that secrets go by."""
    found = _SECRETS.search(raw)
    if found:
        raise SecretInBootstrapError(f"the bootstrap holds {found.group().decode()!r}")


def _checked_text(raw: bytes) -> str:
    closing = _CLOSING.search(raw)
    if closing is None:
        raise CutConfigurationError(f"no closing line after {len(raw)} bytes")
    body = raw[: closing.start()]
    if hashlib.sha256(body).hexdigest() != closing.group(1).decode():
        raise AlteredConfigurationError(f"the closing line is not of these {len(body)} bytes")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedConfigurationError(f"not UTF-8: {error.reason}") from error


def _sections(text: str) -> dict[str, dict[str, str]]:
    lines = text.split("\n")
    if lines[0] != _OPENING or lines[-1]:
        raise MalformedConfigurationError(f"the first line is not {_OPENING!r}, or a line is open")
    sections: dict[str, dict[str, str]] = {}
    current: dict[str, str] | None = None
    for number, line in enumerate(lines[1:], start=2):
        if _CONTROL.search(line):
            raise MalformedConfigurationError(f"line {number} holds a control character")
        if not line or line.startswith("#"):
            continue
        if heading := _SECTION.fullmatch(line):
            current = sections.setdefault(heading.group(1), {})
            continue
        _take_setting(current, line, number)
    return sections


def _take_setting(section: dict[str, str] | None, line: str, number: int) -> None:
    setting = _SETTING.fullmatch(line)
    if setting is None or section is None:
        raise MalformedConfigurationError(f"line {number} is no setting of a section")
    key, value = setting.groups()
    if key in section:
        raise MalformedConfigurationError(f"line {number} gives {key!r} a second time")
    section[key] = _ESCAPE.sub(lambda escape: escape.group(1).replace("n", "\n"), value)


def _number(section: Section, key: str) -> int:
    value = section.get(key, "")
    if not re.fullmatch(r"[0-9]{1,15}", value):
        raise MalformedConfigurationError(f"{key} is no whole number: {value!r}")
    return int(value)


def _firmware(section: Section | None) -> FirmwareOrder | None:
    # An empty section says the same as none: nothing is due.
    if not section:
        return None
    if missing := {"version", "url", "size", "sha256"} - section.keys():
        raise MalformedConfigurationError(f"[firmware] lacks {', '.join(sorted(missing))}")
    if not _SHA256.fullmatch(section["sha256"]):
        raise MalformedConfigurationError("sha256 of [firmware] is not 64 hex digits")
    return FirmwareOrder(
        version=section["version"],
        url=section["url"],
        size=_number(section, "size"),
        sha256=section["sha256"],
        not_before_s=_number(section, "not_before_s") if "not_before_s" in section else 0,
    )


def _line_names(sections: Mapping[str, Section]) -> list[str]:
    names = [name for name in sections if name.startswith("sip.")]
    return sorted(names, key=lambda name: int(name.removeprefix("sip.")))


def _line(section: Section) -> SipLine:
    return SipLine(
        number=section.get("number", ""),
        display_name=section.get("display_name", ""),
        server=section.get("server", ""),
        user=section.get("user", ""),
        password=section.get("password", ""),
        transport=section.get("transport", "udp"),
    )
