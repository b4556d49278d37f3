"""Groups as people write them, and which phone is in which. Pure.

A group is a share ("5%"), a site ("site: Office") or a list of MACs; whoever is in none of them
comes last, in a group of its own.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from firmware.offers import slot
from provision.devices.identity import BadMacError, MacAddress
from storage.refusals import RefusedError

_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d{1,2})?)\s*%")
_SITE = re.compile(r"(?:site|площадка)\s*[:=]\s*(\S.*)", re.IGNORECASE)
WAVES_MAX = 20
_TEXT_MAX = 20_000


class BadWaveError(RefusedError):
    code = "bad-group"
    field = "waves"
    ru = "«{text}» — не группа: напишите долю (5%), площадку (площадка: Офис) или список MAC."
    en = "“{text}” is no group: write a share (5%), a site (site: Office) or a list of MACs."


class TooMuchError(RefusedError):
    code = "groups-above-100"
    field = "waves"
    ru = "Доли групп вместе больше 100 %."
    en = "The shares of the groups make more than 100 %."


class TooManyWavesError(RefusedError):
    code = "too-many-groups"
    field = "waves"
    ru = "Групп не больше {limit}."
    en = "There are at most {limit} groups."


@dataclass(frozen=True)
class Wave:
    """One group: exactly one of the three says who is in it; none of them: all the others."""

    text: str = ""
    percent: float | None = None
    site: str | None = None
    macs: frozenset[str] = frozenset()

    @property
    def is_rest(self) -> bool:
        return self.percent is None and self.site is None and not self.macs


@dataclass(frozen=True)
class Member:
    """A phone to be put into a group; `mac` is 12 lower-case hex digits."""

    mac: str
    site: str | None = None


def site_of(text: str) -> str:
    """The site that a group as written names; empty for another kind of group."""
    found = _SITE.fullmatch(text.strip())
    return found[1].strip() if found else ""


def parse(text: str) -> Wave:
    """One group as written; raises BadWaveError."""
    text = text.strip()[:_TEXT_MAX]
    if found := _PERCENT.fullmatch(text):
        percent = float(found[1].replace(",", "."))
        if not 0 < percent <= 100:
            raise BadWaveError(text=text[:80])
        return Wave(text, percent=percent)
    if found := _SITE.fullmatch(text):
        return Wave(text, site=found[1].strip())
    return Wave(text, macs=_macs(text))


def parse_all(texts: Iterable[str]) -> tuple[Wave, ...]:
    """The groups in their order and the rest behind them, unless the shares make up everything."""
    waves = tuple(parse(text) for text in texts if text.strip())
    if len(waves) > WAVES_MAX:
        raise TooManyWavesError(limit=WAVES_MAX)
    total = sum(_hundredths(wave) for wave in waves)
    if total > 100_00:
        raise TooMuchError
    return waves if total == 100_00 else (*waves, Wave())


def assign(members: Sequence[Member], waves: Sequence[Wave], salt: str) -> Mapping[str, int]:
    """The group of each phone, by MAC: lists first, then sites, then shares of all, then the rest.

    A share is a share of all members, taken in the order of `salt`, and holds at least one phone
    as long as there are any: a first group without phones would prove nothing.
    """
    found: dict[str, int] = {}
    loose: list[Member] = []
    for member in members:
        number = _named(member, waves)
        if number is None:
            loose.append(member)
        else:
            found[member.mac] = number
    loose.sort(key=lambda member: (slot(salt, member.mac), member.mac))
    taken = 0
    for number, wave in enumerate(waves):
        if wave.percent is not None:
            count = max(round(len(members) * wave.percent / 100), 1)
            found.update((one.mac, number) for one in loose[taken : taken + count])
            taken += count
    last = len(waves) - 1
    found.update((one.mac, last) for one in loose[taken:])
    return found


def place_of(member: Member, waves: Sequence[Wave], salt: str) -> int:
    """The group of a phone that came later: by its own place in the order of `salt`."""
    number = _named(member, waves)
    if number is not None:
        return number
    bound = 0
    for number, wave in enumerate(waves):
        bound += _hundredths(wave)
        if wave.percent is not None and slot(salt, member.mac) < bound:
            return number
    return len(waves) - 1


def _hundredths(wave: Wave) -> int:
    """A share in hundredths of a per cent, which is as fine as one is written."""
    return round((wave.percent or 0) * 100)


def _named(member: Member, waves: Sequence[Wave]) -> int | None:
    """The group that names this phone by its MAC, or else by its site."""
    for number, wave in enumerate(waves):
        if member.mac in wave.macs:
            return number
    for number, wave in enumerate(waves):
        if wave.site is not None and wave.site == member.site:
            return number
    return None


def _macs(text: str) -> frozenset[str]:
    words = re.split(r"[\s,;]+", text)
    try:
        return frozenset(MacAddress.parse(word).hex for word in words if word)
    except BadMacError as error:
        raise BadWaveError(text=text[:80]) from error
