"""What counts as what in a report of repairs."""

from collections.abc import Mapping
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from support.cases.vocabulary import Reason
from support.reports import tally
from support.reports.question import Key
from support.reports.repair_lines import Figures, RepairLine, lines, together
from support.reports.tally import NUMBERS, Tally, is_failure

KEYS = st.sampled_from([("FP-B2",), ("FP-C1",), ("",)])
FEW = st.integers(0, 5)
TALLIES = st.builds(
    Tally,
    KEYS,
    **dict.fromkeys(NUMBERS, FEW),  # type: ignore[arg-type]
    days=st.dictionaries(st.integers(0, 40), st.integers(1, 5), max_size=4),
    reasons=st.dictionaries(st.sampled_from([*Reason]), st.integers(1, 5), max_size=4),
)
FIGURES = st.builds(Figures, st.lists(TALLIES), st.just({("FP-B2",): 10}))
COUNTS = st.dictionaries(st.sampled_from(["11", "14", "LIQUID"]), st.integers(1, 99))


def test_a_fault_of_the_phone_is_a_failure_though_its_term_was_over() -> None:
    assert is_failure(covered=True, reason=None)
    assert is_failure(covered=None, reason=None)
    assert is_failure(covered=False, reason=Reason.TERM_EXPIRED)


def test_damage_and_a_fault_that_nobody_finds_are_no_failures() -> None:
    for reason in set(Reason) - {Reason.TERM_EXPIRED}:
        assert not is_failure(covered=False, reason=reason), reason


def test_a_key_without_cases_has_no_line() -> None:
    assert lines(Figures([Tally(("FP-B2",), offered=1)])) == []


def test_the_rate_is_of_phones_in_service_and_of_none_there_is_none() -> None:
    [line] = lines(Figures([Tally(("FP-B2",), cases=3, failures=3)], {("FP-B2",): 60}))
    assert line.rate == 0.05
    [line] = lines(Figures([Tally(("FP-B2",), cases=1, failures=1)]))
    assert line.rate is None


def test_money_is_exact_to_the_kopeck() -> None:
    rows = [Tally(("FP-B2",), cases=1, kopecks=700_050), Tally(("FP-B2",), kopecks=1)]
    [line] = lines(Figures(rows))
    assert line.amount == Decimal("7000.51")


@given(FIGURES)
def test_the_lines_add_up_to_all_of_it(found: Figures) -> None:
    made, whole = lines(found), together(found)
    shown = {line.key for line in made}
    hidden = [one for one in found.tallies if one.key not in shown]
    for name in ("cases", "failures", "repeats", "offered", "refused"):
        left = sum(getattr(_of(one), name) for one in hidden)
        assert sum(getattr(line, name) for line in made) + left == getattr(whole, name)


@given(st.lists(TALLIES), st.randoms())
def test_the_order_of_rows_changes_nothing(rows: list[Tally], random: object) -> None:
    before = lines(Figures(rows))
    random.shuffle(rows)  # type: ignore[attr-defined]
    assert lines(Figures(rows)) == before


@given(st.lists(COUNTS))
def test_many_rows_texts_add_up_to_their_counts(rows: list[Mapping[str, int]]) -> None:
    text = " ".join(tally.written(one) for one in rows)
    expected = {what: sum(one.get(what, 0) for one in rows) for one in rows for what in one}
    assert tally.counts(text, str) == expected


def _of(one: Tally) -> RepairLine:
    key: Key = ()
    return together(Figures([tally.together(key, [one])]))
