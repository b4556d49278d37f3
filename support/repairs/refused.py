"""Why something can't be done with an act or with a phone in repair."""

from storage.refusals import ConflictError, NotFoundError, RefusedError


class UnknownRepairError(NotFoundError):
    code = "unknown-repair"
    ru = "Такого акта нет."
    en = "There is no such fault report."


class UnknownRepairPhoneError(NotFoundError):
    code = "unknown-repair-phone"
    ru = "Такого телефона в ремонте нет."
    en = "There is no such phone in repair."


class RepairChangedError(ConflictError):
    code = "repair-changed"
    ru = "Карточку уже изменил другой сотрудник: посмотрите, что изменилось, и повторите."
    en = "Somebody changed this case meanwhile: look at what changed and try again."


class WrongStageError(ConflictError):
    code = "repair-stage"
    ru = "Сейчас это невозможно: {stage_ru}."
    en = "This is not possible now: {stage}."


class ActIncompleteError(RefusedError):
    """Several things at once; `faults` are the fields with the refusal of each."""

    code = "act-incomplete"
    ru = "Исправьте отмеченное."
    en = "Correct what is marked."

    def __init__(self, faults: dict[str, RefusedError]) -> None:
        self.faults = faults
        super().__init__()


class ActFieldError(RefusedError):
    code = "act-field"
    ru = "Заполните поле «{name_ru}»."
    en = "Fill in “{name}”."


class ActLengthError(RefusedError):
    code = "act-length"
    ru = "Не длиннее {limit} знаков."
    en = "At most {limit} characters."


class ActMailError(RefusedError):
    code = "act-email"
    ru = "Это не адрес электронной почты."
    en = "This is no e-mail address."


class ActInnError(RefusedError):
    code = "act-inn"
    ru = "В ИНН опечатка: контрольные цифры не сходятся. Нужно 10 или 12 цифр."
    en = "The INN is mistyped: its check digits are wrong. It has 10 or 12 digits."


class ActSerialError(RefusedError):
    code = "act-serial"
    ru = "Введите серийный номер с этикетки: «{serial}» не подходит."
    en = "Enter the serial number from the label: “{serial}” is none."


class ActSerialTypoError(RefusedError):
    code = "act-serial-typo"
    ru = "В серийном номере опечатка: контрольный знак не сходится."
    en = "The serial number is mistyped: its check character is wrong."


class ActSerialTwiceError(RefusedError):
    code = "act-serial-twice"
    ru = "Этот телефон уже есть в акте выше."
    en = "This phone is already on the report, above."


class ActMacError(RefusedError):
    code = "act-mac"
    ru = "Это не MAC-адрес: нужно 12 знаков, цифры и буквы от A до F."
    en = "This is no MAC address: 12 digits and letters from A to F."


class ActConsentError(RefusedError):
    code = "act-consent"
    ru = "Без согласия на обработку данных акт принять нельзя."
    en = "Without the consent to data processing the report cannot be taken."


class ActLimitError(ConflictError):
    code = "act-limit"
    ru = "С вашего адреса пришло много актов подряд. Напишите на {address} или подождите час."
    en = "Many reports came from your address. Write to {address}, or wait an hour."


class ActSettledError(ConflictError):
    code = "act-settled"
    ru = "Телефоны по акту уже приняты: исправления внесёт сервисный центр."
    en = "The phones of this report were taken in: the service centre makes corrections now."
