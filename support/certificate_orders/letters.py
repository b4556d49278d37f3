"""Letters about certificates: an order, its payment, a window that closes.

They are notices and no advertising (C-7): what may be done by when, without praise.
"""

from collections.abc import Sequence
from datetime import date

from support import roubles
from support.certificate_orders.models import CertificateOrder
from support.mailroom.letters import Letter
from support.phrases import Phrase

_SIGN = Phrase("ФЛАТ-ПРО, техническая поддержка", "FLAT-PRO technical support")


def placed(order: CertificateOrder, link: str) -> Letter:
    """What was ordered, and by when it is to be paid."""
    day, phones = f"{order.pay_by:%d.%m.%Y}", "\n".join(order.serials)
    amount = Phrase("", "")
    if order.amount is not None:
        price = roubles.written(order.amount)
        amount = Phrase(f"Сумма: {price.ru}\n", f"In all: {price.en}\n")
    body = Phrase(
        f"Заказ {order.id} принят: {_what(order).ru}, {order.months} мес.\nТелефоны:\n{phones}\n"
        f"{amount.ru}\n"
        f"Счёт придёт отдельным письмом. Днём покупки считается день оплаты; последний день — {day}"
        f" включительно.\n\n{link}",
        f"Order {order.id} is registered: {_what(order).en}, {order.months} months.\nPhones:\n"
        f"{phones}\n{amount.en}\nThe invoice comes in a letter of its own. The day of payment is"
        f" the day of purchase; the last one is {day}, inclusive.\n\n{link}",
    )
    return _letter(order, "certificate.ordered", Phrase("Заказ сертификата", "Order"), body)


def issued(order: CertificateOrder, number: str, link: str) -> Letter:
    """That the certificate is issued."""
    body = Phrase(
        f"Оплата получена, выдан сертификат {number}: {_what(order).ru}, {order.months} мес."
        f"\n\n{link}",
        f"The payment came; certificate {number} is issued: {_what(order).en}, {order.months}"
        f" months.\n\n{link}",
    )
    return _letter(order, "certificate.issued", Phrase("Сертификат выдан", "Certificate"), body)


def window_closes(recipient: str, phones: Sequence[tuple[str, date]], link: str) -> Letter:
    """C-7: until when certificates may be bought for these phones."""
    listed = "\n".join(f"{serial}: по {last:%d.%m.%Y} включительно" for serial, last in phones)
    text = (
        "Здравствуйте!\n\nПо правилам гарантии сертификат на увеличенный срок и услугу «Подменный"
        " фонд» можно купить в течение 12 месяцев со дня передачи телефона. Для ваших телефонов это"
        f" возможно:\n{listed}\n\nУсловия и заказ: {link}\n\n-- \n{_SIGN.ru}\n"
    )
    return Letter(
        recipient=recipient,
        subject="Последний день покупки сертификата",
        text=text,
        purpose="certificate.window",
    )


def _letter(order: CertificateOrder, purpose: str, subject: Phrase, body: Phrase) -> Letter:
    hello = Phrase("Здравствуйте!", "Hello,").text(order.language)
    said, sign = body.text(order.language), _SIGN.text(order.language)
    return Letter(
        recipient=order.email,
        subject=f"{subject.text(order.language)}: {order.id}",
        text=f"{hello}\n\n{said}\n\n-- \n{sign}\n",
        purpose=purpose,
        about=order.subject,
    )


def _what(order: CertificateOrder) -> Phrase:
    return order.gives.phrase
