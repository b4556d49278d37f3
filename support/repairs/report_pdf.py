"""R-9: the paper that goes with a repaired phone: its days, its fault, the work, the parts."""

from dataclasses import dataclass
from datetime import date, datetime

from support.papers.paper import Paper
from support.phrases import Phrase
from support.repairs.act import Act

TITLE = Phrase("Отчёт о ремонте", "Repair report")


@dataclass(frozen=True)
class RepairReport:
    """What ЗоЗПП 20 п. 3 asks to be told, and what W-7 counts: the days of the repair.

    `returned_on` is empty until the phone is handed over: then it is written by hand.
    """

    number: str
    act: Act
    serial: str
    product: str
    requested_on: date
    received_on: date
    eliminated_on: date | None
    returned_on: date | None
    fault: str
    verdict: Phrase
    resolution: Phrase
    work: str
    parts: str
    replacement: str
    centre: str
    made_at: datetime
    language: str = "ru"


def report_pdf(found: RepairReport) -> bytes:
    """The report as PDF."""

    def say(ru: str, en: str) -> str:
        return Phrase(ru, en).text(found.language)

    title = f"{TITLE.text(found.language)} {found.number}"
    paper = Paper(title, found.made_at, title)
    paper.head(title, [found.centre])
    paper.section(say("Телефон", "Phone"))
    paper.pairs([
        (say("Серийный номер", "Serial number"), found.serial),
        (say("Модель", "Model"), found.product),
        (say("Владелец", "Owner"), found.act.organisation or found.act.contact),
        (say("Акт неисправности", "Fault report"), found.number),
    ])  # fmt: skip
    paper.section(say("Дни", "Days"))
    paper.pairs([
        (say("Обращение Пользователя", "The User's request"), _day(found.requested_on)),
        (say("Передан в ремонт", "Handed in for repair"), _day(found.received_on)),
        (say("Неисправность устранена", "Fault eliminated"), _day(found.eliminated_on)),
        (say("Выдан Пользователю", "Handed to the User"), _day(found.returned_on) or "_" * 24),
    ])  # fmt: skip
    paper.section(say("Неисправность и работа", "Fault and work"))
    paper.pairs([
        (say("Заявлено", "Reported"), found.fault),
        (say("Решение", "Decision"), found.verdict.text(found.language)),
        (say("Итог", "Result"), found.resolution.text(found.language)),
        (say("Работа", "Work"), found.work),
        (say("Заменённые части", "Parts used"), found.parts or "—"),
        (say("Выдан взамен", "Given in its place"), found.replacement),
    ])  # fmt: skip
    paper.signatures([
        say("Сервисный центр, дата", "Service centre, date"),
        say("Получил: подпись, дата", "Received: signature, date"),
    ])  # fmt: skip
    return paper.finished()


def _day(day: date | None) -> str:
    return f"{day:%d.%m.%Y}" if day else ""
