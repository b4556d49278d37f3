"""What a phone family is, once its file was read and found right (pure).

Everything that differs between families is a value in here, so that no code asks for a vendor.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from provision.families.settings import SettingSpec
from storage.refusals import NotFoundError, RefusedError

AGENT_GROUPS = ("product", "hardware", "serial", "mac", "firmware", "boot_version")
FIRST_FETCH_PARTS = ("product", "hardware", "serial", "mac", "firmware")
# What a reader can find: the fields of readers.facts.DeviceFacts and LineFacts, held by a test.
FACT_NAMES = (
    *("vendor", "product", "hardware", "serial", "mac", "firmware", "description"),
    *("uptime_s", "last_reboot_reason", "ip", "vlan", "poe_class", "neighbour"),
    *("mos", "loss_percent", "jitter_ms"),
    *("clock", "duplex", "link_mbps", "certificate_until", "configuration"),
)
LINE_COLUMNS = ("number", "server", "state")


class TemplateName(StrEnum):
    """The files a phone is given.

    Secret-free first contact, all of it, what a product shares, (where a family reads that in a
    file of its own) which release is due, and that the phone belongs to another server.
    """

    BOOTSTRAP = "bootstrap"
    CONFIGURATION = "configuration"
    PRODUCT = "product"
    RELEASE = "release"
    REDIRECT = "redirect"


class PathKind(StrEnum):
    """What a path asks for."""

    BOOTSTRAP = "bootstrap"
    AUTHENTICATED = "authenticated"
    CONFIGURATION = "configuration"
    PRODUCT = "product"
    FIRMWARE = "firmware"
    LOG = "log"
    RELEASE = "release"
    # A file that phones ask for and this server never has: to be told that is their normal course.
    ABSENT = "absent"


class Fillable(Protocol):
    """A template: Jinja's own, or one that is filled in elsewhere."""

    def render(self, values: Mapping[str, object], /) -> str: ...


class UnknownFamilyError(NotFoundError):
    code = "unknown-family"
    ru = "Семейство телефонов «{name}» не описано."
    en = "No phone family is called “{name}”."


@dataclass(frozen=True)
class AgentShape:
    """One way a User-Agent looks; its named groups are among AGENT_GROUPS."""

    pattern: re.Pattern[str]


@dataclass(frozen=True)
class PathShape:
    """One way a path looks. With `asks_query` the shape covers the query too."""

    kind: PathKind
    pattern: re.Pattern[str]
    asks_query: bool
    methods: tuple[str, ...]


@dataclass(frozen=True)
class OidSource:
    """One place of a value in SNMP.

    `divide` scales a number (TimeTicks are seconds already); the group `value` of `pattern` cuts a
    part out of a text. With `ticks` its MIB says that it is TimeTicks, for a reader that is not
    told a value's type.
    """

    oid: str
    mib: str
    divide: int = 1
    pattern: re.Pattern[str] | None = None
    ticks: bool = False


@dataclass(frozen=True)
class SnmpLines:
    """The table of SIP lines: each column's OID with {row} in it, rows counted from 1."""

    mib: str
    rows: int
    columns: Mapping[str, str]

    def oid(self, column: str, row: int) -> str:
        return self.columns[column].format(row=row)


@dataclass(frozen=True)
class SnmpMap:
    """Where SNMP keeps each fact: the places in the order to try them."""

    port: int
    enterprise_oid: str
    fields: Mapping[str, tuple[OidSource, ...]]
    lines: SnmpLines | None


class PageFormat(StrEnum):
    """How a page is read: JSON pointers, XPath, or regular expressions alone."""

    JSON = "json"
    XML = "xml"
    TEXT = "text"


class HttpLogin(StrEnum):
    """What a phone's pages ask for; with `none` no password is ever shown to it."""

    NONE = "none"
    DIGEST = "digest"
    BASIC = "basic"


