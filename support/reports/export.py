"""A report as CSV for spreadsheets: no cell becomes a formula, numbers as numbers (pure)."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from provision import csv_cells
from support.cases.vocabulary import Reason
from support.reports.question import Dimension, Key
from support.reports.repair_lines import RepairLine
from support.reports.request_lines import RequestLine
from support.requests.vocabulary import RefusalCode

#: The mark by which Excel reads the file as UTF-8.
_MARK = "\ufeff"
REPAIR_COLUMNS = (
    "phones", "cases", "failures", "rate_percent", "undecided", "covered", "refused",
    "refused_because", "replaced", "repeats", "days_median", "days_p90", "in_term_percent",
    "quotes", "quotes_accepted", "accepted_roubles",
)  # fmt: skip
REQUEST_COLUMNS = (
    "phones", "requests", "per_100_phones", "open", "promised", "kept_percent", "refused",
    "refused_because",
)  # fmt: skip


def key_columns(by: Dimension) -> tuple[str, ...]:
    """What the first columns are."""
    return ("product", by.value) if by.is_of_make else (by.value,)


def named(key: Key, by: Dimension, names: Mapping[str, str]) -> Key:
    """A key as people read it: organisations by their names."""
    if by in {Dimension.ORGANISATION, Dimension.PARTNER}:
        return (names.get(key[0], ""),)
    return key


def of_repairs(
    lines: Iterable[RepairLine], by: Dimension, names: Mapping[str, str]
) -> Iterator[str]:
    """The lines of a report of repairs."""
    yield _MARK + csv_cells.line((*key_columns(by), *REPAIR_COLUMNS))
    for one in lines:
        yield csv_cells.line(
            (
                *named(one.key, by, names),
                one.phones, one.cases, one.failures, _percent(one.rate), one.undecided,
                one.covered, one.refused, _codes(one.reasons), one.replaced, one.repeats,
                one.spread.median, one.spread.p90, _percent(one.spread.share_in_time),
                one.offered, one.accepted, _roubles(one.amount),
            )
        )  # fmt: skip


def of_requests(
    lines: Iterable[RequestLine], by: Dimension, names: Mapping[str, str]
) -> Iterator[str]:
    """The lines of a report of requests."""
    yield _MARK + csv_cells.line((*key_columns(by), *REQUEST_COLUMNS))
    for one in lines:
        yield csv_cells.line(
            (
                *named(one.key, by, names),
                one.phones, one.requests, _percent(one.rate), one.opened, one.promised,
                _percent(one.share_kept), one.refused, _codes(one.refusals),
            )
        )  # fmt: skip


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share * 100:.2f}"


def _roubles(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _codes(counts: Mapping[Reason, int] | Mapping[RefusalCode, int]) -> str:
    return " ".join(f"{code}:{count}" for code, count in counts.items())
