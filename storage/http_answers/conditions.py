"""Conditional requests (RFC 9110 §13): what the client already has, and what follows. Pure.

The order is the RFC's (§13.2.2). It is what keeps a resumed download from mixing two versions:
If-Match and If-None-Match are judged before any Range.
"""

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from storage.http_answers.http_dates import parse_http_date, whole_second

# What stands between two tags does not matter; `*+` gives nothing back, so time stays linear.
_ENTITY_TAG = re.compile(r'(?P<weak>W/)?(?P<opaque>"[^"]*+")')


class Verdict(enum.Enum):
    PROCEED = enum.auto()
    NOT_MODIFIED = enum.auto()
    FAILED = enum.auto()


class HeaderItems(Protocol):
    """Any header collection: a dict, Werkzeug's headers, an email message."""

    def items(self) -> Iterable[tuple[str, str]]: ...


@dataclass(frozen=True)
class Validators:
    """What names the current bytes: `etag` is strong and carries its quotes."""

    etag: str
    last_modified: datetime


@dataclass(frozen=True)
class RequestConditions:
    """The part of a request that decides which bytes go out; None = the header was not sent."""

    method: str = "GET"
    if_match: str | None = None
    if_unmodified_since: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_range: str | None = None
    range: str | None = None

    @classmethod
    def from_headers(cls, method: str, headers: HeaderItems) -> Self:
        """Read `headers` in any letter case; a repeated header counts as one list."""
        seen: dict[str, list[str]] = {}
        for name, value in headers.items():
            seen.setdefault(name.lower(), []).append(value.strip())
        joined = {name: ", ".join(values) for name, values in seen.items()}
        return cls(
            method=method,
            if_match=joined.get("if-match"),
            if_unmodified_since=joined.get("if-unmodified-since"),
            if_none_match=joined.get("if-none-match"),
            if_modified_since=joined.get("if-modified-since"),
            if_range=joined.get("if-range"),
            range=joined.get("range"),
        )

    def verdict(self, current: Validators) -> Verdict:
        """Whether a GET or HEAD goes on, is answered "not modified", or fails (§13.2.2)."""
        if self.if_match is not None:
            if not _names(self.if_match, current.etag, strongly=True):
                return Verdict.FAILED
        elif _newer_than(self.if_unmodified_since, current) is True:
            return Verdict.FAILED
        if self.if_none_match is not None:
            known = _names(self.if_none_match, current.etag, strongly=False)
        else:
            known = _newer_than(self.if_modified_since, current) is False
        return Verdict.NOT_MODIFIED if known else Verdict.PROCEED

    def wanted_range(self, current: Validators) -> str | None:
        """The Range header if it applies: to GET only, and only if If-Range holds (§13.1.5)."""
        if self.method != "GET" or self.range is None:
            return None
        if self.if_range is None or _still_the_same(self.if_range, current):
            return self.range
        return None


def _names(header: str, etag: str, *, strongly: bool) -> bool:
    """Whether a list of entity tags, or `*`, holds `etag`; weak tags never match strongly."""
    if header == "*":
        return True
    return any(
        tag["opaque"] == etag and not (strongly and tag["weak"])
        for tag in _ENTITY_TAG.finditer(header)
    )


def _newer_than(header: str | None, current: Validators) -> bool | None:
    """Whether the file changed after the date in `header`; None without a valid date."""
    date = parse_http_date(header) if header is not None else None
    return None if date is None else whole_second(current.last_modified) > date


def _still_the_same(if_range: str, current: Validators) -> bool:
    """The strong comparison of If-Range: our very tag, or our very date and no later one."""
    if if_range == current.etag:
        return True
    return parse_http_date(if_range) == whole_second(current.last_modified)
