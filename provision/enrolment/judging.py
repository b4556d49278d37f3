"""What becomes of each row (pure): new, there already, or a reason why the table is refused."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from provision.devices.identity import BadMacError, BadSerialError, MacAddress, SerialNumber
from provision.enrolment.columns import Entry
from provision.families.settings import Schema
from provision.vocabulary import COMMON, BadSettingValueError, Value, read_value

GROUP_MAX = 64


class Verdict(StrEnum):
    """What is to be done with a row; all but the first two refuse the whole table."""

    NEW = "new"
    SAME = "same"
    BAD_MAC = "bad-mac"
    BAD_SERIAL = "bad-serial"
    UNKNOWN_PRODUCT = "unknown-product"
    UNKNOWN_HARDWARE = "unknown-hardware"
    UNKNOWN_SITE = "unknown-site"
    UNCLEAR_SITE = "unclear-site"
    UNKNOWN_ORGANISATION = "unknown-organisation"
    LONG_GROUP = "long-group"
    BAD_DAY = "bad-day"
    NO_PAPER = "no-paper"
    MAC_TWICE = "mac-twice"
    SERIAL_TWICE = "serial-twice"
    MAC_TAKEN = "mac-taken"
    SERIAL_TAKEN = "serial-taken"
    NEW_HANDOVER = "new-handover"
    BAD_SETTING = "bad-setting"
    OTHER_SETTING = "other-setting"


GOOD = frozenset({Verdict.NEW, Verdict.SAME})


@dataclass(frozen=True)
class KnownDevice:
    """A phone of the register, as far as a row can contradict it."""

    mac: str
    serial: str | None
    product: str
    hardware: str | None
    site_id: int | None
    organisation_id: int | None
    group: str
    #: Days of handover, each with a paper that proves it.
    handovers: frozenset[tuple[date, str]] = frozenset()
    #: Its own settings, passwords among them.
    settings: Mapping[str, Value] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Register:
    """What is known before the table: products with revisions, places by name, phones."""

    revisions: Mapping[str, Sequence[str]]
    #: Sites by name: id and organisation's id of each.
    sites: Mapping[str, Sequence[tuple[int, int]]]
    organisations: Mapping[str, int]
    by_mac: Mapping[str, KnownDevice] = field(default_factory=dict)
    by_serial: Mapping[str, str] = field(default_factory=dict)
    #: What each setting takes.
    schema: Schema = COMMON


@dataclass(frozen=True)
class Wanted:
    """A row that can be stored."""

    mac: MacAddress
    serial: SerialNumber | None
    product: str
    hardware: str | None
    site_id: int | None
    organisation_id: int | None
    group: str
    handover: date | None
    contract: str
    settings: Mapping[str, Value] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Judged:
    """A row with its verdict; `detail` is the value that the reason is about."""

    entry: Entry
    verdict: Verdict
    detail: str = ""
    wanted: Wanted | None = None


class _UnfitError(Exception):
    def __init__(self, verdict: Verdict, detail: str) -> None:
        super().__init__(verdict)
        self.verdict, self.detail = verdict, detail


def judge(entries: Sequence[Entry], register: Register, today: date) -> Sequence[Judged]:
    """Each row's verdict; of two rows that say the same MAC or serial, the second is refused."""
    macs: dict[str, int] = {}
    serials: dict[str, int] = {}
    return [_judged(entry, register, today, macs, serials) for entry in entries]


def counts(rows: Sequence[Judged]) -> Counter[str]:
    """How many rows have each verdict."""
    return Counter(row.verdict.value for row in rows)


def refused(rows: Sequence[Judged]) -> Sequence[Judged]:
    """The rows for which nothing is stored."""
    return [row for row in rows if row.verdict not in GOOD]


def day(text: str) -> date:
    """A day as 2026-11-29 or 29.11.2026; raises ValueError."""
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise ValueError(text)


def _judged(
    entry: Entry,
    register: Register,
    today: date,
    macs: dict[str, int],
    serials: dict[str, int],
) -> Judged:
    try:
        wanted = _wanted(entry, register, today)
        _once(macs, wanted.mac.hex, entry.row, Verdict.MAC_TWICE)
        if wanted.serial is not None:
            _once(serials, wanted.serial.text, entry.row, Verdict.SERIAL_TWICE)
        return Judged(entry, _against(wanted, entry, register), wanted=wanted)
    except _UnfitError as unfit:
        return Judged(entry, unfit.verdict, unfit.detail)


def _once(seen: dict[str, int], value: str, row: int, verdict: Verdict) -> None:
    first = seen.setdefault(value, row)
    if first != row:
        raise _UnfitError(verdict, str(first))


