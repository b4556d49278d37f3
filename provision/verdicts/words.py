"""What each verdict is called, what it means and what a person does about it (pure)."""

from provision.families.identification import Strength
from provision.verdicts.unit import Judgement, Verdict
from storage.phrases import Phrase

NAMES = {
    Verdict.MATCH: Phrase("Совпадает с реестром", "Fits the record"),
    Verdict.MAC_MISMATCH: Phrase("MAC и номер расходятся", "MAC and serial disagree"),
    Verdict.SERIAL_CLONE: Phrase("Серийный номер у двух телефонов", "One serial at two phones"),
    Verdict.UNKNOWN_SERIAL: Phrase("Неизвестный серийный номер", "Unknown serial number"),
    Verdict.UNSOLD: Phrase("Продажа не записана", "No sale on record"),
    Verdict.PRE_HANDOVER_ACTIVITY: Phrase("Работал до передачи", "At work before its handover"),
    Verdict.UNSIGNED_FIRMWARE: Phrase("Чужая прошивка", "Firmware of unknown origin"),
}
#: For a mismatch that a repair accounts for.
EXPLAINED = Phrase("Плата заменена при ремонте", "The board was changed in a repair")

MEANINGS = {
    Verdict.MATCH: Phrase("Это тот телефон, что записан.", "It is the unit on record."),
    Verdict.MAC_MISMATCH: Phrase(
        "Возможно, в телефоне сменили плату. Если это наш ремонт, назовите его номер; "
        "иначе посмотрите телефон.",
        "Its board may have been changed. If a repair of ours did that, name it; "
        "otherwise look at the phone.",
    ),
    Verdict.SERIAL_CLONE: Phrase(
        "Один номер в течение суток назвали два телефона: один из них не тот, за кого себя "
        "выдаёт. Сверьте этикетки.",
        "Two phones told one number within a day: one of them is not what it says. "
        "Compare the labels.",
    ),
    Verdict.UNKNOWN_SERIAL: Phrase(
        "Этого номера нет в заводском списке: опечатка, другая плата или не наш телефон.",
        "No factory list holds this number: a slip, another board, or not a phone of ours.",
    ),
    Verdict.UNSOLD: Phrase(
        "Скорее всего, партнёр ещё не прислал отчёт. Попросите документ о передаче.",
        "Most likely the partner's report has not come yet. Ask for the paper of the handover.",
    ),
    Verdict.PRE_HANDOVER_ACTIVITY: Phrase(
        "Передача могла быть раньше, чем записано. Срок гарантии от этого сам не меняется.",
        "The handover may have been earlier than recorded. That alone changes no term.",
    ),
    Verdict.UNSIGNED_FIRMWARE: Phrase(
        "Мы такой версии не выпускали. Предложите установить выпуск с сайта.",
        "We never published this version. Offer to install a release from the site.",
    ),
}

STRENGTHS = {
    Strength.CLAIMED: Phrase("со слов", "claimed"),
    Strength.READ: Phrase("прочитано с телефона", "read from the phone"),
    Strength.PROVED: Phrase("подтверждено секретом", "proved by its secret"),
    Strength.CERTIFIED: Phrase("подтверждено сертификатом", "proved by its certificate"),
}

#: What mostly comes from a paper that is still under way.
_CALM = frozenset({Verdict.UNSOLD, Verdict.PRE_HANDOVER_ACTIVITY})

_ORIGINS = {
    "check-in": Phrase("выход на связь", "check-in"),
    "snmp": Phrase("SNMP", "SNMP"),
    "http": Phrase("HTTP", "HTTP"),
    "ssh": Phrase("SSH", "SSH"),
    "sweep": Phrase("обход", "sweep"),
    "paper": Phrase("документ", "paper"),
}


def origin_name(origin: str) -> Phrase:
    """The way something was learnt, for a person."""
    return _ORIGINS.get(origin, Phrase(origin, origin))


def name(judgement: Judgement) -> Phrase:
    """The verdict's name; that of a mismatch which a repair accounts for is its reason."""
    return EXPLAINED if judgement.explained_by is not None else NAMES[judgement.verdict]


def hue(judgement: Judgement) -> str:
    """The badge: good for a match, a fault for a clone, neutral for what papers explain."""
    if judgement.verdict is Verdict.MATCH:
        return "good"
    if not judgement.needs_a_look or judgement.verdict in _CALM:
        return "info"
    return "fault" if judgement.verdict is Verdict.SERIAL_CLONE else "attention"
