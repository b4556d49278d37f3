"""What is refused about a leak."""

from storage.refusals import ConflictError, NotFoundError, RefusedError


class UnknownBreachError(NotFoundError):
    code = "unknown-breach"
    ru = "Такого инцидента нет."
    en = "There is no such incident."


class FoundAtError(RefusedError):
    code = "breach-found-at"
    field = "found_at"
    ru = "Когда обнаружено: дата и время по Москве, не в будущем и не раньше чем год назад."
    en = "When it was found: date and time in Moscow, not in the future, at most a year ago."


class ToldAtError(RefusedError):
    code = "breach-told-at"
    field = "told_at"
    ru = "Когда сообщено: после обнаружения и не в будущем, дата и время по Москве."
    en = "When it was told: after it was found, not in the future, date and time in Moscow."


class BreachTextError(RefusedError):
    code = "breach-text"
    field = "what"
    ru = "Напишите, что произошло: от 1 до {limit} знаков в каждом поле."
    en = "Write what has happened: 1 to {limit} characters, in each field."


class PeopleCountError(RefusedError):
    code = "breach-people"
    field = "people"
    ru = "Число людей — целое, или пусто, если ещё неизвестно."
    en = "The number of people is a whole number, or empty while it is not known."


class NoticeTextError(RefusedError):
    code = "breach-notice"
    field = "text"
    ru = "Напишите, что сообщили: от 1 до {limit} знаков."
    en = "Write what was told: 1 to {limit} characters."


class NotToldYetError(ConflictError):
    code = "breach-not-told"
    ru = "Инцидент закрывают, когда сообщено и о нём, и о результатах расследования."
    en = "It is closed once the authority was told of it and of what the inquiry found."


class BreachClosedError(ConflictError):
    code = "breach-closed"
    ru = "Этот инцидент закрыт."
    en = "This incident is closed."
