"""The figures of a report that lead to the single things behind them (pure)."""

from enum import StrEnum

from storage.phrases import Phrase


class RepairFigure(StrEnum):
    """A figure of the report of repairs."""

    CASES = "cases"
    FAILURES = "failures"
    UNDECIDED = "undecided"
    COVERED = "covered"
    REFUSED = "refused"
    REPLACED = "replaced"
    REPEATS = "repeats"
    TAKEN = "taken"
    IN_TIME = "in-time"
    OFFERED = "offered"
    ACCEPTED = "accepted"

    @property
    def phrase(self) -> Phrase:
        return _REPAIRS[self]

    @property
    def is_of_offers(self) -> bool:
        """Whether it counts offers of paid repairs: one phone may have had several."""
        return self in {RepairFigure.OFFERED, RepairFigure.ACCEPTED}


class RequestFigure(StrEnum):
    """A figure of the report of requests."""

    REQUESTS = "requests"
    OPENED = "open"
    PROMISED = "promised"
    KEPT = "kept"
    REFUSED = "refused"

    @property
    def phrase(self) -> Phrase:
        return _REQUESTS[self]


_REPAIRS = {
    RepairFigure.CASES: Phrase("Все случаи", "All cases"),
    RepairFigure.FAILURES: Phrase("Отказы", "Failures"),
    RepairFigure.UNDECIDED: Phrase("Ещё не решено", "Not decided yet"),
    RepairFigure.COVERED: Phrase("Гарантийные", "Covered"),
    RepairFigure.REFUSED: Phrase("Не гарантийные", "Not covered"),
    RepairFigure.REPLACED: Phrase("Заменённые", "Replaced"),
    RepairFigure.REPEATS: Phrase("Повторы", "Repeats"),
    RepairFigure.TAKEN: Phrase("Гарантийные, законченные", "Covered and done"),
    RepairFigure.IN_TIME: Phrase("Законченные в срок", "Done within the term"),
    RepairFigure.OFFERED: Phrase("Предложенные платные ремонты", "Paid repairs offered"),
    RepairFigure.ACCEPTED: Phrase("Принятые платные ремонты", "Paid repairs accepted"),
}
_REQUESTS = {
    RequestFigure.REQUESTS: Phrase("Все обращения", "All requests"),
    RequestFigure.OPENED: Phrase("Ещё открытые", "Still open"),
    RequestFigure.PROMISED: Phrase(
        "Закрытые, с обещанным временем", "Closed, with a time promised"
    ),
    RequestFigure.KEPT: Phrase("Обещания сдержаны", "Promises kept"),
    RequestFigure.REFUSED: Phrase("Не принятые", "Not taken"),
}
