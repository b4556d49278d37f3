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
    ru = "Это не адрес электронной почты латиницей."
    en = "This is no e-mail address in Latin letters."


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


class DisputeOpenError(ConflictError):
    code = "dispute-open"
    ru = "Пользователь оспорил решение: сначала рассмотрите спор, потом отправляйте телефон."
    en = "The User disputes the decision: settle that before the phone is sent."


class NotSentError(ConflictError):
    code = "not-sent"
    ru = "Телефон ещё не отправлен."
    en = "The phone was not sent yet."


class UnknownParcelError(NotFoundError):
    code = "unknown-parcel"
    ru = "Такой посылки нет."
    en = "There is no such parcel."


class ParcelSettledError(ConflictError):
    code = "parcel-settled"
    ru = "С этой посылкой уже разобрались."
    en = "This parcel is settled already."


class ParcelReasonError(RefusedError):
    code = "parcel-reason"
    field = "reason"
    ru = "Напишите, почему посылка возвращается."
    en = "Say why the parcel goes back."


class NoPictureError(RefusedError):
    code = "no-picture"
    field = "photos"
    ru = "Приложите снимки: PNG, JPEG или WebP."
    en = "Attach pictures: PNG, JPEG or WebP."


class OpenedAlreadyError(ConflictError):
    code = "opened-already"
    field = "photos"
    ru = "Телефон уже вскрыт: снимок «до вскрытия» теперь сделать нельзя."
    en = "The phone is open already: a photo from before can no longer be taken."


class UnknownPhotoError(NotFoundError):
    code = "unknown-photo"
    ru = "Такого снимка нет."
    en = "There is no such photo."


class PhotosFirstError(ConflictError):
    code = "photos-first"
    field = "no_photos"
    ru = "Сначала снимите телефон до вскрытия или напишите, почему снимков нет."
    en = "First take photos of the unopened phone, or say why there are none."


class DecisionMissingError(RefusedError):
    code = "decision-missing"
    ru = "Выберите решение: заранее ничего не решено."
    en = "Choose the decision: nothing is decided beforehand."


class EvidenceError(RefusedError):
    code = "evidence"
    field = "evidence"
    ru = "Опишите, на чём основано решение: не меньше {limit} знаков."
    en = "Say what the decision rests on, in at least {limit} characters."


class ReasonMissingError(RefusedError):
    code = "decision-reason"
    field = "reason"
    ru = "Выберите причину, по которой случай не гарантийный."
    en = "Choose the reason why the case is not covered."


class PhotoMissingError(ConflictError):
    code = "photo-missing"
    field = "reason"
    ru = "«{reason_ru}»: приложите снимок, без него причину не проверить."
    en = "“{reason}”: attach a photo, nobody can check the reason without one."


class StillCoveredError(ConflictError):
    code = "still-covered"
    field = "reason"
    ru = "О неисправности сообщили в срок: «срок истёк» здесь не причина."
    en = "The fault was told of in time: the term's end is no reason here."


class SamePersonError(ConflictError):
    code = "same-person"
    ru = "Это решает другой сотрудник, не тот, кто предложил."
    en = "Somebody else decides on this, not the person who proposed it."


class NoDecisionError(ConflictError):
    code = "no-decision"
    ru = "Здесь нечего рассматривать: такого решения по телефону нет."
    en = "There is nothing to decide: the phone has no such decision."


class DisputeTextError(RefusedError):
    code = "dispute-text"
    field = "dispute"
    ru = "Напишите, с чем вы не согласны."
    en = "Say what you disagree with."


class DisputeAnswerError(RefusedError):
    code = "dispute-answer"
    field = "answer"
    ru = "Напишите, что ответить Пользователю."
    en = "Write what to answer the User."


class WorkMissingError(RefusedError):
    code = "work-missing"
    field = "work"
    ru = "Опишите, что сделано: это войдёт в отчёт о ремонте."
    en = "Say what was done: it goes into the repair report."


class UntestedError(ConflictError):
    code = "untested"
    field = "tested"
    ru = "Неисправность устранена, когда телефон прошёл проверку: отметьте её."
    en = "The fault is eliminated once the phone has passed the test: tick it."


class UnrepairableReasonError(RefusedError):
    code = "unrepairable"
    field = "why"
    ru = "Напишите, почему телефон нельзя отремонтировать."
    en = "Say why the phone can't be repaired."


class ConsentToOtherModelError(ConflictError):
    code = "other-model"
    field = "agreed"
    ru = "{product} — другая модель: нужно согласие Пользователя."
    en = "{product} is another model: the User has to agree."


class NotOnRecordError(ConflictError):
    code = "not-on-record"
    ru = "Телефона {serial} нет в реестре: сначала внесите его."
    en = "The phone {serial} is not on record: add it first."


class ReturnReasonError(RefusedError):
    code = "return-reason"
    field = "why"
    ru = "Напишите, почему телефон возвращается без ремонта: это прочтёт клиент."
    en = "Say why the phone goes back unrepaired: the customer reads it."


class QuoteAmountError(RefusedError):
    code = "quote-amount"
    field = "amount"
    ru = "Укажите сумму в рублях, например 3500 или 3500,50."
    en = "Give the amount in roubles, for example 3500 or 3500.50."


class QuoteTextError(RefusedError):
    code = "quote-text"
    field = "quoted_work"
    ru = "Опишите работу, которую предлагаете."
    en = "Describe the work that you offer."


class NoQuoteError(ConflictError):
    code = "no-quote"
    ru = "Платный ремонт предлагают, когда случай не гарантийный и телефон ещё не отправлен."
    en = "A paid repair is offered where the case is not covered and the phone is still here."


class EndOfServiceError(ConflictError):
    code = "end-of-service"
    ru = "Обслуживание этой модели закончилось {on} (EOS): ремонт невозможен."
    en = "The service of this model ended on {on} (EOS): it can't be repaired."


class QuoteExpiredError(ConflictError):
    code = "quote-expired"
    ru = "Предложение действовало по {on}. Напишите нам: мы пришлём новое."
    en = "The offer was valid until {on}. Write to us for a new one."


class NoReportError(ConflictError):
    code = "no-report"
    ru = "Отчёта ещё нет: он появится, когда работа с телефоном закончена."
    en = "There is no report yet: it comes when the work on the phone is done."


class SeveralPhonesError(ConflictError):
    code = "several-phones"
    ru = "В акте {number} несколько телефонов ({count}): назовите один, например {number}/1."
    en = "The report {number} names {count} phones: say which one, for example {number}/1."
