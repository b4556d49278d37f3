"""Why something can't be done with the loaner pool."""

from storage.refusals import ConflictError, NotFoundError, RefusedError


class UnknownLoanerError(NotFoundError):
    code = "unknown-loaner"
    ru = "Такого телефона в подменном фонде нет."
    en = "There is no such phone in the pool."


class UnknownLoanError(NotFoundError):
    code = "unknown-loan"
    ru = "Такой выдачи нет."
    en = "There is no such loan."


class LoanerTakenError(ConflictError):
    code = "loaner-taken"
    field = "loaner"
    ru = "{serial} сейчас нельзя выдать: он занят, в обслуживании или утерян."
    en = "{serial} can't be lent now: it is taken, in service or lost."


class LoanerExistsError(ConflictError):
    code = "loaner-exists"
    field = "serial"
    ru = "{serial} уже в подменном фонде."
    en = "{serial} is in the pool already."


class LoanerOwnedError(ConflictError):
    code = "loaner-owned"
    field = "serial"
    ru = "{serial} передан Пользователю: в подменный фонд берут телефоны со склада."
    en = "{serial} was handed to a User: phones from stock go into the pool."


class LoanerValueError(RefusedError):
    code = "loaner-value"
    field = "value"
    ru = "Укажите стоимость в рублях: она взыскивается за невозвращённый телефон."
    en = "Give the value in roubles: it is owed for a phone that never comes back."


class NotEntitledError(ConflictError):
    code = "not-entitled"
    field = "why"
    ru = "Ни сертификат, ни договор не даёт телефону подменного: напишите, почему выдаёте."
    en = "Neither a certificate nor a contract gives the phone a loaner: say why one is lent."


class LoanedAlreadyError(ConflictError):
    code = "loaned-already"
    ru = "На время этого ремонта уже выделен {serial}."
    en = "{serial} is set aside for this repair already."


class LoanStepError(ConflictError):
    code = "loan-step"
    ru = "Сейчас это невозможно: порядок — выдать, принять, стереть."
    en = "This is not possible now: a loaner is handed out, taken back, wiped."


class RepairOverError(ConflictError):
    code = "repair-over"
    ru = "Ремонт уже закончен."
    en = "The repair is over."
