"""Letters about a repair: what has happened, what follows, and the address to look at."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from support import roubles
from support.mailroom.letters import Letter
from support.phrases import Phrase

_SIGN = Phrase("ФЛАТ-ПРО, сервисный центр", "FLAT-PRO service centre")


@dataclass(frozen=True)
class RepairMail:
    """To whom letters about an act go, and where the act is followed."""

    number: str
    email: str
    name: str
    language: str
    link: str

    def say(self, phrase: Phrase) -> str:
        return phrase.text(self.language)

    def letter(self, purpose: str, subject: Phrase, body: Phrase) -> Letter:
        """The letter, with its greeting and its link."""
        hello = Phrase(f"Здравствуйте, {self.name}!", f"Hello {self.name},")
        follow = Phrase("Ход ремонта: ", "How the repair goes: ")
        text = (
            f"{self.say(hello)}\n\n{self.say(body)}\n\n{self.say(follow)}{self.link}\n\n"
            f"-- \n{self.say(_SIGN)}\n"
        )
        return Letter(
            recipient=self.email,
            subject=f"{self.say(subject)}: {self.number}",
            text=text,
            purpose=purpose,
            about=f"repair:{self.number}",
        )


def filed(to: RepairMail, count: int, centre: str, address: str) -> Letter:
    """That the act is registered, and what to do now (F-3)."""
    return to.letter(
        "repair.filed",
        Phrase("Акт неисправности", "Fault report"),
        Phrase(
            f"Акт {to.number} зарегистрирован, телефонов в нём: {count}.\n\nРаспечатайте его по"
            f" ссылке ниже, подпишите и вложите в посылку. Адрес: {centre}, {address}.\n\nСрок"
            " ремонта, 14 календарных дней, считается со дня, следующего за днём получения.",
            f"The report {to.number} is registered, with {count} phone(s).\n\nPrint it from the"
            f" address below, sign it and put it into the parcel. Send it to: {centre}, {address}."
            "\n\nThe repair term, 14 calendar days, counts from the day after we receive it.",
        ),
    )


def received(to: RepairMail, serial: str, due: date, *, has_act: bool) -> Letter:
    """That the phone came, and by when the fault is eliminated (R-1); the act may be missing."""
    day = f"{due:%d.%m.%Y}"
    lacking = Phrase("", "")
    if not has_act:
        lacking = Phrase(
            "\n\nВ посылке не было подписанного акта. Пришлите его ответным письмом: без акта"
            " ремонт не начинается, а срок идёт.",
            "\n\nThe parcel held no signed report. Send it in answer to this letter: without it"
            " no repair begins, while its term runs.",
        )
    return to.letter(
        "repair.received",
        Phrase("Телефон получен", "Phone received"),
        Phrase(
            f"Сервисный центр получил телефон {serial}. Неисправность будет устранена не позже"
            f" {day}.{lacking.ru}",
            f"The service centre has received the phone {serial}. The fault will be eliminated by"
            f" {day}.{lacking.en}",
        ),
    )


def verdict(reason: Phrase | None) -> Phrase:
    """A decision in a few words; no reason means that the case is covered."""
    if reason is None:
        return Phrase(
            "Гарантийный случай: ремонт оплачивает ФЛАТ-ПРО.", "Covered: FLAT-PRO bears the cost."
        )
    return Phrase(f"Случай не гарантийный: {reason.ru}.", f"Not covered: {reason.en}.")


def decided(to: RepairMail, serial: str, reason: Phrase | None, evidence: str) -> Letter:
    """What was decided, on what evidence, and how to disagree."""
    said = verdict(reason)
    body = Phrase(f"Телефон {serial}. {said.ru}", f"Phone {serial}. {said.en}")
    if reason is not None:
        body = Phrase(
            f"{body.ru}\n\n{evidence}\n\nЕсли вы не согласны, напишите об этом на странице ремонта:"
            " решение пересмотрит другой сотрудник. Ремонт можно заказать платно.",
            f"{body.en}\n\n{evidence}\n\nIf you disagree, say so on the repair's page: somebody"
            " else will look again. A paid repair may be ordered.",
        )
    return to.letter("repair.decided", Phrase("Решение по ремонту", "Decision"), body)


def settled(to: RepairMail, serial: str, answer: str, *, reverse: bool) -> Letter:
    """What became of a dispute."""
    head = (
        Phrase("Решение отменено: случай гарантийный.", "The decision is reversed: covered.")
        if reverse
        else Phrase("Решение оставлено в силе.", "The decision stands.")
    )
    return to.letter(
        "repair.settled",
        Phrase("Ответ на возражение", "Answer to your objection"),
        Phrase(
            f"Телефон {serial}. {head.ru}\n\n{answer}", f"Phone {serial}. {head.en}\n\n{answer}"
        ),
    )


def quoted(to: RepairMail, serial: str, amount: Decimal, work: str, until: date) -> Letter:
    """R-7: what a repair would cost, until when, and where to answer."""
    day, price = f"{until:%d.%m.%Y}", roubles.written(amount)
    return to.letter(
        "repair.quoted",
        Phrase("Предложение платного ремонта", "Offer of a paid repair"),
        Phrase(
            f"Телефон {serial}. Ремонт стоит {price.ru}: {work}\n\nПредложение действует по"
            f" {day}. Примите его или откажитесь на странице ремонта; при отказе телефон вернётся"
            " как есть.",
            f"Phone {serial}. The repair costs {price.en}: {work}\n\nThe offer is valid until"
            f" {day}. Accept or decline it on the repair's page; declined, the phone goes back as"
            " it is.",
        ),
    )


def sent(to: RepairMail, serial: str, tracking: str, why: str = "") -> Letter:
    """D-3: that the phone is on its way back; why, where it goes back unrepaired."""
    by = tracking or "—"
    unrepaired = Phrase(
        f"Он возвращается без ремонта: {why}\n\n" if why else "",
        f"It goes back unrepaired: {why}\n\n" if why else "",
    )
    return to.letter(
        "repair.sent",
        Phrase("Телефон отправлен", "Phone sent back"),
        Phrase(
            f"Телефон {serial} отправлен: {by}.\n\n{unrepaired.ru}Время доставки не"
            " регламентировано. Отчёт о ремонте — на странице ремонта.",
            f"The phone {serial} was sent: {by}.\n\n{unrepaired.en}The time of delivery is not"
            " regulated. The repair report is on the repair's page.",
        ),
    )
