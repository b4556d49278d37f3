"""What the fields of an export are called, and how their values look."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from storage.phrases import Phrase

_LABELS = {
    "name": Phrase("имя", "name"),
    "email": Phrase("электронная почта", "e-mail"),
    "phone": Phrase("телефон", "telephone"),
    "login": Phrase("имя для входа", "login"),
    "role": Phrase("роль", "role"),
    "number": Phrase("номер", "number"),
    "channel": Phrase("как пришло", "channel"),
    "state": Phrase("состояние", "state"),
    "subject": Phrase("тема", "subject"),
    "phones": Phrase("телефоны (серийные номера)", "phones (serial numbers)"),
    "product": Phrase("изделие", "product"),
    "firmware": Phrase("прошивка", "firmware"),
    "source": Phrase("сетевой адрес", "network address"),
    "messages": Phrase("сообщения", "messages"),
    "refusals": Phrase("отказы", "refusals"),
    "at": Phrase("когда", "when"),
    "author": Phrase("кто", "who"),
    "public": Phrase("видно вам", "shown to you"),
    "text": Phrase("текст", "text"),
    "quoted": Phrase("цитата", "quoted"),
    "appeal": Phrase("жалоба", "appeal"),
    "sender": Phrase("отправитель", "sender"),
    "recipient": Phrase("получатель", "recipient"),
    "bytes": Phrase("размер, байт", "size, bytes"),
    "acts": Phrase("версии акта", "versions of the act"),
    "stages": Phrase("где телефоны", "where the phones are"),
    "offers": Phrase("предложения ремонта", "offers of repair"),
    "deliveries": Phrase("доставки", "deliveries"),
    "disputes": Phrase("возражения", "objections"),
    "contact": Phrase("контактное лицо", "contact"),
    "return_address": Phrase("адрес возврата", "return address"),
    "signed_by": Phrase("подписал", "signed by"),
    "signed_on": Phrase("дата подписи", "signed on"),
    "customer": Phrase("кто покупатель", "kind of customer"),
    "organisation": Phrase("организация", "organisation"),
    "inn": Phrase("ИНН", "taxpayer's number"),
    "region": Phrase("регион", "region"),
    "contract": Phrase("договор", "contract"),
    "handover": Phrase("документ передачи", "handover paper"),
    "erased": Phrase("пароли сняты", "passwords cleared"),
    "remarks": Phrase("примечания", "remarks"),
    "serial": Phrase("серийный номер", "serial number"),
    "fault": Phrase("неисправность", "fault"),
    "symptom": Phrase("признак", "symptom"),
    "when": Phrase("когда проявляется", "when it shows"),
    "tried": Phrase("что пробовали", "what was tried"),
    "power": Phrase("питание", "power"),
    "contents": Phrase("комплект", "what is in the parcel"),
    "readings": Phrase("показания телефона", "what the phone said"),
    "mac": Phrase("MAC", "MAC"),
    "months": Phrase("месяцев", "months"),
    "file": Phrase("файл", "file"),
    "purpose": Phrase("цель", "purpose"),
    "text_version": Phrase("версия текста", "version of the text"),
    "given_at": Phrase("дано", "given"),
    "withdrawn_at": Phrase("отозвано", "withdrawn"),
    "expired_at": Phrase("срок кончился", "its term ended"),
}


def label(name: str, language: str) -> str:
    """The name of a field for people; what has no other name keeps its own."""
    return _LABELS[name].text(language) if name in _LABELS else name


def plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value
