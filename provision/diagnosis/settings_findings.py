"""Whether the phone fetches its settings, runs them, and is registered by them (pure)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from provision.diagnosis.findings import Code, Finding, Sureness, Weight
from provision.diagnosis.situation import Situation
from provision.readers.facts import DeviceFacts, LineFacts
from storage.clock import MOSCOW
from storage.phrases import Phrase

#: A missed poll or two is a restart or a lost packet; after this many a phone is silent.
POLLS_MISSED = 3
SILENCE_LEAST = timedelta(minutes=10)
REFUSED_SPAN = timedelta(days=1)
CERTIFICATE_SOON = timedelta(days=30)
_REGISTERED = frozenset({"registered", "ok", "up", "online", "idle", "active", "connected"})


def registration(situation: Situation) -> Iterator[Finding]:
    """SIP lines that say that they are not registered."""
    lines = (situation.facts.lines if situation.facts else None) or ()
    told = [line for line in lines if line.number and line.state]
    out = [line for line in told if (line.state or "").casefold() not in _REGISTERED]
    if not out:
        return
    evidence = tuple(_line_told(line) for line in out)
    servers = {line.server for line in told}
    every = len(out) == len(told)
    one_server = Phrase(
        "Не зарегистрирована ни одна линия: проверьте сервер и дорогу до него.",
        "No line is registered: check the server and the way to it.",
    )
    cause = one_server if every and len(servers) == 1 and len(told) > 1 else None
    weight = Weight.FAULT
    yield Finding(Code.NOT_REGISTERED, weight, Sureness.CERTAIN, evidence, cause)


def silence(situation: Situation) -> Iterator[Finding]:
    """The phone has stopped fetching its configuration, or never did."""
    visits = situation.visits
    refused = [at for at in visits.refused if at > situation.now - REFUSED_SPAN]
    since = visits.last_proved_at
    if refused and (since is None or max(refused) > since):
        yield _proof_refused(len(refused), max(refused))
        return
    allowed = max(POLLS_MISSED * situation.wanted.poll, SILENCE_LEAST)
    if since is not None and situation.now - since <= allowed:
        return
    if since is None and not visits.has_credential:
        none = Phrase("ему не выдан ни ключ, ни пароль", "it has neither a token nor a password")
        yield Finding(Code.SILENT, Weight.ATTENTION, Sureness.CERTAIN, (none,))
        return
    told = (
        Phrase("не выходил на связь ни разу", "has never checked in")
        if since is None
        else Phrase(
            f"последний раз выходил на связь {since.astimezone(MOSCOW):%d.%m.%Y %H:%M} МСК",
            f"last check-in {since.astimezone(MOSCOW):%d.%m.%Y %H:%M} MSK",
        )
    )
    yield Finding(Code.SILENT, Weight.ATTENTION, Sureness.CERTAIN, (told,))


def taken(situation: Situation) -> Iterator[Finding]:
    """What the phone runs against what it was given: its revision, else its lines."""
    facts = situation.facts
    if facts is None:
        return
    evidence = tuple(_differences(situation, facts))
    if evidence:
        yield Finding(Code.SETTINGS_NOT_TAKEN, Weight.FAULT, Sureness.LIKELY, evidence)


def certificate(situation: Situation) -> Iterator[Finding]:
    """The day when the phone's own certificate ends."""
    told = situation.facts.certificate_until if situation.facts else None
    if told is None:
        return
    until = datetime.fromisoformat(told)
    left = until - situation.now
    if left > CERTIFICATE_SOON:
        return
    if left < timedelta():
        text = Phrase(f"истёк {until:%d.%m.%Y}", f"it ended on {until:%d.%m.%Y}")
        yield Finding(Code.CERTIFICATE_ENDS, Weight.FAULT, Sureness.CERTAIN, (text,))
    else:
        text = Phrase(
            f"действует до {until:%d.%m.%Y}, осталось дней: {left.days}",
            f"valid until {until:%d.%m.%Y}, {left.days} days left",
        )
        yield Finding(Code.CERTIFICATE_ENDS, Weight.ATTENTION, Sureness.CERTAIN, (text,))


def _differences(situation: Situation, facts: DeviceFacts) -> Iterator[Phrase]:
    given = situation.visits.revision
    if given and facts.configuration and given != facts.configuration:
        yield Phrase(
            f"выдана редакция {given}, телефон работает по {facts.configuration}",
            f"revision {given} was given out, the phone runs {facts.configuration}",
        )
    if facts.lines is None:
        return
    told = {line.number: line for line in facts.lines if line.number}
    for wanted in situation.wanted.lines:
        line = told.get(wanted.number)
        if line is None:
            yield Phrase(
                f"по профилю есть линия {wanted.number}, у телефона её нет",
                f"its profile has line {wanted.number}, the phone has not",
            )
        elif wanted.server and line.server and wanted.server != line.server:
            yield Phrase(
                f"линия {wanted.number}: сервер {line.server}, по профилю {wanted.server}",
                f"line {wanted.number}: server {line.server}, the profile says {wanted.server}",
            )


def _proof_refused(times: int, last: datetime) -> Finding:
    evidence = (
        Phrase(
            f"отказов за сутки: {times}, последний {last.astimezone(MOSCOW):%d.%m %H:%M} МСК",
            f"{times} refusals within a day, the last on {last.astimezone(MOSCOW):%d.%m %H:%M} MSK",
        ),
    )
    # Anybody can ask in a phone's name: a refusal is no proof that it was the phone.
    return Finding(Code.PROOF_REFUSED, Weight.FAULT, Sureness.LIKELY, evidence)


def _line_told(line: LineFacts) -> Phrase:
    server = line.server or "—"
    return Phrase(
        f"линия {line.number}: {line.state}, сервер {server}",
        f"line {line.number}: {line.state}, server {server}",
    )
