"""What happened with a request is read in words, not in the codes that are kept."""

import pytest

from support.requests import history
from support.requests.vocabulary import EventKind


@pytest.mark.parametrize(
    ("kind", "details", "ru", "en"),
    [
        ("answered", {}, "дан ответ", "answered"),
        ("terms", {"package": "STANDARD"}, "назначены сроки", "the terms were set"),
        (
            "state", {"state": "waiting-customer"},
            "состояние: Ждём ответа", "state: Waiting for an answer",
        ),
        (
            "asked", {"missing": ["serial", "firmware"]},
            "спросили, чего не хватает: серийный номер, версия прошивки",
            "asked for what is missing: the serial number, the firmware version",
        ),
        (
            "escalated", {"promise": "response", "level": 2},
            "напомнили о сроке: Реагирование, уровень 2",
            "reminded of the term: Response, level 2",
        ),
        (
            "refusal", {"code": "DUPLICATE", "state": "in-force"},
            "отказ: Уже зарегистрировано, действует", "refusal: Registered already, in force",
        ),
        ("assigned", {"to": ""}, "назначен ответственный", "assigned"),
        ("assigned", {"to": "anna"}, "назначен ответственный: anna", "assigned: anna"),
    ],
)  # fmt: skip
def test_an_event_is_said_in_words(kind: str, details: dict[str, object], ru: str, en: str) -> None:
    said = history.said(kind, details)
    assert (said.ru, said.en) == (ru, en)


def test_no_kind_of_event_lacks_words() -> None:
    assert all(history.said(kind, {}).ru != history.said(kind, {}).en for kind in EventKind)
