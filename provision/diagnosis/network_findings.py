"""The cable, the port and the way that voice takes (pure)."""

from collections.abc import Iterator

from provision.diagnosis.findings import Code, Finding, Sureness, Weight
from provision.diagnosis.situation import Situation
from provision.readers.facts import DeviceFacts
from storage.phrases import Phrase

#: ITU-T G.113 and trade usage: above 1 % loss speech suffers, above 3 % people complain.
LOSS_SEEN, LOSS_GRAVE = 1.0, 3.0
JITTER_GRAVE_MS = 30.0
#: ITU-T P.800.1: below 3.6 many listeners are dissatisfied.
MOS_POOR = 3.6
LINK_WANTED_MBPS = 100


def quality(situation: Situation) -> Iterator[Finding]:
    """Loss, jitter and the resulting opinion score of the last call."""
    facts = situation.facts
    if facts is None:
        return
    evidence = tuple(_measured(facts))
    if not evidence:
        return
    before = [one for one in situation.history if one.answered and one.loss_percent is not None]
    bad = sum(1 for one in before if (one.loss_percent or 0) >= LOSS_SEEN)
    sureness = Sureness.CERTAIN if bad >= 2 else Sureness.LIKELY
    if len(before) > 1:
        often = Phrase(
            f"с потерями {bad} из {len(before)} последних чтений",
            f"loss in {bad} of the last {len(before)} readings",
        )
        evidence = (*evidence, often)
    grave = (facts.loss_percent or 0) >= LOSS_GRAVE or (facts.mos or 5) < MOS_POOR
    weight = Weight.FAULT if grave else Weight.ATTENTION
    cause = _HALF if facts.duplex == "half" else None
    yield Finding(Code.PACKET_LOSS, weight, sureness, evidence, cause)


def power(situation: Situation) -> Iterator[Finding]:
    """The PoE class that the switch grants against the one that the product needs."""
    granted = situation.facts.poe_class if situation.facts else None
    needed = situation.wanted.poe_class
    # Class 0 is "unclassified" (IEEE 802.3af): the switch reserves the full 15.4 W.
    if granted is None or needed is None or granted == 0 or granted >= needed:
        return
    evidence = (
        Phrase(
            f"порт даёт класс {granted}, нужен {needed}",
            f"the port grants class {granted}, {needed} is needed",
        ),
        *_port(situation),
    )
    yield Finding(Code.POE_TOO_LOW, Weight.FAULT, Sureness.CERTAIN, evidence)


def link(situation: Situation) -> Iterator[Finding]:
    """Half duplex, and a link slower than the port can do."""
    facts = situation.facts
    if facts is None:
        return
    if facts.duplex == "half":
        told = Phrase("порт работает в полудуплексе", "the port runs at half duplex")
        evidence = (told, *_port(situation))
        yield Finding(Code.HALF_DUPLEX, Weight.FAULT, Sureness.CERTAIN, evidence)
    if facts.link_mbps is not None and facts.link_mbps < LINK_WANTED_MBPS:
        told = Phrase(
            f"скорость порта {facts.link_mbps} Мбит/с", f"the link runs at {facts.link_mbps} Mbit/s"
        )
        evidence = (told, *_port(situation))
        yield Finding(Code.SLOW_LINK, Weight.ATTENTION, Sureness.CERTAIN, evidence)


def vlan(situation: Situation) -> Iterator[Finding]:
    """The VLAN that the phone is in against its profile's."""
    told = situation.facts.vlan if situation.facts else None
    wanted = situation.wanted.vlan
    if told is None or wanted is None or told == wanted:
        return
    evidence = (
        Phrase(
            f"телефон в VLAN {told}, по профилю — {wanted}",
            f"the phone is in VLAN {told}, its profile says {wanted}",
        ),
        *_port(situation),
    )
    yield Finding(Code.WRONG_VLAN, Weight.FAULT, Sureness.CERTAIN, evidence)


_HALF = Phrase(
    "Скорее всего, из-за полудуплекса порта: исправьте сначала его.",
    "Most likely from the port's half duplex: mend that first.",
)


def _measured(facts: DeviceFacts) -> Iterator[Phrase]:
    if facts.loss_percent is not None and facts.loss_percent >= LOSS_SEEN:
        yield _value("потери", "loss", facts.loss_percent, " %", " %")
    if facts.jitter_ms is not None and facts.jitter_ms >= JITTER_GRAVE_MS:
        yield _value("джиттер", "jitter", facts.jitter_ms, " мс", " ms")
    if facts.mos is not None and facts.mos < MOS_POOR:
        yield _value("оценка MOS", "opinion score (MOS)", facts.mos)


def _value(ru: str, en: str, value: float, unit_ru: str = "", unit_en: str = "") -> Phrase:
    """A measured value, with each language's decimal mark."""
    shown = f"{value:g}"
    return Phrase(f"{ru} {shown.replace('.', ',')}{unit_ru}", f"{en} {shown}{unit_en}")


def _port(situation: Situation) -> tuple[Phrase, ...]:
    port = situation.facts.neighbour if situation.facts else None
    return (Phrase(f"порт коммутатора: {port}", f"switch port: {port}"),) if port else ()
