"""What the verdicts on rows are called, in both languages (pure)."""

from collections.abc import Mapping

from provision.enrolment.judging import Judged, Verdict
from storage.phrases import Phrase

_WORDS: Mapping[Verdict, Phrase] = {
    Verdict.NEW: Phrase("будет добавлен", "to be added"),
    Verdict.SAME: Phrase("уже есть, пропускается", "there already, skipped"),
    Verdict.BAD_MAC: Phrase("не MAC-адрес", "not a MAC address"),
    Verdict.BAD_SERIAL: Phrase("негодный серийный номер", "not a serial number"),
    Verdict.UNKNOWN_PRODUCT: Phrase("нет такого изделия", "no such product"),
    Verdict.UNKNOWN_HARDWARE: Phrase(
        "у изделия нет такой ревизии", "the product has no such hardware revision"
    ),
    Verdict.UNKNOWN_SITE: Phrase("нет такой площадки", "no such site"),
    Verdict.UNCLEAR_SITE: Phrase(
        "площадка есть у нескольких организаций: укажите организацию",
        "several organisations have this site: name the organisation",
    ),
    Verdict.UNKNOWN_ORGANISATION: Phrase("нет такой организации", "no such organisation"),
    Verdict.LONG_GROUP: Phrase(
        "название группы длиннее 64 знаков", "a group of over 64 characters"
    ),
    Verdict.BAD_DAY: Phrase(
        "дата нужна прошедшая, вида 2026-11-20 или 20.11.2026",
        "a past day is needed, like 2026-11-20 or 20.11.2026",
    ),
    Verdict.NO_PAPER: Phrase(
        "дату передачи подтверждает договор: укажите его",
        "a contract proves the day of handover: name it",
    ),
    Verdict.MAC_TWICE: Phrase("MAC уже был в строке", "the MAC was in row"),
    Verdict.SERIAL_TWICE: Phrase("серийный номер уже был в строке", "the serial was in row"),
    Verdict.MAC_TAKEN: Phrase(
        "телефон уже есть, и сведения о нём другие", "the phone is there and is said to differ"
    ),
    Verdict.SERIAL_TAKEN: Phrase(
        "серийный номер уже у телефона", "the serial number belongs to the phone"
    ),
    Verdict.BAD_SETTING: Phrase(
        "значение настройки не годится", "the value of this setting is unusable"
    ),
    Verdict.OTHER_SETTING: Phrase(
        "телефон уже есть с другим значением: измените его на странице профиля",
        "the phone is there with another value: change it on its profile's page",
    ),
    Verdict.NEW_HANDOVER: Phrase(
        "телефон уже есть, но без этой передачи: запишите её на его странице",
        "the phone is there without this handover: record it on the phone's page",
    ),
}


def reason(row: Judged, language: str) -> str:
    """The verdict on a row with what it is about."""
    text = _WORDS[row.verdict].text(language)
    return f"{text}: {row.detail}" if row.detail else text
