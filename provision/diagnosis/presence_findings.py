"""Whether the phone answers, restarts by itself, and knows what time it is (pure)."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from provision.diagnosis.findings import Code, Finding, Sureness, Weight
from provision.diagnosis.situation import Situation
from storage.clock import MOSCOW
from storage.phrases import Phrase

LOOP_SPAN = timedelta(days=1)
LOOP_BOOTS = 3
#: Two readings of one boot differ by the time that the answers took.
ONE_BOOT = timedelta(seconds=90)
#: Installing a release restarts a phone, and so does a person: that is no loop.
WANTED_RESTARTS = ("upgrade", "remote", "factory", "user")
#: How every phone starts after it was plugged in: one such start says nothing.
PLUGGED_IN = ("power on", "cold")
CLOCK_ALLOWED = timedelta(minutes=2)
CLOCK_BREAKS_TLS = timedelta(hours=12)
#: Something lives at that address and speaks.
_SPOKE = "phone-unexpected-answer"
#: Nothing was sent: the server's own rules forbid reading there.
_NOT_ALLOWED = "read-not-allowed"
#: Nothing was sent: nobody knows where to.
_NO_ADDRESS = "no-address"
#: Something answered, and was told nothing: nobody knows yet whether it is the phone.
_UNCONFIRMED = frozenset({"ssh-key-unknown", "certificate-unknown"})
_CHANGED = {
    "ssh-key-changed": Code.SSH_KEY_CHANGED,
    "certificate-changed": Code.CERTIFICATE_CHANGED,
}
_REFUSALS = frozenset({"phone-access-denied", "no-credential", "snmp-v3-refused"})

_CAUSES = (
    (
        ("watchdog", "panic", "crash", "exception", "assert"),
        Phrase(
            "Прошивка падает: обновите её; если уже новая — соберите журнал и передайте нам.",
            "The firmware crashes: update it; if it is the newest, collect the log for us.",
        ),
    ),
    (
        ("brown", "undervolt", "power", "voltage"),
        Phrase(
            "Пропадает питание: проверьте класс PoE порта, кабель и блок питания.",
            "The power fails: check the port's PoE class, the cable and the power supply.",
        ),
    ),
    (
        ("thermal", "temperature", "overheat"),
        Phrase("Телефон перегревается.", "The phone overheats."),
    ),
)


def answers(situation: Situation) -> Iterator[Finding]:
    """No way of reading answered, none as a phone does, or the phone refuses what we show it."""
    refused = _texts(situation, _REFUSALS)
    changed = _texts(situation, _CHANGED)
    for failure, code in _CHANGED.items():
        if shown := _texts(situation, {failure}):
            yield Finding(code, Weight.FAULT, Sureness.CERTAIN, shown)
    if refused:
        yield Finding(Code.READ_REFUSED, Weight.ATTENTION, Sureness.CERTAIN, refused)
    if situation.facts is None and situation.failures and not refused and not changed:
        yield _unread(situation)


def _unread(situation: Situation) -> Finding:
    """Why there are no facts, where the phone neither refused them nor is another one."""
    evidence = tuple(dict.fromkeys(one.text for one in situation.failures))
    if all(one.code == _NOT_ALLOWED for one in situation.failures):
        return Finding(Code.NOT_ASKED, Weight.ATTENTION, Sureness.CERTAIN, evidence)
    if all(one.code == _NO_ADDRESS for one in situation.failures):
        return Finding(Code.NO_ADDRESS, Weight.ATTENTION, Sureness.CERTAIN, evidence)
    if unconfirmed := _texts(situation, _UNCONFIRMED):
        return Finding(Code.KEY_UNCONFIRMED, Weight.ATTENTION, Sureness.CERTAIN, unconfirmed)
    spoke = any(one.code == _SPOKE for one in situation.failures)
    code = Code.ANSWERS_WRONGLY if spoke else Code.UNREACHABLE
    seen = situation.visits.last_proved_at
    if seen is not None and situation.now - seen <= 2 * situation.wanted.poll:
        own = Phrase(
            f"но сам выходил на связь {seen.astimezone(MOSCOW):%d.%m %H:%M} МСК: он жив",
            f"but it checked in itself on {seen.astimezone(MOSCOW):%d.%m %H:%M} MSK: it is alive",
        )
        return Finding(code, Weight.ATTENTION, Sureness.CERTAIN, (*evidence, own))
    return Finding(code, Weight.FAULT, Sureness.CERTAIN, evidence)


def restarts(situation: Situation) -> Iterator[Finding]:
    """Several boots within a day that nobody asked for, or one just now."""
    since = situation.now - LOOP_SPAN
    told = [
        (booted, one.reboot_reason)
        for one in situation.history
        if (booted := one.booted_at) is not None and booted > since
    ]
    unwanted = [booted for booted, reason in told if not _is_wanted(reason)]
    boots = distinct(unwanted)
    reasons = [reason for _booted, reason in told if reason and not _is_wanted(reason)]
    cause = _cause(reasons[0]) if reasons else None
    if len(boots) >= LOOP_BOOTS:
        evidence = (_counted(len(boots)), *_named(reasons[:1]))
        yield Finding(Code.REBOOT_LOOP, Weight.FAULT, Sureness.CERTAIN, evidence, cause)
        return
    asked = distinct([at for at in situation.visits.boots if at > since])
    if len(asked) > LOOP_BOOTS and boots:
        claimed = Phrase(
            f"за сутки {len(asked)} раз просил начальный файл (это может сделать и другой)",
            f"asked for its first file {len(asked)} times in a day (others can do so too)",
        )
        evidence = (claimed, *_named(reasons[:1]))
        yield Finding(Code.REBOOT_LOOP, Weight.FAULT, Sureness.LIKELY, evidence, cause)
    elif cause is not None and not any(word in reasons[0].casefold() for word in PLUGGED_IN):
        evidence = (
            _up_since(boots[-1]),
            *_named(reasons[:1]),
        )
        yield Finding(Code.RESTARTED, Weight.INFO, Sureness.POSSIBLE, evidence, cause)


def clock(situation: Situation) -> Iterator[Finding]:
    """The phone's own time against ours: certificates and logs depend on it."""
    told = situation.facts.clock if situation.facts else None
    if told is None:
        return
    off = datetime.fromisoformat(told) - situation.now
    if abs(off) <= CLOCK_ALLOWED:
        return
    late = off < timedelta()
    ru, en = ("отстают", "behind") if late else ("спешат", "ahead")
    span_ru, span_en = _span(abs(off))
    evidence = (Phrase(f"часы телефона {ru} на {span_ru}", f"the phone's clock is {span_en} {en}"),)
    grave = abs(off) >= CLOCK_BREAKS_TLS
    weight = Weight.FAULT if grave else Weight.ATTENTION
    yield Finding(Code.CLOCK_WRONG, weight, Sureness.CERTAIN, evidence)


