"""The demo's support desk: a contract, people who write under it, and requests at every stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.demo.world import CUSTOMER
from provision.models import Device
from storage.clock import moscow_date
from storage.installation import Installation
from support.agreements import agreements
from support.agreements.agreements import NewAgreement
from support.certificate_orders import prices
from support.certificate_orders.prices import NewPrice
from support.packages.own import packages_of
from support.packages.package import Priority
from support.requests import intake, records, talking
from support.requests.messages import Text
from support.requests.models import AnswerTemplate, SupportRequest
from support.requests.new_request import Contact, NewRequest
from support.requests.talking import Answer
from support.requests.vocabulary import Channel, Symptom
from support.sla.log import State
from support.warranty_terms.entitlements import EntitlementKind

ACTOR = "demo"
AGENT = "Ольга Смирнова"
ANNA = Contact("Анна Петрова", "anna@severny-veter.example", "+7 495 000-00-11")
TEACHER = Contact("Игорь Львович", "school7@example.ru", "+7 495 000-00-77")


@dataclass(frozen=True)
class DemoRequest:
    """A request that came so long ago; `phone` is the number of the demo's phone."""

    contact: Contact
    subject: str
    text: str
    symptom: Symptom
    priority: Priority
    phone: int
    ago: timedelta
    channel: Channel = Channel.FORM
    answer: str = ""
    then: State = State.OPEN


REQUESTS = (
    DemoRequest(
        ANNA, "Телефон теряет регистрацию после обеда",
        "Каждый день около 13:00 пропадает регистрация минут на пять. Прошивка 2.3.1.",
        Symptom.REGISTRATION, Priority.P2, 1, timedelta(days=2, hours=3), Channel.EMAIL,
        answer="Это исправлено в прошивке 2.4.1: телефон возьмёт её сегодня ночью. Напишите,"
        " пожалуйста, остались ли потери завтра.", then=State.WAITING_CUSTOMER,
    ),
    DemoRequest(
        ANNA, "Эхо при разговоре по громкой связи",
        "В переговорной слышно эхо, собеседники жалуются.",
        Symptom.SOUND, Priority.P3, 12, timedelta(hours=5), Channel.EMAIL,
    ),
    DemoRequest(
        ANNA, "Не включается после грозы",
        "Экран чёрный, индикатор порта на коммутаторе не горит. Другой кабель не помог.",
        Symptom.POWER, Priority.P2, 7, timedelta(days=1, hours=2), Channel.PHONE,
        answer="Похоже на порт питания. Пришлите телефон с актом неисправности.",
        then=State.WAITING_RMA_INBOUND,
    ),
    DemoRequest(
        TEACHER, "Как перевести телефон на русский язык?",
        "После сброса меню на английском.",
        Symptom.SETTINGS, Priority.P3, 9, timedelta(days=6),
        answer="Меню, Settings, Language: выберите «Русский» и нажмите Save.",
        then=State.RESOLVED,
    ),
    DemoRequest(
        TEACHER, "Кнопки модуля не светятся",
        "Секретарь не видит, кто занят: клавиши модуля не загораются.",
        Symptom.DISPLAY, Priority.P3, 11, timedelta(hours=30),
    ),
)  # fmt: skip
TEMPLATES = (
    ("Спросить версию прошивки",
     "{name}, какая версия прошивки на телефоне? Её видно в меню: «Настройки», «О телефоне».",
     "{name}, which firmware version does the phone run? It is in the menu: Settings, About."),
    ("Прислать телефон с актом",
     "{name}, пришлите, пожалуйста, {product} с актом неисправности. Номер обращения — {number}.",
     "{name}, please send us the {product} with its fault report. The request is {number}."),
)  # fmt: skip


PRICES = (
    (EntitlementKind.EXTENDED, 12, 1490),
    (EntitlementKind.EXTENDED, 24, 2490),
    (EntitlementKind.EXTENDED, 36, 3290),
    (EntitlementKind.LOANER, 12, 990),
)


def open_desk(installation: Installation, instant: datetime) -> None:
    """A contract, ready answers, and requests; their times are real ones of the last days."""
    today = moscow_date(instant)
    with installation.database.writing() as session:
        new = NewAgreement(
            "ТП-2026/4",
            CUSTOMER,
            "STANDARD",
            today - timedelta(days=200),
            today + timedelta(days=165),
        )
        agreements.conclude(session, new, packages_of(installation), actor=ACTOR, now=instant)
        agreements.add_contact(
            session, "@severny-veter.example", CUSTOMER, actor=ACTOR, now=instant
        )
        for kind, months, price in PRICES:
            new_price = NewPrice(kind, months, Decimal(price), today)
            prices.add(session, new_price, actor=ACTOR, now=instant)
        session.add_all(
            AnswerTemplate(name=name, ru=ru, en=en, changed_by=ACTOR, changed_at=instant)
            for name, ru, en in TEMPLATES
        )
    with installation.database.writing() as session:
        serials = session.scalars(select(Device.serial).order_by(Device.mac)).all()
        for number, one in enumerate(REQUESTS):
            _take_in(session, installation, number, one, serials, instant)


def _take_in(
    session: Session,
    installation: Installation,
    number: int,
    one: DemoRequest,
    serials: Sequence[str | None],
    instant: datetime,
) -> None:
    came_at = instant - one.ago
    new = NewRequest(
        channel=one.channel,
        subject=one.subject,
        text=one.text,
        contact=one.contact,
        intake_key=f"demo:{number}",
        came_at=came_at,
        serials=[serials[one.phone - 1] or ""],
        symptom=one.symptom,
        priority=one.priority,
        attested=True,
        source="demo",
    )
    # A call is registered while it is fresh, so the clock of the intake is the call's own.
    request = intake.register(session, installation, new, actor=ACTOR, now=came_at)
    if one.answer:
        _answer(session, installation, request, one, came_at + one.ago / 3)


def _answer(
    session: Session,
    installation: Installation,
    request: SupportRequest,
    one: DemoRequest,
    at: datetime,
) -> None:
    new = Answer(Text(one.answer), f"demo-answer:{request.id}", one.then)
    locked = records.get_to_change(session, request.id)
    talking.answer(session, installation, locked, new, actor="admin", name=AGENT, now=at)
