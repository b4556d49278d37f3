"""Letters about a loaner: it is on its way, it is due back, it is back."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from support import roubles
from support.mailroom.letters import Letter
from support.phrases import Phrase
from support.repairs.letters import RepairMail


def handed_out(to: RepairMail, serial: str, loaner: str) -> Letter:
    """That a loaner comes, set up like the phone in repair."""
    return to.letter(
        "loan.handed-out",
        Phrase("Подменный телефон отправлен", "A loaner was sent"),
        Phrase(
            f"На время ремонта {serial} вам отправлен подменный телефон {loaner}. Он настроен как"
            " ваш. Верните его в течение 14 дней после того, как получите свой.",
            f"While {serial} is in repair you get the loaner {loaner}. It is set up like yours."
            " Return it within 14 days of getting your own back.",
        ),
    )


def due_back(
    to: RepairMail, loaner: str, due: date, value: Decimal, *, about: str, late: bool
) -> Letter:
    """By when a loaner is due back, or that it is overdue and what is owed for one lost."""
    day, price = f"{due:%d.%m.%Y}", roubles.written(value)
    body = Phrase(
        f"Верните подменный телефон {loaner} не позже {day}.",
        f"Please return the loaner {loaner} by {day}.",
    )
    if late:
        body = Phrase(
            f"Подменный телефон {loaner} нужно было вернуть {day}. Если он не вернётся, мы выставим"
            f" счёт на его стоимость: {price.ru}.",
            f"The loaner {loaner} was due back on {day}. If it does not come back, its value of"
            f" {price.en} will be billed.",
        )
    purpose = "loan.overdue" if late else "loan.due"
    subject = Phrase("Возврат подменного телефона", "Return of the loaner")
    return replace(to.letter(purpose, subject, body), about=about)


def came_back(to: RepairMail, loaner: str) -> Letter:
    """C-9: that it is back, and that what it knew should change."""
    return to.letter(
        "loan.back",
        Phrase("Подменный телефон получен", "The loaner is back"),
        Phrase(
            f"Подменный телефон {loaner} вернулся. Мы стираем с него настройки и прекращаем его"
            " ключи. Смените на сервере пароли SIP тех линий, которые были на нём настроены.",
            f"The loaner {loaner} is back. We wipe its settings and end its secrets. Change the SIP"
            " passwords of the lines that were set up on it.",
        ),
    )
