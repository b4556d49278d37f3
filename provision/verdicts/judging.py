"""The verdicts on a unit from what phones said (pure).

Each rule looks alone and says only what its evidence shows; that two of them speak at once is
normal. A verdict is as strong as the weakest thing it cannot do without.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from catalogue.versions import BadVersionError, Version
from provision.devices.identity import SerialNumber
from provision.families.identification import Strength
from provision.verdicts.unit import Evidence, Judgement, KnownVersions, Sighting, Unit, Verdict
from storage.clock import moscow_date
from storage.phrases import Phrase

#: One serial at two MACs within this time is two phones; further apart it may be one, repaired.
AT_ONCE = timedelta(days=1)
EVIDENCE_MAX = 3


def judge(
    unit: Unit | None, sightings: Iterable[Sighting], known: KnownVersions = frozenset()
) -> tuple[Judgement, ...]:
    """What the sightings say of a unit (None: of a phone on no record), the gravest first.

    Without sightings nothing is said.
    """
    seen = sorted(sightings, key=_order, reverse=True)
    if not seen:
        return ()
    if unit is None:
        return tuple(_of_a_stranger(seen))
    found = [judgement for rule in _RULES for judgement in rule(unit, seen)]
    found += _unsigned(_own(unit, seen), known)
    disputed = {Verdict.SERIAL_CLONE, Verdict.MAC_MISMATCH, Verdict.UNKNOWN_SERIAL}
    if not any(one.verdict in disputed and one.needs_a_look for one in found):
        found += _match(unit, seen)
    order = list(Verdict)
    return tuple(sorted(found, key=lambda one: order.index(one.verdict)))


def _of_a_stranger(seen: Sequence[Sighting]) -> Iterable[Judgement]:
    told = [one for one in seen if one.serial]
    if told:
        yield _judgement(Verdict.UNKNOWN_SERIAL, [(one, _not_on_record(one)) for one in told])


def _other_macs(unit: Unit, seen: Sequence[Sighting]) -> Iterable[Judgement]:
    """The unit's serial told with another MAC: two phones, or one whose board was changed."""
    strangers = [
        one
        for one in seen
        if unit.serial and one.serial == unit.serial and one.mac and one.mac != unit.mac
    ]
    own = [one for one in _own(unit, seen) if one.serial in {None, unit.serial}]
    for mac in dict.fromkeys(one.mac for one in strangers if one.mac):
        theirs = [one for one in strangers if one.mac == mac]
        shown = [(one, _other_mac(one)) for one in theirs]
        pair = _at_once(theirs, own)
        if mac in unit.explained:
            yield _judgement(Verdict.MAC_MISMATCH, shown, mac, unit.explained[mac])
        elif pair is not None:
            theirs_then, own_then = pair
            yield Judgement(
                Verdict.SERIAL_CLONE,
                min(theirs_then.strength, own_then.strength),
                (_evidence(theirs_then, _other_mac(theirs_then)),
                 _evidence(own_then, _own_mac(own_then))),
                mac,
            )  # fmt: skip
        else:
            yield _judgement(Verdict.MAC_MISMATCH, shown, mac)


def _two_places(unit: Unit, seen: Sequence[Sighting]) -> Iterable[Judgement]:
    """Both MAC and serial at two addresses by turns: we called them there, so no NAT explains it.

    A phone that moved stays where it went; two phones with one identity answer here, there and
    here again.
    """
    called = [
        one for one in _own(unit, seen) if one.strength is Strength.READ and one.address is not None
    ]
    for last, middle, first in zip(called, called[1:], called[2:], strict=False):
        again = first.address == last.address != middle.address
        if again and last.at - first.at <= AT_ONCE:
            shown = [(one, _at_address(one)) for one in (last, middle, first)]
            yield _judgement(Verdict.SERIAL_CLONE, shown)
            return


def _other_serials(unit: Unit, seen: Sequence[Sighting]) -> Iterable[Judgement]:
    """The unit's MAC told with another serial: that of another unit, or one that nobody knows."""
    own = [one for one in _own(unit, seen) if one.serial and unit.serial != one.serial]
    foreign = [one for one in own if one.serial in unit.taken]
    if foreign:
        yield _judgement(Verdict.MAC_MISMATCH, [(one, _serial_of_another(one)) for one in foreign])
    unknown = [one for one in own if one.serial not in unit.taken]
    if unknown:
        yield _judgement(Verdict.UNKNOWN_SERIAL, [(one, _not_on_record(one)) for one in unknown])


def _only_told(unit: Unit, seen: Sequence[Sighting]) -> Iterable[Judgement]:
    """The serial stands on record because the phone said it, and no paper names it."""
    if unit.serial_told and not unit.papers:
        told = [(one, _TOLD_ONLY) for one in seen if one.serial == unit.serial]
        if told:
            yield _judgement(Verdict.UNKNOWN_SERIAL, told[:1])


def _unsold(unit: Unit, seen: Sequence[Sighting]) -> Iterable[Judgement]:
    """At work, but no sale is on record: a report is missing, or it never was sold."""
    if any(paper.to_user for paper in unit.papers) or (unit.serial_told and not unit.papers):
        return
    own = _own(unit, seen)
    if own:
        best = max(own, key=lambda one: (one.strength, one.at))
        yield _judgement(Verdict.UNSOLD, [(best, _AT_WORK)])