def _wanted(entry: Entry, register: Register, today: date) -> Wanted:
    mac, serial = _names(entry)
    product = entry.product.upper() if entry.product not in register.revisions else entry.product
    if product not in register.revisions:
        raise _UnfitError(Verdict.UNKNOWN_PRODUCT, entry.product)
    site_id, owner = _place(entry, register)
    if len(entry.group) > GROUP_MAX:
        raise _UnfitError(Verdict.LONG_GROUP, entry.group[:GROUP_MAX])
    hardware = _hardware(entry.hardware, register.revisions[product])
    handover = _handover(entry, today)
    return Wanted(
        mac=mac,
        serial=serial,
        product=product,
        hardware=hardware,
        site_id=site_id,
        organisation_id=owner,
        group=entry.group,
        handover=handover,
        contract=entry.contract,
        settings=_settings(entry, register.schema),
    )


def _names(entry: Entry) -> tuple[MacAddress, SerialNumber | None]:
    try:
        mac = MacAddress.parse(entry.mac)
        return mac, SerialNumber.parse(entry.serial) if entry.serial else None
    except BadMacError:
        raise _UnfitError(Verdict.BAD_MAC, entry.mac) from None
    except BadSerialError:
        raise _UnfitError(Verdict.BAD_SERIAL, entry.serial) from None


def _settings(entry: Entry, schema: Schema) -> Mapping[str, Value]:
    """The values of a row's settings; a refused one is only named: its text may be a password."""
    found: dict[str, Value] = {}
    for name, text in entry.settings.items():
        try:
            found[name] = read_value(name, text, schema)
        except BadSettingValueError:
            raise _UnfitError(Verdict.BAD_SETTING, name) from None
    return found


def _hardware(text: str, revisions: Sequence[str]) -> str | None:
    """The revision told; the only one there is where nothing was told."""
    if not text:
        return revisions[0] if len(revisions) == 1 else None
    found = text if text in revisions else text.upper()
    if found not in revisions:
        raise _UnfitError(Verdict.UNKNOWN_HARDWARE, text)
    return found


def _place(entry: Entry, register: Register) -> tuple[int | None, int | None]:
    """The site and the owner; a site's name that two organisations use needs the organisation."""
    owner = register.organisations.get(entry.organisation) if entry.organisation else None
    if entry.organisation and owner is None:
        raise _UnfitError(Verdict.UNKNOWN_ORGANISATION, entry.organisation)
    if not entry.site:
        return None, owner
    named = register.sites.get(entry.site, ())
    fitting = [one for one in named if owner is None or one[1] == owner]
    if not fitting:
        raise _UnfitError(Verdict.UNKNOWN_SITE, entry.site)
    if len(fitting) > 1:
        raise _UnfitError(Verdict.UNCLEAR_SITE, entry.site)
    return fitting[0]


def _handover(entry: Entry, today: date) -> date | None:
    """The day of handover, which only a contract proves."""
    if not entry.handover:
        return None
    try:
        found = day(entry.handover)
    except ValueError:
        found = date.max
    if found > today:
        raise _UnfitError(Verdict.BAD_DAY, entry.handover)
    if not entry.contract:
        raise _UnfitError(Verdict.NO_PAPER, entry.handover)
    return found


def _against(wanted: Wanted, entry: Entry, register: Register) -> Verdict:
    """Whether the phone is new; a known one must be what the row tells of it."""
    serial = wanted.serial.text if wanted.serial else None
    holder = register.by_serial.get(serial) if serial else None
    if holder is not None and holder != wanted.mac.hex:
        raise _UnfitError(Verdict.SERIAL_TAKEN, holder)
    known = register.by_mac.get(wanted.mac.hex)
    if known is None:
        return Verdict.NEW
    told = (
        (serial, known.serial),
        (wanted.product, known.product),
        (wanted.hardware if entry.hardware else None, known.hardware),
        (wanted.site_id, known.site_id),
        (wanted.organisation_id, known.organisation_id),
        (wanted.group or None, known.group),
    )
    if any(new is not None and new != old for new, old in told):
        raise _UnfitError(Verdict.MAC_TAKEN, wanted.mac.hex)
    if wanted.handover and (wanted.handover, wanted.contract) not in known.handovers:
        # A known phone is skipped: its warranty must not lose a proof in silence.
        raise _UnfitError(Verdict.NEW_HANDOVER, entry.handover)
    for name, value in wanted.settings.items():
        if known.settings.get(name) != value:
            raise _UnfitError(Verdict.OTHER_SETTING, name)
    return Verdict.SAME
