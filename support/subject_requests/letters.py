"""Letters to who asks about their data, and to the team before the term closes."""

from datetime import date

from support.civil_dates import date_text
from support.mailroom.letters import Letter
from support.phrases import Phrase
from support.subject_requests.clock import Level, SubjectClock
from support.subject_requests.models import SubjectRequest
from support.subject_requests.vocabulary import Kind

_SIGN = Phrase("ФЛАТ-ПРО, оператор персональных данных", "FLAT-PRO, personal data")
_LEVELS = {
    Level.SOON: Phrase("срок скоро выйдет", "the term ends soon"),
    Level.LAST: Phrase("срок выходит завтра или сегодня", "the term ends tomorrow or today"),
    Level.LATE: Phrase("срок вышел", "the term is over"),
}

#: What is promised, by whether a correction is asked for.
_WILL = {
    False: Phrase("Мы ответим", "We answer"),
    True: Phrase("Мы исправим данные и сообщим об этом", "We correct the data and tell you so"),
}


def registered(asked: SubjectRequest, clock: SubjectClock) -> Letter:
    """That it came, and by when it is answered."""
    ru, en = date_text(clock.last_day, "ru"), date_text(clock.last_day, "en")
    will = _WILL[asked.kind_now is Kind.CORRECTION]
    return _to_person(
        asked,
        "registered",
        Phrase("Ваш запрос о персональных данных получен", "Your request about personal data"),
        Phrase(
            f"Запрос № {asked.id} ({asked.kind_now.phrase.ru}) зарегистрирован. {will.ru} не"
            f" позже {ru}: за {clock.days} рабочих дней.",
            f"Your request No. {asked.id} ({asked.kind_now.phrase.en}) is registered. {will.en}"
            f" by {en}, within {clock.days} working days.",
        ),
    )


def extended(asked: SubjectRequest, last: date) -> Letter:
    """That the answer takes longer, and why: the law asks to tell the reasons."""
    ru, en = date_text(last, "ru"), date_text(last, "en")
    return _to_person(
        asked,
        "extended",
        Phrase("Срок ответа на ваш запрос продлён", "The answer to your request takes longer"),
        Phrase(
            f"Срок ответа на запрос № {asked.id} продлён на 5 рабочих дней, до {ru}."
            f"\n\nПричина: {asked.extension_reason}",
            f"The term of your request No. {asked.id} is prolonged by 5 working days, until {en}."
            f"\n\nThe reason: {asked.extension_reason}",
        ),
    )


def answered(asked: SubjectRequest) -> Letter:
    """The answer in staff's own words."""
    result = asked.result
    said = result.phrase if result else Phrase("", "")
    return _to_person(
        asked,
        "answered",
        Phrase("Ответ на ваш запрос о персональных данных", "Answer about your personal data"),
        Phrase(
            f"Запрос № {asked.id}: {said.ru}.\n\n{asked.answer}",
            f"Your request No. {asked.id}: {said.en}.\n\n{asked.answer}",
        ),
    )


def closing(asked: SubjectRequest, clock: SubjectClock, team: str, link: str) -> Letter:
    """To the team: how near the end of the term is. It names nobody."""
    word = _LEVELS[clock.level]
    day = date_text(clock.last_day, "ru")
    return Letter(
        recipient=team,
        subject=f"Запрос о персональных данных № {asked.id}: {word.ru}",
        text=(
            f"Запрос № {asked.id} ({Kind(asked.kind).phrase.ru}): ответить не позже {day}."
            f" Рабочих дней осталось: {clock.left}.\n\n{link}\n"
        ),
        purpose=f"subject-request.{clock.level.name.lower()}",
        about=asked.subject,
    )


def _to_person(asked: SubjectRequest, purpose: str, subject: Phrase, body: Phrase) -> Letter:
    language = asked.language
    hello = Phrase(f"Здравствуйте, {asked.name}!", f"Hello {asked.name},")
    return Letter(
        recipient=asked.email,
        subject=subject.text(language),
        text=(f"{hello.text(language)}\n\n{body.text(language)}\n\n-- \n{_SIGN.text(language)}\n"),
        purpose=f"subject-request.{purpose}",
        about=asked.subject,
        automatic=purpose != "answered",
    )