@dataclass(frozen=True)
class Picker:
    """One place of a value in a page: a pointer or a path, and what is cut out of its text."""

    at: str
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True)
class HttpPage:
    """One page, and where it keeps each fact: the places in the order to try them."""

    path: str
    format: PageFormat
    fields: Mapping[str, tuple[Picker, ...]]
    lines_at: str | None = None
    line_fields: Mapping[str, Picker] = field(default_factory=dict)


@dataclass(frozen=True)
class HttpMap:
    """How a phone's pages are reached and read. `old_tls` lets TLS 1.0 and short keys in."""

    port: int
    pages: tuple[HttpPage, ...]
    scheme: str = "http"
    login: HttpLogin = HttpLogin.DIGEST
    old_tls: bool = False
    actions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OutputSource:
    """One place of a value in what SSH commands print: the group `value` of `pattern`."""

    command: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class SshMap:
    """The read-only commands by name, and where each fact stands in what they print.

    `legacy` lets SHA-1, CBC and MD5 in, for phones that know nothing else. With a `prompt` they
    are typed into a shell, for phones that run no single commands; it fits the whole last line.
    """

    port: int
    commands: Mapping[str, str]
    fields: Mapping[str, tuple[OutputSource, ...]]
    legacy: bool = False
    prompt: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Needs:
    """What phones need to work well; `poe_classes` holds the products that need another class."""

    poe_class: int | None = None
    poe_classes: Mapping[str, int] = field(default_factory=dict)

    def poe_class_of(self, product: str) -> int | None:
        return self.poe_classes.get(product, self.poe_class)


@dataclass(frozen=True)
class Resync:
    """What asks these phones to fetch again over SIP, and to restart as well.

    Without `reboot_event` they decide that by themselves.
    """

    event: str
    reboot_event: str | None = None
    port: int = 5060


@dataclass(frozen=True)
class Output:
    """How a file is written: escaping, media type, last line, what a preview hides."""

    format: str
    media_type: str
    closing: str | None
    masks: tuple[re.Pattern[str], ...]
    templates: Mapping[TemplateName, Fillable]
    # What the templates see as `data`: the family's own words for our settings.
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class TftpNames:
    """Names of first-contact files; `prefixes` are the vendor's MACs, by their six digits."""

    shapes: tuple[re.Pattern[str], ...]
    prefixes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FirstFetch:
    """How a phone of which everything is known but its first call asks for its configuration.

    The parts of `path` are {token} and {mac}, those of `agent` are among FIRST_FETCH_PARTS.
    """

    path: str
    agent: str


@dataclass(frozen=True, eq=False)
class Family:
    """Phones that share file names and syntax."""

    name: str
    vendor: str
    agents: tuple[AgentShape, ...]
    paths: tuple[PathShape, ...]
    output: Output
    snmp: SnmpMap | None = None
    http: HttpMap | None = None
    ssh: SshMap | None = None
    resync: Resync | None = None
    needs: Needs = Needs()
    # Products by the {code} that stands for them in file names.
    products: Mapping[str, str] = field(default_factory=dict)
    # The file it was read from, for people.
    file: Path | None = None
    # Settings that only these phones know, beside those that every family shares.
    settings: tuple[SettingSpec, ...] = ()
    # What first-contact files are called over TFTP; None for phones that never ask so.
    tftp: TftpNames | None = None
    # The words of a first fetch, so that its answer can be made before; None where they vary.
    first_fetch: FirstFetch | None = None


@dataclass(frozen=True, eq=False)
class Families:
    """Every family known, in the order in which requests are compared with them."""

    by_name: Mapping[str, Family]
    #: Families of an operator that cannot be used, each by its mistake.
    problems: tuple[RefusedError, ...] = ()

    def get(self, name: str) -> Family:
        """The family of that name, or UnknownFamilyError."""
        try:
            return self.by_name[name]
        except KeyError:
            raise UnknownFamilyError(name=name) from None

    def __iter__(self) -> Iterator[Family]:
        return iter(self.by_name.values())
