"""The words of repairs: where a phone stands, why a case is not covered, who pays."""

from enum import StrEnum

from support.phrases import Phrase


class Stage(StrEnum):
    """Where one phone of a fault report stands.

    AWAITING_ACT: the phone is here without its act (F-1). READY: repaired, replaced or left as it
    is; it waits to be sent back.
    """

    FILED = "filed"
    AWAITING_ACT = "awaiting-act"
    RECEIVED = "received"
    DIAGNOSIS = "diagnosis"
    APPROVAL = "approval"
    REPAIR = "repair"
    QUOTE = "quote"
    READY = "ready"
    RETURNED = "returned"
    CANCELLED = "cancelled"

    @property
    def phrase(self) -> Phrase:
        return _STAGES[self]

    @property
    def is_over(self) -> bool:
        return self in {Stage.RETURNED, Stage.CANCELLED}


_STAGES = {
    Stage.FILED: Phrase("акт подан, ждём телефон", "report filed, phone awaited"),
    Stage.AWAITING_ACT: Phrase("телефон здесь, ждём акт", "phone here, report awaited"),
    Stage.RECEIVED: Phrase("получен", "received"),
    Stage.DIAGNOSIS: Phrase("диагностика", "diagnosis"),
    Stage.APPROVAL: Phrase("решение ждёт утверждения", "decision awaits approval"),
    Stage.REPAIR: Phrase("в ремонте", "in repair"),
    Stage.QUOTE: Phrase("предложен платный ремонт", "paid repair offered"),
    Stage.READY: Phrase("готов к отправке", "ready to be sent"),
    Stage.RETURNED: Phrase("возвращён", "returned"),
    Stage.CANCELLED: Phrase("отменён", "cancelled"),
}


class Resolution(StrEnum):
    """What became of the fault."""

    REPAIRED = "repaired"
    REPLACED = "replaced"
    AS_IS = "as-is"

    @property
    def phrase(self) -> Phrase:
        return _RESOLUTIONS[self]


_RESOLUTIONS = {
    Resolution.REPAIRED: Phrase("отремонтирован", "repaired"),
    Resolution.REPLACED: Phrase("заменён", "replaced"),
    Resolution.AS_IS: Phrase("возвращается без ремонта", "goes back unrepaired"),
}


class Reason(StrEnum):
    """Why a case is not covered.

    The published rules list X-1 to X-4 and nothing else; the codes after them need an approver.
    """

    MECHANICAL_DAMAGE = "MECHANICAL_DAMAGE"
    ELECTRICAL_ABUSE = "ELECTRICAL_ABUSE"
    FOREIGN_MATTER = "FOREIGN_MATTER"
    LIQUID = "LIQUID"
    INSECTS = "INSECTS"
    OVERHEAT = "OVERHEAT"
    SELF_REPAIR_ATTEMPT = "SELF_REPAIR_ATTEMPT"
    TERM_EXPIRED = "TERM_EXPIRED"
    NOT_OUR_DEVICE = "NOT_OUR_DEVICE"
    SERIAL_TAMPERED = "SERIAL_TAMPERED"
    NO_FAULT_FOUND = "NO_FAULT_FOUND"
    LOADED_UNSIGNED_FIRMWARE = "LOADED_UNSIGNED_FIRMWARE"
    CONSUMABLE = "CONSUMABLE"

    @property
    def phrase(self) -> Phrase:
        return _REASONS[self][1]

    @property
    def rule(self) -> str:
        """The number of the rule that the code belongs to."""
        return _REASONS[self][0]

    @property
    def is_published(self) -> bool:
        return self.rule != "X-5"


_REASONS = {
    Reason.MECHANICAL_DAMAGE: ("X-1", Phrase("механическое повреждение", "mechanical damage")),
    Reason.ELECTRICAL_ABUSE: (
        "X-2",
        Phrase("перегрузка, замыкание, недопустимое напряжение", "electrical abuse"),
    ),
    Reason.FOREIGN_MATTER: ("X-3", Phrase("посторонние предметы внутри", "foreign matter inside")),
    Reason.LIQUID: ("X-3", Phrase("следы жидкости", "traces of a liquid")),
    Reason.INSECTS: ("X-3", Phrase("насекомые внутри", "insects inside")),
    Reason.OVERHEAT: ("X-3", Phrase("воздействие высокой температуры", "exposure to heat")),
    Reason.SELF_REPAIR_ATTEMPT: (
        "X-4",
        Phrase("следы самостоятельного ремонта", "signs of self-repair"),
    ),
    Reason.TERM_EXPIRED: ("X-5", Phrase("срок гарантии истёк", "the term has expired")),
    Reason.NOT_OUR_DEVICE: ("X-5", Phrase("не наш телефон", "not a phone of ours")),
    Reason.SERIAL_TAMPERED: (
        "X-5",
        Phrase("серийный номер изменён", "the serial number was tampered with"),
    ),
    Reason.NO_FAULT_FOUND: ("X-5", Phrase("неисправность не найдена", "no fault was found")),
    Reason.LOADED_UNSIGNED_FIRMWARE: (
        "X-5",
        Phrase("загружена чужая прошивка", "foreign firmware was loaded"),
    ),
    Reason.CONSUMABLE: ("X-5", Phrase("расходная часть", "a part that wears out")),
}


