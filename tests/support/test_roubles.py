"""A price is written the reader's way, wherever it is printed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import roubles


@pytest.mark.parametrize(
    ("amount", "ru", "en"),
    [
        ("3500", "3\u00a0500,00\u00a0₽", "₽3,500.00"),
        ("0.5", "0,50\u00a0₽", "₽0.50"),
        ("999.99", "999,99\u00a0₽", "₽999.99"),
        ("1234567.8", "1\u00a0234\u00a0567,80\u00a0₽", "₽1,234,567.80"),
        ("-12500", "−12\u00a0500,00\u00a0₽", "−₽12,500.00"),
    ],
)
def test_a_sum_is_written_as_its_language_does(amount: str, ru: str, en: str) -> None:
    said = roubles.written(Decimal(amount))
    assert (said.ru, said.en) == (ru, en)


@given(st.decimals(Decimal("0.01"), Decimal("9999999.99"), places=2))
def test_what_is_printed_in_russian_may_be_typed_again(amount: Decimal) -> None:
    printed = roubles.written(amount).ru.removesuffix("\u00a0₽")
    assert roubles.typed(printed) == amount
    assert not set(roubles.written(amount).ru) & set(" \n\t")
