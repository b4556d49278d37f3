"""The firmware that runs against the releases there are (pure)."""

from collections.abc import Iterator

from catalogue.versions import BadVersionError, Version
from provision.diagnosis.findings import Code, Finding, Sureness, Weight
from provision.diagnosis.situation import Situation
from storage.phrases import Phrase

CUTS_SEEN = 2


def firmware(situation: Situation) -> Iterator[Finding]:
    """A withdrawn release, or one that is older than what the phone is due."""
    standing = situation.firmware
    if standing.running is None:
        return
    if standing.withdrawn_reason is not None:
        yield _withdrawn(situation)
    elif standing.due is not None:
        told = Phrase(
            f"работает {standing.running}, ждёт установки {standing.due}",
            f"it runs {standing.running}, {standing.due} is due",
        )
        yield Finding(Code.FIRMWARE_OLD, Weight.ATTENTION, Sureness.CERTAIN, (told,))
    elif standing.newest is not None and _is_older(standing.running, standing.newest):
        told = Phrase(
            f"работает {standing.running}, вышла {standing.newest}",
            f"it runs {standing.running}, {standing.newest} is out",
        )
        evidence = (told, *_held(situation))
        yield Finding(Code.FIRMWARE_OLD, Weight.INFO, Sureness.CERTAIN, evidence)


def downloads(situation: Situation) -> Iterator[Finding]:
    """Downloads of firmware that end before the last byte, again and again."""
    cuts = situation.visits.cut_downloads
    if cuts < CUTS_SEEN:
        return
    evidence = (
        Phrase(f"оборванных загрузок за неделю: {cuts}", f"{cuts} downloads cut within a week"),
    )
    yield Finding(Code.DOWNLOAD_BREAKS, Weight.ATTENTION, Sureness.CERTAIN, evidence)


def _withdrawn(situation: Situation) -> Finding:
    standing = situation.firmware
    told = Phrase(
        f"{standing.running} отозвана: {standing.withdrawn_reason}",
        f"{standing.running} is withdrawn: {standing.withdrawn_reason}",
    )
    instead = standing.replacement or standing.due
    evidence = [told]
    if instead is not None:
        evidence.append(Phrase(f"взамен: {instead}", f"instead: {instead}"))
    evidence += _held(situation)
    return Finding(Code.FIRMWARE_WITHDRAWN, Weight.FAULT, Sureness.CERTAIN, tuple(evidence))


def _held(situation: Situation) -> tuple[Phrase, ...]:
    reason = situation.firmware.hold_reason
    if reason is None:
        return ()
    return (Phrase(f"обновление придержано: {reason}", f"updates are held back: {reason}"),)


def _is_older(running: str, newest: str) -> bool:
    try:
        return Version.parse(running) < Version.parse(newest)
    except BadVersionError:
        return False
