"""What is refused about a person's request for their data."""

from storage.refusals import ConflictError, NotFoundError, RefusedError


class UnknownSubjectRequestError(NotFoundError):
    code = "unknown-subject-request"
    ru = "Такого запроса о персональных данных нет."
    en = "There is no such request about personal data."


class WhoAsksError(RefusedError):
    code = "subject-request-person"
    field = "name"
    ru = "Укажите имя и то, как ответить: адрес электронной почты или телефон."
    en = "Tell the name, and how to answer: an e-mail address or a telephone number."


class SubjectMailError(RefusedError):
    code = "subject-request-mail"
    field = "email"
    ru = "Это не адрес электронной почты латиницей."
    en = "This is no e-mail address in Latin letters."


class SubjectKindError(RefusedError):
    code = "subject-request-kind"
    field = "kind"
    ru = "Выберите, о чём просят и как запрос пришёл."
    en = "Choose what is asked for, and how it came."


class CameAtError(RefusedError):
    code = "subject-request-day"
    field = "came_on"
    ru = "День получения — не позже сегодняшнего и не раньше чем год назад."
    en = "The day of receipt is today or earlier, and at most a year ago."


class SubjectTextError(RefusedError):
    code = "subject-request-text"
    field = "text"
    ru = "Напишите текст: от 1 до {limit} знаков."
    en = "Write a text of 1 to {limit} characters."


class OutcomeError(RefusedError):
    code = "subject-request-outcome"
    field = "outcome"
    ru = "Выберите, исполнен ли запрос."
    en = "Choose whether it was done."


class AnsweredAlreadyError(ConflictError):
    code = "subject-request-answered"
    ru = "На этот запрос уже ответили."
    en = "This request is answered already."


class CorrectionTermError(ConflictError):
    code = "subject-request-correction"
    ru = "Срок исправления данных не продлевается (152-ФЗ, ст. 20 ч. 3)."
    en = "The term of a correction is never prolonged (152-FZ, article 20.3)."


class ExtendedAlreadyError(ConflictError):
    code = "subject-request-extended"
    ru = "Срок продлевается один раз, на 5 рабочих дней."
    en = "The term is prolonged once, by 5 working days."


class TooLateToExtendError(ConflictError):
    code = "subject-request-too-late"
    ru = "Срок вышел {day}: продлить его уже нельзя, нужно отвечать."
    en = "The term ended on {day}: it can't be prolonged any more, answer now."