class Payer(StrEnum):
    """Who pays for a delivery (D-1, D-3)."""

    CUSTOMER = "customer"
    VENDOR = "vendor"
    PARTNER = "partner"

    @property
    def phrase(self) -> Phrase:
        return _PAYERS[self]


_PAYERS = {
    Payer.CUSTOMER: Phrase("Пользователь", "the User"),
    Payer.VENDOR: Phrase("ФЛАТ-ПРО", "FLAT-PRO"),
    Payer.PARTNER: Phrase("партнёр", "the partner"),
}


class Direction(StrEnum):
    """To the service centre or back."""

    IN = "in"
    OUT = "out"


class PhotoKind(StrEnum):
    """When a photo was taken: before the phone was opened (X-1), or as evidence later."""

    BEFORE_OPENING = "before-opening"
    EVIDENCE = "evidence"

    @property
    def phrase(self) -> Phrase:
        return _PHOTOS[self]


_PHOTOS = {
    PhotoKind.BEFORE_OPENING: Phrase("до вскрытия", "before opening"),
    PhotoKind.EVIDENCE: Phrase("при диагностике", "during diagnosis"),
}


class DecisionState(StrEnum):
    """A decision outside the published list waits for another person; a customer may dispute it."""

    PROPOSED = "proposed"
    REJECTED = "rejected"
    IN_FORCE = "in-force"
    DISPUTED = "disputed"
    UPHELD = "upheld"
    REVERSED = "reversed"

    @property
    def phrase(self) -> Phrase:
        return _DECISIONS[self]


_DECISIONS = {
    DecisionState.PROPOSED: Phrase("ждёт утверждения", "awaits approval"),
    DecisionState.REJECTED: Phrase("не утверждено", "not approved"),
    DecisionState.IN_FORCE: Phrase("действует", "in force"),
    DecisionState.DISPUTED: Phrase("оспорено Пользователем", "disputed by the User"),
    DecisionState.UPHELD: Phrase("оставлено в силе", "upheld"),
    DecisionState.REVERSED: Phrase("отменено", "reversed"),
}


class EventKind(StrEnum):
    """What is recorded of a phone in repair; its clock is reckoned from these."""

    FILED = "filed"
    ARRIVED = "arrived"
    RECEIVED = "received"
    PHOTOGRAPHED = "photographed"
    OPENED = "opened"
    PROPOSED = "proposed"
    DECIDED = "decided"
    DISPUTED = "disputed"
    DISPUTE_DECIDED = "dispute-decided"
    QUOTED = "quoted"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ELIMINATED = "eliminated"
    REPLACED = "replaced"
    BOARD = "board"
    ERASED = "erased"
    SENT = "sent"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    CORRECTED = "corrected"
    LOANER_OUT = "loaner-out"
    LOANER_BACK = "loaner-back"

    @property
    def phrase(self) -> Phrase:
        return _EVENTS[self]


_EVENTS = {
    EventKind.FILED: Phrase("Акт неисправности подан", "The fault report was filed"),
    EventKind.ARRIVED: Phrase("Посылка пришла без акта", "A parcel came without its report"),
    EventKind.RECEIVED: Phrase("Телефон получен", "The phone was received"),
    EventKind.PHOTOGRAPHED: Phrase("Сделан снимок", "A photo was taken"),
    EventKind.OPENED: Phrase("Диагностика начата", "Diagnosis began"),
    EventKind.PROPOSED: Phrase("Решение предложено", "A decision was proposed"),
    EventKind.DECIDED: Phrase("Решение принято", "The case was decided"),
    EventKind.DISPUTED: Phrase("Решение оспорено", "The decision was disputed"),
    EventKind.DISPUTE_DECIDED: Phrase("Спор рассмотрен", "The dispute was settled"),
    EventKind.QUOTED: Phrase("Предложен платный ремонт", "A paid repair was offered"),
    EventKind.ACCEPTED: Phrase("Платный ремонт принят", "The paid repair was accepted"),
    EventKind.DECLINED: Phrase("От платного ремонта отказались", "The paid repair was declined"),
    EventKind.ELIMINATED: Phrase("Неисправность устранена", "The fault was eliminated"),
    EventKind.REPLACED: Phrase("Телефон заменён", "The phone was replaced"),
    EventKind.BOARD: Phrase("Заменена плата", "A board was replaced"),
    EventKind.ERASED: Phrase("Настройки стёрты", "The settings were erased"),
    EventKind.SENT: Phrase("Отправлен", "Sent"),
    EventKind.RETURNED: Phrase("Передан Пользователю", "Handed to the User"),
    EventKind.CANCELLED: Phrase("Отменён", "Cancelled"),
    EventKind.CORRECTED: Phrase("Акт исправлен, новая версия", "The report was corrected"),
    EventKind.LOANER_OUT: Phrase("Выдан подменный телефон", "A loaner was handed out"),
    EventKind.LOANER_BACK: Phrase("Подменный телефон вернулся", "The loaner is back"),
}

#: What is between staff.
INTERNAL = frozenset({EventKind.PROPOSED, EventKind.BOARD, EventKind.PHOTOGRAPHED})
