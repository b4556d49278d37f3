"""What a person may ask of their data, how it came, and how it was answered."""

from enum import StrEnum

from support.phrases import Phrase


class Kind(StrEnum):
    """What is asked for."""

    ACCESS = "access"
    CORRECTION = "correction"
    ERASURE = "erasure"

    @property
    def phrase(self) -> Phrase:
        return _KINDS[self]


class Channel(StrEnum):
    """How it came; a letter on paper counts from the day on which it is handed over."""

    MAIL = "mail"
    PAPER = "paper"
    VISIT = "visit"
    PHONE = "phone"

    @property
    def phrase(self) -> Phrase:
        return _CHANNELS[self]


class Outcome(StrEnum):
    """How it was answered."""

    DONE = "done"
    PARTLY = "partly"
    REFUSED = "refused"

    @property
    def phrase(self) -> Phrase:
        return _OUTCOMES[self]


_KINDS = {
    Kind.ACCESS: Phrase("доступ к данным", "access to the data"),
    Kind.CORRECTION: Phrase("исправление данных", "correction of the data"),
    Kind.ERASURE: Phrase("удаление данных", "erasure of the data"),
}
_CHANNELS = {
    Channel.MAIL: Phrase("электронная почта", "e-mail"),
    Channel.PAPER: Phrase("письмо на бумаге", "a letter on paper"),
    Channel.VISIT: Phrase("личный приём", "in person"),
    Channel.PHONE: Phrase("телефон", "telephone"),
}
_OUTCOMES = {
    Outcome.DONE: Phrase("исполнен", "done"),
    Outcome.PARTLY: Phrase("исполнен частично", "done in part"),
    Outcome.REFUSED: Phrase("отказано", "refused"),
}
