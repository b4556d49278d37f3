"""Which codes of a photo belong to one label, and what each label comes to (pure).

Every MAC is a label; what else was read belongs to the label that lies nearest. What contradicts
itself is never settled here: a person is told, and decides with the box in hand.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import hypot

from provision.devices.identity import SerialNumber
from provision.labels.codes import Code, Kind, Said, said

#: A code whose second nearest label is hardly farther could belong to either.
_CLEARLY_NEARER = 0.75


class Problem(StrEnum):
    """Why a label needs a person's eye."""

    NO_MAC = "no-mac"
    NO_SERIAL = "no-serial"
    TWO_SERIALS = "two-serials"
    WRONG_CHECK = "wrong-check"
    OTHER_PRODUCT = "other-product"
    SERIAL_TWICE = "serial-twice"
    MAC_OR_SERIAL = "mac-or-serial"
    UNCLEAR_WHOSE = "unclear-whose"


@dataclass(frozen=True)
class Label:
    """One phone as its label tells it; an empty value was not read, or not settled."""

    mac: str = ""
    serial: str = ""
    product: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass
class _Draft:
    """A label that is being put together: where its codes lie, and what they say."""

    mac: str
    spots: list[tuple[float, float]] = field(default_factory=list)
    serials: dict[str, None] = field(default_factory=dict)
    maybe: dict[str, None] = field(default_factory=dict)
    products: dict[str, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def labels(
    codes: Sequence[Code], products: Collection[str], known_prefixes: Collection[str] = ()
) -> Sequence[Label]:
    """The labels of a photo, from top to bottom.

    `products` are the catalogue's codes; `known_prefixes` are first halves of MACs (six digits)
    that phones of the register have: they tell a MAC of twelve digits from a serial number.
    """
    read = [(code, _settled(said(code), known_prefixes)) for code in codes]
    drafts = _drafts(read)
    for code, told in read:
        if not _has_mac(told) and told:
            _add(_owner(drafts, code), code, told)
    made = [_label(one, products) for one in sorted(drafts, key=lambda one: _top(one.spots))]
    return _told_of_repeats(made)


def _settled(told: Sequence[Said], prefixes: Collection[str]) -> list[Said]:
    """Twelve digits are a MAC where phones with such a first half are known."""
    return [
        Said(Kind.MAC, one.value)
        if one.kind is Kind.PERHAPS_BOTH and one.value[:6] in prefixes
        else one
        for one in told
    ]


def _has_mac(told: Sequence[Said]) -> bool:
    return any(one.kind is Kind.MAC for one in told)


def _drafts(read: Sequence[tuple[Code, Sequence[Said]]]) -> list[_Draft]:
    """A label for every MAC, with all codes that say it themselves."""
    by_mac: dict[str, _Draft] = {}
    for code, told in read:
        if _has_mac(told):
            mac = next(one.value for one in told if one.kind is Kind.MAC)
            _add(by_mac.setdefault(mac, _Draft(mac)), code, told)
    return list(by_mac.values())


def _add(draft: _Draft, code: Code, told: Sequence[Said]) -> None:
    draft.spots.append((code.x, code.y))
    for one in told:
        if one.kind is Kind.SERIAL:
            draft.serials[one.value] = None
        elif one.kind is Kind.PRODUCT:
            draft.products[one.value] = None
        elif one.kind is Kind.PERHAPS_SERIAL:
            draft.maybe[one.value] = None
        elif one.kind is Kind.PERHAPS_BOTH:
            draft.maybe[one.value] = None
            if not draft.mac:
                draft.problems.append(Problem.MAC_OR_SERIAL)


def _owner(drafts: list[_Draft], code: Code) -> _Draft:
    """The label that lies nearest; a new one without a MAC where the photo shows none."""
    if not drafts:
        drafts.append(_Draft(""))
    near = sorted(drafts, key=lambda one: _distance(one, code))
    if len(near) > 1 and _distance(near[0], code) > _CLEARLY_NEARER * _distance(near[1], code):
        near[0].problems.append(Problem.UNCLEAR_WHOSE)
    return near[0]


def _distance(draft: _Draft, code: Code) -> float:
    return min((hypot(x - code.x, y - code.y) for x, y in draft.spots), default=0.0)


def _top(spots: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return min((y, x) for x, y in spots)


def _label(draft: _Draft, products: Collection[str]) -> Label:
    problems = list(dict.fromkeys(draft.problems))
    serial = _serial(draft, problems)
    product = _product(draft, serial, products, problems)
    if not draft.mac and Problem.MAC_OR_SERIAL not in problems:
        problems.append(Problem.NO_MAC)
    return Label(draft.mac, serial, product, tuple(problems))


def _serial(draft: _Draft, problems: list[Problem]) -> str:
    """The one that is called so or has our form; else the one code that is left."""
    found = list(draft.serials) or list(draft.maybe)
    if len(found) > 1:
        problems.append(Problem.TWO_SERIALS)
        return ""
    if not found:
        problems.append(Problem.NO_SERIAL)
        return ""
    parsed = SerialNumber.parse(found[0])
    if parsed.is_own_form and not parsed.has_check_character:
        problems.append(Problem.WRONG_CHECK)
    return parsed.text


def _product(draft: _Draft, serial: str, products: Collection[str], problems: list[Problem]) -> str:
    """What the label says it is, or what our own serial number says, in two characters."""
    told = [code for code in products if code.upper() in draft.products]
    by_serial = _by_serial(serial, products)
    if told and by_serial and told[0] not in by_serial:
        problems.append(Problem.OTHER_PRODUCT)
    if told:
        return told[0]
    return by_serial[0] if len(by_serial) == 1 else ""


def _by_serial(serial: str, products: Collection[str]) -> list[str]:
    if not serial or not SerialNumber.parse(serial).has_check_character:
        return []
    return [code for code in products if _last_two(code) == serial[6:8]]


def _last_two(code: str) -> str:
    return "".join(sign for sign in code.upper() if sign.isalnum())[-2:]


def _told_of_repeats(made: Sequence[Label]) -> Sequence[Label]:
    """Two labels with one serial number: one of them was read from the other's box."""
    serials = [one.serial for one in made if one.serial]
    return [
        Label(one.mac, one.serial, one.product, (*one.problems, Problem.SERIAL_TWICE))
        if serials.count(one.serial) > 1
        else one
        for one in made
    ]
