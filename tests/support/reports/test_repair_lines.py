"""What counts as what in a report of repairs."""

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from support.cases.vocabulary import Reason, Resolution
from support.reports.question import Key
from support.reports.repair_lines import Cases, Figures, Quotes, Taken, lines, together

KEYS = st.sampled_from([("FP-B2",), ("FP-C1",), ("",)])
CASES = st.builds(
    Cases,
    key=KEYS,
    cancelled=st.booleans(),
    covered=st.sampled_from([None, True, False]),
    reason=st.sampled_from([None, *Reason]),
    resolution=st.sampled_from([None, *Resolution]),
    repeat=st.booleans(),
    count=st.integers(1, 5),
)
TAKEN = st.builds(Taken, KEYS, st.integers(0, 40), st.booleans(), st.integers(1, 5))
QUOTES = st.builds(
    Quotes, KEYS, st.sampled_from([None, True, False]), st.integers(1, 3), st.just(Decimal(100))
)
FIGURES = st.builds(
    Figures, st.lists(CASES), st.lists(TAKEN), st.lists(QUOTES), st.just({("FP-B2",): 10})
)


def a_case(**more: object) -> Cases:
    plain: dict[str, object] = {
        "key": ("FP-B2",), "cancelled": False, "covered": True, "reason": None,
        "resolution": None, "repeat": False, "count": 1,
    }  # fmt: skip
    return Cases(**{**plain, **more})  # type: ignore[arg-type]


def failures(*cases: Cases) -> int:
    return together(Figures(cases=cases)).failures


def test_a_fault_of_the_phone_is_a_failure_though_its_term_was_over() -> None:
    assert failures(a_case()) == 1
    assert failures(a_case(covered=None)) == 1
    assert failures(a_case(covered=False, reason=Reason.TERM_EXPIRED)) == 1


def test_damage_and_a_fault_that_nobody_finds_are_no_failures() -> None:
    for reason in set(Reason) - {Reason.TERM_EXPIRED}:
        assert failures(a_case(covered=False, reason=reason)) == 0, reason


def test_a_cancelled_case_is_none() -> None:
    assert lines(Figures(cases=[a_case(cancelled=True)])) == []
    assert together(Figures(cases=[a_case(cancelled=True)])).cases == 0


def test_the_rate_is_of_phones_in_service_and_of_none_there_is_none() -> None:
    [line] = lines(Figures(cases=[a_case(count=3)], phones={("FP-B2",): 60}))
    assert line.rate == 0.05
    [line] = lines(Figures(cases=[a_case()]))
    assert line.rate is None


def test_only_what_a_customer_agreed_to_pay_is_money() -> None:
    quotes = [
        Quotes(("FP-B2",), accepted=True, count=2, amount=Decimal("7000.50")),
        Quotes(("FP-B2",), accepted=False, count=1, amount=Decimal(900)),
        Quotes(("FP-B2",), accepted=None, count=4, amount=Decimal(5000)),
    ]
    [line] = lines(Figures(cases=[a_case()], quotes=quotes))
    assert (line.offered, line.accepted, line.amount) == (7, 2, Decimal("7000.50"))


@given(FIGURES)
def test_the_lines_add_up_to_all_of_it(found: Figures) -> None:
    made, whole = lines(found), together(found)
    shown = {line.key for line in made}
    assert sum(line.cases for line in made) == whole.cases
    assert sum(line.failures for line in made) == whole.failures
    assert sum(line.repeats for line in made) == whole.repeats
    assert _of(found.taken, shown) == sum(line.spread.cases for line in made)
    for line in (*made, whole):
        assert line.failures <= line.cases
        assert line.covered + line.undecided <= line.cases
        assert line.spread.in_time <= line.spread.cases
        assert line.accepted <= line.offered


@given(st.lists(CASES), st.randoms())
def test_the_order_and_the_grouping_of_rows_change_nothing(
    cases: list[Cases], random: object
) -> None:
    apart = [
        Cases(c.key, c.cancelled, c.covered, c.reason, c.resolution, c.repeat, 1)
        for c in cases
        for _one in range(c.count)
    ]
    random.shuffle(apart)  # type: ignore[attr-defined]
    assert _counts(lines(Figures(cases=apart))) == _counts(lines(Figures(cases=cases)))


def _of(taken: Sequence[Taken], keys: set[Key]) -> int:
    return sum(one.count for one in taken if one.key in keys)


def _counts(made: Sequence[object]) -> list[object]:
    return [(dict(vars(line)), line.__class__) for line in made]
