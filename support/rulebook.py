"""The published rules of warranty and support, made from the values that the decisions use.

A page that repeated "12 months" or "14 days" in its own words could disagree with the engine; here
each sentence takes its figures from the policy that decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from support.phrases import NBSP, Phrase, filled, months_phrase
from support.repair_term import RepairPolicy
from support.warranty_terms.terms import TermPolicy
from support.work_calendar import WorkCalendar

#: Named in attestations and contracts; it moves when what a rule says does.
RULES_VERSION = "2026-11-22"


@dataclass(frozen=True)
class Clause:
    """One sentence of the rules, and the numbers that decisions and papers refer to it by."""

    rules: tuple[str, ...]
    text: Phrase


@dataclass(frozen=True)
class Chapter:
    """Clauses under one heading; `anchor` names it in a link."""

    anchor: str
    title: Phrase
    clauses: Sequence[Clause]


def warranty_chapters(terms: TermPolicy, repair: RepairPolicy) -> tuple[Chapter, ...]:
    """The rules of warranty: scope and term, certificates, fault report, delivery, repair."""
    months = months_phrase(terms.months)
    days = Phrase(f"{repair.days}{NBSP}календарных дней", f"{repair.days}{NBSP}calendar days")
    return (
        Chapter(
            "term",
            Phrase("Срок гарантии", "The term"),
            (
                _clause(
                    ("W-1",),
                    "Гарантия распространяется на IP-телефоны Flat Phone производства ФЛАТ-ПРО.",
                    "The warranty covers Flat Phone IP phones made by FLAT-PRO.",
                ),
                _clause(
                    ("W-2", "W-4"),
                    "Срок гарантии — {months}, если договор поставки не говорит иначе.",
                    "The term is {months}, unless the supply contract says otherwise.",
                    months=months,
                ),
                _clause(
                    ("W-3", "W-4"),
                    "Срок отсчитывается со дня передачи телефона Пользователю, если договор"
                    " поставки не говорит иначе.",
                    "The term counts from the day the phone is handed to its User, unless the"
                    " supply contract says otherwise.",
                ),
                _clause(
                    ("W-5", "W-6"),
                    "Заявить о неисправности можно до 24:00 последнего дня по Москве; если он"
                    " выходной — до конца ближайшего рабочего дня.",
                    "A fault may be reported until 24:00 Moscow time of the last day; if that is"
                    " a day off, until the end of the next working day.",
                ),
                _clause(
                    ("C-1", "C-3"),
                    "В течение 12 месяцев со дня передачи можно купить сертификат на увеличенный"
                    " срок гарантии и услугу «Подменный фонд».",
                    "Within 12 months of the handover a certificate of extended warranty and the"
                    " loaner service may be bought.",
                ),
            ),
        ),
        Chapter(
            "report",
            Phrase("Как обратиться", "How to ask for repair"),
            (
                _clause(
                    ("F-1",),
                    "Ремонт по гарантии начинается с «Акта неисправности», который заполняет"
                    " Пользователь.",
                    "A warranty repair begins with a fault report filled in by the User.",
                ),
                _clause(
                    ("F-2",),
                    "Бланк акта присылает ФЛАТ-ПРО или партнёр по запросу на support@flat-pro.ru.",
                    "FLAT-PRO or a partner sends the blank form on request: support@flat-pro.ru.",
                ),
                _clause(
                    ("F-3",),
                    "Акт отправляется вместе с телефоном.",
                    "The report travels together with the phone.",
                ),
            ),
        ),
        Chapter(
            "delivery",
            Phrase("Доставка", "Delivery"),
            (
                _clause(
                    ("D-1", "D-2"),
                    "В сервисный центр телефон доставляет Пользователь за свой счёт, если договор"
                    " поставки не говорит иначе.",
                    "The User brings or sends the phone to the service centre at the User's own"
                    " cost, unless the supply contract says otherwise.",
                ),
                _clause(
                    ("D-3", "D-4"),
                    "Обратно телефон доставляет ФЛАТ-ПРО или партнёр. Время этой доставки не"
                    " регламентировано и в срок ремонта не входит.",
                    "FLAT-PRO or a partner delivers the phone back. The time of that delivery is"
                    " not regulated and is no part of the repair term.",
                ),
            ),
        ),
        Chapter(
            "repair",
            Phrase("Ремонт", "Repair"),
            (
                _clause(
                    ("R-1", "R-2"),
                    "Неисправность устраняется за {days} с момента, когда телефон получил"
                    " представитель сервисного центра.",
                    "A fault is eliminated within {days} from the moment a person of the service"
                    " centre received the phone.",
                    days=days,
                ),
                _clause(
                    ("R-5",),
                    "В гарантийном случае ремонт оплачивает ФЛАТ-ПРО.",
                    "In a case under warranty FLAT-PRO bears the cost.",
                ),
                _clause(
                    ("R-6",),
                    "Если устранить неисправность нельзя, телефон заменяют.",
                    "A phone that cannot be repaired is replaced.",
                ),
                _clause(
                    ("R-7",),
                    "Если случай не гарантийный, ремонт можно купить.",
                    "In a case outside the warranty the repair may be bought.",
                ),
            ),
        ),
        Chapter("exclusions", Phrase("Что не покрывается", "What is not covered"), _EXCLUSIONS),
    )


def support_chapters(calendar: WorkCalendar) -> tuple[Chapter, ...]:
    """The rules of support: when and how to ask, free and paid, what may be refused."""
    return (
        Chapter(
            "intake",
            Phrase("Приём обращений", "Intake"),
            (
                _clause(
                    ("S-1", "S-2"),
                    "Обращения принимаются по электронной почте и телефону в рабочие дни с {opens}"
                    " до {closes} по Москве.",
                    "Requests are taken by e-mail and telephone on working days from {opens} to"
                    " {closes}, Moscow time.",
                    opens=hour(calendar.opens),
                    closes=hour(calendar.closes),
                ),
                _clause(
                    ("S-3",),
                    "Письмо, пришедшее в другое время, сохраняется сразу, а время по нему считается"
                    " с ближайшего открытия.",
                    "A letter that comes at another time is stored at once, and its time counts"
                    " from the next opening.",
                ),
                _clause(
                    ("S-4",),
                    "До обращения нужно прочитать эти правила и руководство по эксплуатации и"
                    " проверить установку, подключение и начальную настройку телефона.",
                    "Before asking, read these rules and the manual, and check how the phone is"
                    " installed, connected and set up.",
                ),
            ),
        ),
        Chapter(
            "free",
            Phrase("Бесплатная поддержка", "Free support"),
            (
                _clause(
                    ("S-5", "S-6"),
                    "Бесплатная поддержка входит в гарантийное обслуживание, не требует договора и"
                    " не имеет регламентированного времени реагирования, восстановления и решения.",
                    "Free support is part of the warranty, needs no contract, and has no regulated"
                    " time of response, restoration or resolution.",
                ),
            ),
        ),
        Chapter(
            "paid",
            Phrase("Платная поддержка", "Paid support"),
            (
                _clause(
                    ("S-7",),
                    "Платная поддержка оказывается тем, кто заключил договор; заключение договора"
                    " означает согласие с этими правилами.",
                    "Paid support is for those who concluded a contract; concluding it means"
                    " agreement with these rules.",
                ),
                _clause(
                    ("S-8", "S-9"),
                    "Время реагирования, восстановления и решения задаёт пакет поддержки.",
                    "The package sets the times of response, restoration and resolution.",
                ),
            ),
        ),
        Chapter(
            "refusal",
            Phrase("Когда обращение могут не принять", "When a request may be refused"),
            _REFUSALS,
        ),
    )


def hour(moment: time) -> str:
    """9:00 and not 09:00."""
    return f"{moment.hour}:{moment.minute:02}"


def _clause(rules: tuple[str, ...], ru: str, en: str, **details: Phrase | str) -> Clause:
    return Clause(rules, filled(Phrase(ru, en), details))


_EXCLUSIONS = (
    _clause(
        ("X-1",),
        "Механические повреждения из-за неосторожного обращения или нарушения руководства по"
        " эксплуатации.",
        "Mechanical damage from careless handling or against the manual.",
    ),
    _clause(
        ("X-2",),
        "Нарушение документации, перегрузка входа или выхода, короткое замыкание на выходе,"
        " недопустимое напряжение на внешних контактах и тому подобное.",
        "Use against the documentation, overload of an input or output, a short circuit of an"
        " output, an inadmissible voltage on outer contacts, and the like.",
    ),
    _clause(
        ("X-3",),
        "Посторонние предметы, вода и другие жидкости, насекомые внутри; воздействие повышенной"
        " температуры.",
        "Foreign matter, water or other liquids, insects inside; exposure to heat.",
    ),
    _clause(
        ("X-4",),
        "Следы попыток самостоятельного ремонта.",
        "Signs of an attempt to repair the phone by oneself.",
    ),
)
_REFUSALS = (
    _clause(
        ("N-1",),
        "Не даны нужные сведения: изделие, серийный номер, прошивка, описание, как связаться.",
        "What is needed was not told: product, serial number, firmware, the problem, a contact.",
    ),
    _clause(
        ("N-2",),
        "Специалисту Пользователя не хватает знаний, без которых помочь нельзя.",
        "The User's specialist lacks the knowledge without which help is impossible.",
    ),
    _clause(
        ("N-3",),
        "Брань и оскорбления.",
        "Obscene or insulting language.",
    ),
    _clause(
        ("N-4",),
        "Об этой же неисправности этот же Пользователь уже сообщил.",
        "The same User has already registered the same problem.",
    ),
    _clause(
        ("N-5",),
        "Есть просроченный долг за платную поддержку или оборудование. На ремонт по гарантии это не"
        " влияет.",
        "There is an overdue debt for paid support or equipment. Warranty repair does not depend"
        " on it.",
    ),
)