def distinct(boots: Sequence[datetime]) -> list[datetime]:
    """The boots among these instants, the oldest first: what lies close together is one."""
    found: list[datetime] = []
    for at in sorted(boots):
        if not found or at - found[-1] > ONE_BOOT:
            found.append(at)
    return found


def _texts(situation: Situation, codes: Collection[str]) -> tuple[Phrase, ...]:
    return tuple(one.text for one in situation.failures if one.code in codes)


def _is_wanted(reason: str | None) -> bool:
    return reason is not None and any(word in reason.casefold() for word in WANTED_RESTARTS)


def _cause(reason: str) -> Phrase | None:
    said = reason.casefold()
    return next((cause for words, cause in _CAUSES if any(word in said for word in words)), None)


def _counted(boots: int) -> Phrase:
    return Phrase(f"перезапусков за сутки: {boots}", f"{boots} restarts within a day")


def _named(reasons: Sequence[str]) -> tuple[Phrase, ...]:
    return tuple(
        Phrase(f"причина со слов телефона: {one}", f"the phone says why: {one}") for one in reasons
    )


def _span(length: timedelta) -> tuple[str, str]:
    if length >= timedelta(days=2):
        return f"{length.days} дн.", f"{length.days} days"
    if length >= timedelta(hours=2):
        hours = int(length.total_seconds() // 3600)
        return f"{hours} ч", f"{hours} h"
    minutes = int(length.total_seconds() // 60)
    return f"{minutes} мин", f"{minutes} min"


def _up_since(boot: datetime) -> Phrase:
    local = f"{boot.astimezone(MOSCOW):%d.%m %H:%M}"
    return Phrase(f"включён {local} МСК", f"up since {local} MSK")
