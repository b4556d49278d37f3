from datetime import date

import pytest

from support.intervals import Interval, IntervalEndsError
from support.warranty_terms.entitlements import Entitlement, EntitlementKind


def test_a_right_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(IntervalEndsError) as refused:
        Entitlement(EntitlementKind.EXTENDED, date(2026, 1, 2), date(2026, 1, 1), "cert 1")
    assert "01.01.2026" in refused.value.text("ru")


def test_a_right_holds_both_its_ends() -> None:
    right = Entitlement(EntitlementKind.EXTENDED, date(2026, 1, 1), date(2026, 1, 2), "cert 1")
    assert right.interval == Interval(date(2026, 1, 1), date(2026, 1, 2))


def test_only_a_loaner_right_covers_nothing() -> None:
    assert [kind.value for kind in EntitlementKind if kind.covers] == ["base", "extended"]


@pytest.mark.parametrize("kind", EntitlementKind)
def test_every_right_has_a_name_in_both_languages(kind: EntitlementKind) -> None:
    assert kind.phrase.ru
    assert kind.phrase.en
    assert kind.phrase.ru != kind.phrase.en
