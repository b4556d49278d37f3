"""The card of a leak on paper: what the notices to the authority hold, and what was told."""

from datetime import datetime

from support.breaches.keeping import Watched
from support.civil_dates import moment_text
from support.papers.paper import Paper
from support.phrases import Phrase

TITLE = Phrase(
    "Карточка инцидента с персональными данными", "Card of an incident with personal data"
)


def card_pdf(found: Watched, language: str, at: datetime) -> bytes:
    """What is known fills the card; what is not leaves room to be written by hand."""

    def say(ru: str, en: str) -> str:
        return Phrase(ru, en).text(language)

    breach = found.breach
    title = f"{TITLE.text(language)} № {breach.id}"
    paper = Paper(title, at, title)
    paper.head(title, [
        say("152-ФЗ, ст. 21 ч. 3.1: Роскомнадзор узнаёт об инциденте за 24 часа, о результатах"
            " внутреннего расследования — за 72 часа с часа обнаружения.",
            "152-FZ, article 21.3.1: the authority learns of the incident within 24 hours, of what"
            " the inquiry found within 72 hours of its discovery."),
    ])  # fmt: skip
    paper.pairs([
        (say("Обнаружено", "Found"), moment_text(breach.found_at, language)),
        *((one.notice.phrase.text(language), _until(one.due_at, one.told_at, language))
          for one in found.clocks),
        (say("Сколько людей", "How many people"), str(breach.people or "")),
    ])  # fmt: skip
    for name, text in (
        (say("Что произошло", "What has happened"), breach.what),
        (say("Какие данные, чьи", "Which data, whose"), breach.data),
        (say("Предполагаемые причины", "Probable causes"), breach.cause),
        (say("Предполагаемый вред", "Probable harm"), breach.harm),
        (say("Принятые меры", "Measures taken"), breach.measures),
        (say("Кто отвечает на вопросы Роскомнадзора", "Who answers the authority"), breach.contact),
    ):
        paper.section(name)
        if text:
            paper.words(text)
        else:
            paper.blanks([""], 2)
    _told(paper, found, language)
    paper.signatures([
        say("Составил: подпись, дата", "Written by: signature, date"),
        say("Ответственный за обработку: подпись, дата", "Responsible: signature, date"),
    ])  # fmt: skip
    return paper.finished()


def _told(paper: Paper, found: Watched, language: str) -> None:
    """What the authority was told, or rules on which to write it."""
    paper.section(Phrase("Что сообщено", "What was told").text(language))
    if not found.breach.notices:
        paper.blanks([one.notice.phrase.text(language) for one in found.clocks], 2)
        return
    head = Phrase("Что|Когда|Номер|Текст", "What|When|Number|Text").text(language).split("|")
    rows = [
        [one.kind.phrase.text(language), moment_text(one.told_at, language), one.number, one.text]
        for one in found.breach.notices
    ]
    paper.table(head, rows, (3, 3, 2, 6))


def _until(due_at: datetime, told_at: datetime | None, language: str) -> str:
    due = moment_text(due_at, language)
    if told_at is None:
        return Phrase(f"не позже {due}", f"by {due}").text(language)
    told = moment_text(told_at, language)
    return Phrase(f"не позже {due}; сообщено {told}", f"by {due}; told {told}").text(language)
