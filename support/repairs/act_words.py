"""The words of the act, for its PDF, its DOCX and the blank form alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.clock import MOSCOW
from support.phrases import Phrase
from support.repairs.act import Act, ActPhone

TITLE = Phrase("Акт неисправности", "Fault report")
SENDER = Phrase("Отправитель", "Sender")
PHONES = Phrase("Телефоны", "Phones")
ROUTE = Phrase("Отправка", "Sending")
PAYER = Phrase(
    "Доставку в сервисный центр оплачивает Пользователь, если договор поставки не говорит иначе."
    " Вложите этот акт в посылку.",
    "The User pays for the way to the service centre, unless the supply contract says otherwise."
    " Put this report into the parcel.",
)
RETURNING = Phrase(
    "Обратно телефон доставляет ФЛАТ-ПРО или партнёр; время этой доставки не регламентировано.",
    "FLAT-PRO or a partner delivers the phone back; the time of that delivery is not regulated.",
)
CONFIRMED = Phrase(
    "Пароли и личные данные с телефонов удалены.",
    "Passwords and personal data were taken off the phones.",
)
SIGNED = Phrase("Подпись отправителя, расшифровка, дата", "Sender's signature, name, date")
TAKEN = Phrase("Принял представитель сервисного центра, дата", "Taken by the service centre, date")
TABLE = (
    Phrase("№", "No."),
    Phrase("Серийный номер", "Serial number"),
    Phrase("Модель, MAC, прошивка", "Model, MAC, firmware"),
    Phrase("Неисправность", "Fault"),
)
BLANK_SENDER = (
    Phrase("Организация, ИНН (для частного лица — фамилия и имя)", "Company, INN (or your name)"),
    Phrase("Контактное лицо, телефон, электронная почта", "Contact, telephone, e-mail"),
    Phrase("Адрес для возврата", "Return address"),
    Phrase(
        "Договор поставки; документ о передаче телефона (УПД, накладная) и его дата",
        "Supply contract; the paper of handover and its date",
    ),
)
BLANK_PHONE = (
    Phrase("Модель, серийный номер, MAC-адрес, версия прошивки", "Model, serial, MAC, firmware"),
    Phrase("Что не работает, когда и как часто проявляется", "What fails, when and how often"),
    Phrase(
        "Что проверено; питание (PoE или блок); комплектность посылки",
        "What was tried; power (PoE or adapter); what is in the parcel",
    ),
)


@dataclass(frozen=True)
class ActPaper:
    """An act with what the vendor adds: number, version, day, where to send it, what a scan opens.

    `code` is empty on no filed act.
    """

    act: Act
    number: str
    version: int
    filed_at: datetime
    sha256: str
    centre: str
    address: str
    code: str
    language: str = "ru"

    def say(self, phrase: Phrase) -> str:
        return phrase.text(self.language)

    @property
    def title(self) -> str:
        return f"{self.say(TITLE)} {self.number}"

    @property
    def under_title(self) -> Sequence[str]:
        on = self.filed_at.astimezone(MOSCOW).strftime("%d.%m.%Y")
        version = Phrase(f"от {on}, версия {self.version}", f"of {on}, version {self.version}")
        return (self.say(version), f"{self.centre}: {self.address}")

    @property
    def footer(self) -> str:
        return f"{self.number}, {self.version} · SHA-256 {self.sha256[:16]}…"

    @property
    def sender(self) -> Sequence[tuple[str, str]]:
        """Who sends, as named values."""
        act = self.act
        rows = (
            (Phrase("Организация", "Company"), act.organisation),
            (Phrase("ИНН", "INN"), act.inn),
            (Phrase("Кто", "Who"), act.customer.phrase.text(self.language)),
            (Phrase("Контактное лицо", "Contact"), act.contact),
            (Phrase("Телефон, почта", "Telephone, e-mail"), _both(act.phone, act.email)),
            (Phrase("Адрес для возврата", "Return address"), act.return_address),
            (Phrase("Договор поставки", "Supply contract"), act.contract),
            (Phrase("Документ о передаче", "Paper of handover"), act.handover),
            (Phrase("Примечание", "Remark"), act.remarks),
        )
        return [(self.say(name), value) for name, value in rows]

    @property
    def rows(self) -> Sequence[Sequence[str]]:
        """The phones, a row each."""
        return [
            (
                str(position),
                phone.serial,
                "\n".join(filter(None, (phone.product, phone.mac, phone.firmware))),
                self.fault(phone),
            )
            for position, phone in enumerate(self.act.phones, 1)
        ]

    def fault(self, phone: ActPhone) -> str:
        """What is wrong with a phone, in full."""
        more = (
            (Phrase("Когда и как часто", "When and how often"), phone.when),
            (Phrase("Проверено", "Tried"), phone.tried),
            (Phrase("Питание", "Power"), phone.power),
            (Phrase("Комплектность", "In the parcel"), phone.contents),
            (Phrase("Показания телефона", "The phone's readings"), phone.readings),
        )
        told = [f"{self.say(name)}: {value}" for name, value in more if value]
        return "\n".join((f"{self.say(phone.symptom.phrase)}. {phone.fault}", *told))


def _both(first: str, second: str) -> str:
    return ", ".join(filter(None, (first, second)))
