"""Sums of money as people type them and read them (pure)."""

from decimal import Decimal, InvalidOperation

from support.phrases import NBSP, Phrase

_MOST = Decimal(10_000_000)


def typed(text: str) -> Decimal | None:
    """Roubles and kopecks: 3 500,50; None for what is no sum above nothing."""
    plain = text.replace(NBSP, "").replace(" ", "").replace(",", ".")
    try:
        found = Decimal(plain)
    except InvalidOperation:
        return None
    if not found.is_finite() or not 0 < found < _MOST or found != round(found, 2):
        return None
    return round(found, 2)


def written(amount: Decimal) -> Phrase:
    """3 500,00 ₽ and ₽3,500.00; kopecks always, and no line ends within a sum."""
    sign, plain = "−" if amount < 0 else "", f"{abs(amount):,.2f}"
    russian = plain.replace(",", NBSP).replace(".", ",")
    return Phrase(f"{sign}{russian}{NBSP}₽", f"{sign}₽{plain}")
