"""What a refusal stands on is read in words, not in the names of fields."""

import pytest

from support.requests import grounds


@pytest.mark.parametrize(
    ("evidence", "ru", "en"),
    [
        ({}, [], []),
        (
            {"overdue": "1200.50", "as_of": "2026-01-12"},
            ["долг 1\u00a0200,50\u00a0₽ на 12.01.2026"],
            ["debt ₽1,200.50 as of 12 January 2026"],
        ),
        (
            {"missing": ["serial", "firmware"], "asked_on": "2026-11-20"},
            ["не хватало: серийный номер, версия прошивки", "спросили 20.11.2026"],
            ["missing: the serial number, the firmware version", "asked on 20 November 2026"],
        ),
        ({"overdue": "…", "as_of": "…"}, ["долг … на …"], ["debt … as of …"]),
        ({"manual": "{b2}"}, ["поможет: {b2}"], ["will help: {b2}"]),
        ({"duplicate_of": 7}, ["первое обращение: № 7"], ["the first request: No. 7"]),
    ],
)
def test_evidence_is_said_in_words(
    evidence: dict[str, object], ru: list[str], en: list[str]
) -> None:
    said = grounds.said(evidence)
    assert [one.ru for one in said] == ru
    assert [one.en for one in said] == en