def _before_handover(unit: Unit, seen: Sequence[Sighting]) -> Iterable[Judgement]:
    handed = [paper for paper in unit.papers if paper.to_user]
    if not handed:
        return
    first = min(handed, key=lambda paper: paper.on)
    early = [one for one in _own(unit, seen) if moscow_date(one.at) < first.on]
    if not early:
        return
    strongest = max(one.strength for one in early)
    proof = [one for one in early if one.strength is strongest]
    shown = [_evidence(proof[-1], _BEFORE)]
    shown.append(Evidence(_paper(first.reference), "paper", Strength.PROVED, first.on))
    yield Judgement(Verdict.PRE_HANDOVER_ACTIVITY, strongest, tuple(shown))


def _unsigned(own: Sequence[Sighting], known: KnownVersions) -> Iterable[Judgement]:
    """The version that it runs now was never published or shipped; no list says nothing."""
    last = next((one for one in own if one.firmware), None)
    if not known or last is None or last.firmware is None or _is_known(last.firmware, known):
        return
    version = last.firmware
    text = Phrase(
        f"работает версия {version}: такой нет ни среди выпущенных, ни среди заводских",
        f"runs version {version}, which was neither published nor shipped",
    )
    yield _judgement(Verdict.UNSIGNED_FIRMWARE, [(last, text)])


def _match(unit: Unit, seen: Sequence[Sighting]) -> Iterable[Judgement]:
    """What the unit told agrees with the record; the best sighting counts."""
    agreed = [one for one in _own(unit, seen) if one.mac and one.serial in {None, unit.serial}]
    if agreed:
        best = max(agreed, key=lambda one: (one.serial is not None, one.strength, one.at))
        yield _judgement(Verdict.MATCH, [(best, _own_mac(best))])


_RULES: tuple[Callable[[Unit, Sequence[Sighting]], Iterable[Judgement]], ...] = (
    _other_macs,
    _two_places,
    _other_serials,
    _only_told,
    _unsold,
    _before_handover,
)


def _order(one: Sighting) -> tuple[datetime, Strength, tuple[str, ...]]:
    """By time; sightings of one instant in an order that their coming does not change."""
    told = (one.origin, one.serial, one.mac, one.address, one.firmware)
    return one.at, one.strength, tuple(text or "" for text in told)


def _own(unit: Unit, seen: Sequence[Sighting]) -> Sequence[Sighting]:
    """The sightings of the phone with the unit's MAC, or that told none and not another serial."""
    return [
        one
        for one in seen
        if one.mac == unit.mac or (one.mac is None and one.serial in {None, unit.serial})
    ]


def _at_once(
    theirs: Sequence[Sighting], own: Sequence[Sighting]
) -> tuple[Sighting, Sighting] | None:
    """The strongest two sightings of both phones that are less than a day apart."""
    pairs = [(one, other) for one in theirs for other in own if abs(one.at - other.at) <= AT_ONCE]
    return max(pairs, key=lambda pair: min(pair[0].strength, pair[1].strength), default=None)


def _is_known(firmware: str, known: KnownVersions) -> bool:
    try:
        return Version.parse(firmware) in known
    except BadVersionError:
        return False


def _judgement(
    verdict: Verdict,
    shown: Sequence[tuple[Sighting, Phrase]],
    other_mac: str | None = None,
    explained_by: str | None = None,
) -> Judgement:
    """A verdict for which each of the sightings would do: the strongest ones are shown."""
    ranked = sorted(shown, key=lambda pair: (pair[0].strength, pair[0].at), reverse=True)
    evidence = tuple(_evidence(one, text) for one, text in ranked[:EVIDENCE_MAX])
    return Judgement(verdict, ranked[0][0].strength, evidence, other_mac, explained_by)


def _evidence(one: Sighting, text: Phrase) -> Evidence:
    return Evidence(text, one.origin, one.strength, one.at)


def _where(one: Sighting) -> Phrase:
    return (
        Phrase(f", адрес {one.address}", f", at {one.address}") if one.address else Phrase("", "")
    )


def _other_mac(one: Sighting) -> Phrase:
    where = _where(one)
    return Phrase(
        f"этот серийный номер называет телефон с MAC {one.mac}{where.ru}",
        f"a phone with the MAC {one.mac} tells this serial number{where.en}",
    )


def _own_mac(one: Sighting) -> Phrase:
    where = _where(one)
    both = one.serial is not None
    ru = "MAC и серийный номер те же, что в реестре" if both else "MAC тот же, что в реестре"
    en = "MAC and serial number as on record" if both else "the MAC as on record"
    return Phrase(f"{ru}{where.ru}", f"{en}{where.en}")


def _at_address(one: Sighting) -> Phrase:
    return Phrase(f"ответил по адресу {one.address}", f"answered at {one.address}")


def _serial_of_another(one: Sighting) -> Phrase:
    return Phrase(
        f"называет серийный номер другого телефона из реестра: {one.serial}",
        f"tells the serial number of another unit on record: {one.serial}",
    )


def _not_on_record(one: Sighting) -> Phrase:
    ru = f"называет серийный номер {one.serial}, которого в реестре нет"
    en = f"tells the serial number {one.serial}, which is not on record"
    number = SerialNumber(one.serial or "-")
    if number.is_own_form and not number.has_check_character:
        ru += "; контрольный знак не сходится"
        en += "; its check character is wrong"
    return Phrase(ru, en)


_TOLD_ONLY = Phrase(
    "номер известен только со слов телефона: ни один документ его не называет",
    "the number is known from the phone alone: no paper names it",
)
_AT_WORK = Phrase(
    "телефон работает, а документа о передаче Пользователю нет",
    "the phone is at work, and no paper of a handover to a User is on record",
)
_BEFORE = Phrase("телефон уже работал", "the phone was at work already")


def _paper(reference: str) -> Phrase:
    return Phrase(f"передан: {reference}", f"handed over: {reference}")
