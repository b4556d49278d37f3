"""From values to the bytes of a phone's file: sandboxed template, escaping, closing line (pure).

Templates see plain dicts of texts and numbers, never a row. What a family's format cannot hold is
refused here, by the name of the setting and never by its value.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from jinja2 import TemplateError

from provision.families.family import Family, Fillable, TemplateName
from provision.families.formats import FORMATS
from storage.refusals import RefusedError

HIDDEN = "••••"

Setting = str | int | bool | None
Sections = Mapping[str, Mapping[str, Setting]]


class RenderError(RefusedError):
    """The template does not fit the values; `reason` holds names, never values."""

    code = "render-failed"
    ru = "Шаблон «{template}» семейства {family} не заполняется: {reason}"
    en = "The template “{template}” of family {family} cannot be filled in: {reason}"


@dataclass(frozen=True)
class BootstrapValues:
    """First contact, without a secret: where to prove oneself, how often to ask (seconds)."""

    mac: str
    auth_url: str
    poll_s: int


@dataclass(frozen=True)
class RedirectValues:
    """First contact of a phone that a partner looks after: `server_url` is where it goes on."""

    mac: str
    server_url: str
    poll_s: int


@dataclass(frozen=True)
class ProductValues:
    """What every phone of a product shares, without a secret."""

    product: str
    channel: str
    poll_s: int
    sections: Sections = field(default_factory=dict)


@dataclass(frozen=True)
class NetworkValues:
    """What is not said (None) is left out of the file: the phone keeps its own."""

    vlan: int | None = None
    ntp_server: str | None = None
    time_zone: str | None = None
    syslog_server: str | None = None


@dataclass(frozen=True)
class ProvisioningValues:
    """`url` is where this phone fetches from now on, `poll_s` the seconds between fetches."""

    url: str = field(repr=False)
    poll_s: int
    channel: str
    revision: str
    mac: str = ""


@dataclass(frozen=True)
class FirmwareValues:
    """The one next release: `size` in bytes, `not_before_s` the seconds to wait first (spread)."""

    version: str
    url: str = field(repr=False)
    size: int
    sha256: str
    not_before_s: int


@dataclass(frozen=True)
class LineValues:
    """One SIP line; `index` counts from 1."""

    index: int
    number: str
    display_name: str
    server: str
    user: str
    password: str = field(repr=False)
    transport: str = "udp"


@dataclass(frozen=True)
class ConfigurationValues:
    """Everything one phone is told. `sections` are further settings, by section and key."""

    provisioning: ProvisioningValues
    network: NetworkValues = NetworkValues()
    firmware: FirmwareValues | None = None
    lines: Sequence[LineValues] = ()
    sections: Sections = field(default_factory=dict)


@dataclass(frozen=True)
class ReleaseValues:
    """The one next release (None: none is due), for families that read it in a file of its own."""

    firmware: FirmwareValues | None = None


def render(
    family: Family,
    name: TemplateName,
    values: BootstrapValues | RedirectValues | ProductValues | ConfigurationValues | ReleaseValues,
) -> bytes:
    """The file `name` of `family` for `values`: UTF-8, LF, closing line included.

    Raises RenderError, or UnwritableValueError for a value that the format cannot hold.
    """
    template = family.output.templates.get(name)
    if template is None:
        raise RenderError(template=name, family=family.name, reason="no such template")
    plain = _plain("", values, FORMATS[family.output.format].check)
    plain |= {"data": _plain("data", family.output.data, FORMATS[family.output.format].check)}
    body = (_filled(template, plain, name, family).rstrip("\n") + "\n").encode()
    if family.output.closing is None:
        return body
    closing = family.output.closing.replace("{sha256}", hashlib.sha256(body).hexdigest())
    return body + closing.encode() + b"\n"


def masked(family: Family, body: bytes) -> bytes:
    """A file of `family` as people may see it: every secret that its masks find is hidden."""
    text = body.decode("utf-8", "replace")
    for mask in family.output.masks:
        text = mask.sub(_hide, text)
    return text.encode()


def _hide(found: re.Match[str]) -> str:
    start, end = (at - found.start() for at in found.span("hidden"))
    return found[0][:start] + HIDDEN + found[0][end:]


def _filled(
    template: Fillable, values: Mapping[str, object], name: TemplateName, family: Family
) -> str:
    try:
        return template.render(values)
    except RefusedError:
        raise
    except TemplateError as error:  # its text names names
        raise RenderError(template=name, family=family.name, reason=error) from error
    except Exception as error:  # a text of its own could hold a value
        raise RenderError(template=name, family=family.name, reason=type(error).__name__) from error


def _plain(where: str, value: object, check: Callable[[str, str], None]) -> Any:
    """`value` as dicts, lists, texts and numbers; each text is checked under its dotted name."""
    if isinstance(value, str):
        check(where, value)
        return str(value)
    if value is None or isinstance(value, int):
        return value
    if is_dataclass(value):
        value = {part.name: getattr(value, part.name) for part in fields(value)}
    if isinstance(value, Mapping):
        return {
            str(key): _plain(f"{where}.{key}".lstrip("."), part, check)
            for key, part in value.items()
        }
    if isinstance(value, Sequence):
        return [_plain(f"{where}.{at}", part, check) for at, part in enumerate(value, start=1)]
    raise TypeError(f"{where} is a {type(value).__name__}")
