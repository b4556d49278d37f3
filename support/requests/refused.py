"""Why something can't be done with a support request."""

from collections.abc import Mapping

from storage.refusals import ConflictError, NotFoundError, RefusedError


class UnknownRequestError(NotFoundError):
    code = "unknown-request"
    ru = "Такого обращения нет."
    en = "There is no such request."


class MessageTextError(RefusedError):
    code = "message-text"
    field = "text"
    ru = "Напишите текст: от 1 до {limit} знаков."
    en = "Write a text of 1 to {limit} characters."


class SubjectError(RefusedError):
    code = "request-subject"
    field = "subject"
    ru = "Назовите тему: от 1 до {limit} знаков."
    en = "Name the subject in 1 to {limit} characters."


class FormIncompleteError(RefusedError):
    """Several things at once; `faults` are the fields of the form with the refusal of each."""

    code = "request-incomplete"
    ru = "Исправьте отмеченное."
    en = "Correct what is marked."

    def __init__(self, faults: Mapping[str, RefusedError]) -> None:
        self.faults = faults
        super().__init__()


class SenderNameError(RefusedError):
    code = "request-name"
    field = "name"
    ru = "Назовите себя: так мы обратимся к вам в ответе."
    en = "Give your name: we address you by it when we answer."


class ContactError(RefusedError):
    code = "request-contact"
    field = "name"
    ru = "Укажите имя и адрес электронной почты или телефон: по ним мы ответим."
    en = "Give a name and an e-mail address or a telephone number: we answer there."


class ContactMailError(RefusedError):
    code = "request-email"
    field = "email"
    ru = "Укажите адрес электронной почты латиницей: по нему придёт ответ."
    en = "Give an e-mail address in Latin letters: the answer comes there."


class AttestationError(RefusedError):
    code = "attestation"
    field = "read_rules"
    ru = (
        "Подтвердите, что прочитали правила и руководство и проверили установку, подключение и"
        " настройку телефона."
    )
    en = (
        "Confirm that you have read the rules and the manual and checked how the phone is"
        " installed, connected and set up."
    )


class UnattestedError(RefusedError):
    code = "unattested"
    field = "attested"
    ru = (
        "Отметьте, что пользователь прочитал правила и руководство и проверил телефон, или сначала"
        " спросите его об этом (состояние «Ждём ответа»)."
    )
    en = (
        "Tick that the User has read the rules and the manual and checked the phone, or ask about"
        " it first (state “Waiting for an answer”)."
    )


class ChangedMeanwhileError(ConflictError):
    code = "changed-meanwhile"
    field = "text"
    ru = "Пока вы писали, обращение изменилось. Посмотрите, что нового; ваш текст сохранён в форме."
    en = "The request changed while you wrote. Look at what is new; your text is kept in the form."


class RequestClosedError(ConflictError):
    code = "request-closed"
    ru = "Обращение закрыто. Создайте новое: оно будет связано с этим."
    en = "The request is closed. Open a new one: it will be linked to this one."


class WrongStateError(ConflictError):
    code = "request-state"
    ru = "Из состояния «{now_ru}» в «{wanted_ru}» перейти нельзя."
    en = "A request can't go from “{now_en}” to “{wanted_en}”."


class CallTimeError(RefusedError):
    code = "call-time"
    field = "called_at"
    ru = "Время звонка — не позже текущего и не раньше, чем сутки назад."
    en = "A call is not later than now and not earlier than a day ago."


class AssigneeError(RefusedError):
    code = "assignee"
    field = "assignee"
    ru = "Сотрудника «{login}» нет или он не ведёт обращений."
    en = "There is nobody “{login}” on the staff who takes requests."


class IntakeLimitError(RefusedError):
    code = "intake-limit"
    ru = "С вашего адреса сегодня уже много обращений. Напишите на {address} или позвоните."
    en = "Many requests came from your address today. Write to {address} or call us."


class UnknownFileError(NotFoundError):
    code = "unknown-request-file"
    ru = "Такого файла в обращении нет."
    en = "The request has no such file."
