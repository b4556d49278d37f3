"""Sums of money as people type them (pure)."""

from decimal import Decimal, InvalidOperation

_MOST = Decimal(10_000_000)


def typed(text: str) -> Decimal | None:
    """Roubles and kopecks: 3 500,50; None for what is no sum above nothing."""
    plain = text.replace("\u00a0", "").replace(" ", "").replace(",", ".")
    try:
        found = Decimal(plain)
    except InvalidOperation:
        return None
    if not found.is_finite() or not 0 < found < _MOST or found != round(found, 2):
        return None
    return round(found, 2)
