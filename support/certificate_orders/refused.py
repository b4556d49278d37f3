"""Why a certificate can't be ordered, or an order can't be paid."""

from storage.refusals import ConflictError, NotFoundError, RefusedError


class UnknownOrderError(NotFoundError):
    code = "unknown-order"
    ru = "Такого заказа нет."
    en = "There is no such order."


class OrderLinesError(RefusedError):
    code = "order-lines"
    field = "lines"
    ru = "Укажите телефоны, по одному в строке: от 1 до {limit}."
    en = "Give the phones, one a line: 1 to {limit}."


class OrderMonthsError(RefusedError):
    code = "order-months"
    field = "months"
    ru = "Выберите срок: 12, 24 или 36 месяцев."
    en = "Choose the length: 12, 24 or 36 months."


class OrderBuyerError(RefusedError):
    code = "order-buyer"
    field = "buyer"
    ru = "Укажите покупателя: название организации или имя, до {limit} знаков."
    en = "Give the buyer: the company or your name, in at most {limit} characters."


class OrderMailError(RefusedError):
    code = "order-email"
    field = "email"
    ru = "Укажите адрес электронной почты латиницей: на него придёт счёт."
    en = "Give an e-mail address in Latin letters: the invoice comes there."


class OrderSettledError(ConflictError):
    code = "order-settled"
    ru = "Этот заказ уже оплачен или отменён."
    en = "This order is paid or cancelled already."


class PaidDayError(RefusedError):
    code = "paid-day"
    field = "paid_on"
    ru = "Укажите день оплаты: не раньше заказа и не позже сегодняшнего дня."
    en = "Give the day of payment: no earlier than the order and no later than today."


class OrderLimitError(ConflictError):
    code = "order-limit"
    ru = "С вашего адреса пришло много заказов подряд. Напишите на {address}."
    en = "Many orders came from your address. Please write to {address}."
