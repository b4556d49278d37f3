"""The form of the act as a person filled it in: nothing typed is lost, every fault is named."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from provision.devices.identity import BadMacError, BadSerialError, MacAddress, SerialNumber
from storage.refusals import RefusedError
from support.customer_kinds import CustomerKind
from support.mailroom.threads import bare_address
from support.phrases import Phrase
from support.repairs.act import PHONES_MAX, Act, ActPhone, is_inn
from support.repairs.refused import (
    ActConsentError,
    ActFieldError,
    ActIncompleteError,
    ActInnError,
    ActLengthError,
    ActMacError,
    ActMailError,
    ActSerialError,
    ActSerialTwiceError,
    ActSerialTypoError,
)
from support.requests.vocabulary import Symptom

LINE_MAX = 200
TEXT_MAX = 2000
#: What the form asks of the sender: its name, and whether it may be left empty.
SENDER = {
    "organisation": (Phrase("Организация", "Company"), False),
    "inn": (Phrase("ИНН", "INN"), False),
    "contact": (Phrase("Контактное лицо", "Contact"), True),
    "email": (Phrase("Электронная почта", "E-mail"), True),
    "phone": (Phrase("Телефон для связи", "Telephone"), False),
    "return_address": (Phrase("Адрес для возврата", "Return address"), True),
    "region": (Phrase("Регион", "Region"), False),
    "contract": (Phrase("Договор поставки", "Supply contract"), False),
    "handover": (Phrase("Документ о передаче", "Paper of handover"), False),
    "signed_by": (Phrase("Кто подписывает акт", "Who signs the report"), True),
    "remarks": (Phrase("Примечание", "Remark"), False),
}
PHONE_LINES = ("serial", "product", "mac", "firmware", "when", "power", "contents")
PHONE_TEXTS = ("fault", "tried", "readings")


@dataclass(frozen=True)
class TypedAct:
    """The form's values by the names of its fields; a phone's end in its place (`serial_2`)."""

    values: Mapping[str, str] = field(default_factory=dict)
    phones: int = 1

    @classmethod
    def of(cls, form: Mapping[str, str]) -> Self:
        """What was sent, cut to what anybody types."""
        count = form.get("phones", "1")
        known = int(count) if count.isascii() and count.isdigit() and len(count) < 4 else 1
        return cls(
            {name: form[name][: TEXT_MAX + 1] for name in form}, max(1, min(PHONES_MAX, known))
        )

    @classmethod
    def of_act(cls, act: Act) -> Self:
        """An act that is to be corrected."""
        values = {name: str(getattr(act, name)) for name in SENDER}
        values |= {"customer": act.customer, "erased": "1" if act.erased else ""}
        for place, phone in enumerate(act.phones, 1):
            values |= {f"symptom_{place}": phone.symptom}
            for name in (*PHONE_LINES, *PHONE_TEXTS):
                values[f"{name}_{place}"] = getattr(phone, name)
        return cls(values, len(act.phones))

    def get(self, name: str) -> str:
        return self.values.get(name, "")

    def with_phone(self, place: int, phone: ActPhone) -> Self:
        """The form with what is known of a phone filled in where nothing was typed."""
        known = {f"{name}_{place}": getattr(phone, name) for name in (*PHONE_LINES, *PHONE_TEXTS)}
        filled = {name: value for name, value in known.items() if not self.get(name).strip()}
        return type(self)({**self.values, **filled}, self.phones)

    def with_sender(self, known: Mapping[str, str]) -> Self:
        """The form with what is known of whoever is signed in, where nothing was typed."""
        filled = {name: value for name, value in known.items() if not self.get(name).strip()}
        return type(self)({**self.values, **filled}, self.phones)

    def longer(self) -> Self:
        """The form with room for one phone more."""
        return type(self)(self.values, min(PHONES_MAX, self.phones + 1))

    @property
    def places(self) -> list[int]:
        return list(range(1, self.phones + 1))

    def act(self, today: date, *, consent_needed: bool = True) -> Act:
        """The act that the form makes; raises ActIncompleteError with every fault."""
        return _Reader(self).act(today, consent_needed=consent_needed)


class _Reader:
    """Reads a form to its end, gathering what is wrong."""

    def __init__(self, typed: TypedAct) -> None:
        self._typed = typed
        self._faults: dict[str, RefusedError] = {}

    def act(self, today: date, *, consent_needed: bool) -> Act:
        customer = self._customer()
        sender = {
            name: self._line(name, phrase, needed=needed)
            for name, (phrase, needed) in SENDER.items()
        }
        if customer is not CustomerKind.CONSUMER and not sender["organisation"]:
            self._missing("organisation", SENDER["organisation"][0])
        sender["email"] = self._email(sender["email"])
        if sender["inn"] and not is_inn(sender["inn"]):
            self._faults["inn"] = ActInnError()
        if consent_needed and not self._typed.get("consent"):
            self._faults["consent"] = ActConsentError()
        phones = self._phones()
        if self._faults:
            raise ActIncompleteError(self._faults)
        erased = bool(self._typed.get("erased"))
        return Act(signed_on=today, phones=phones, customer=customer, erased=erased, **sender)

    def _phones(self) -> tuple[ActPhone, ...]:
        found: list[ActPhone] = []
        for place in self._typed.places:
            # An empty block is room that was not needed; the first phone is always asked for.
            if place == 1 or any(
                self._typed.get(f"{n}_{place}").strip() for n in ("serial", "fault")
            ):
                found.append(self._phone(place, {one.serial for one in found}))
        return tuple(found)

    def _phone(self, place: int, above: set[str]) -> ActPhone:
        lines = {name: self._line(f"{name}_{place}", Phrase(name, name)) for name in PHONE_LINES}
        texts = {
            name: self._line(f"{name}_{place}", Phrase(name, name), limit=TEXT_MAX)
            for name in PHONE_TEXTS
        }
        lines["serial"] = self._serial(place, lines["serial"], above)
        lines["mac"] = self._mac(place, lines["mac"])
        if not texts["fault"]:
            self._missing(f"fault_{place}", Phrase("Что не работает", "What fails"))
        symptom = self._typed.get(f"symptom_{place}")
        known = next((one for one in Symptom if one == symptom), Symptom.OTHER)
        return ActPhone(symptom=known, **lines, **texts)

    def _serial(self, place: int, typed: str, above: set[str]) -> str:
        name = f"serial_{place}"
        try:
            serial = SerialNumber.parse(typed)
        except BadSerialError:
            self._faults[name] = ActSerialError(serial=typed[:64])
            return typed
        if serial.is_own_form and not serial.has_check_character:
            self._faults[name] = ActSerialTypoError()
        elif serial.text in above:
            self._faults[name] = ActSerialTwiceError()
        return serial.text

    def _mac(self, place: int, typed: str) -> str:
        if not typed:
            return ""
        try:
            return MacAddress.parse(typed).hex
        except BadMacError:
            self._faults[f"mac_{place}"] = ActMacError()
            return typed

    def _email(self, typed: str) -> str:
        found = bare_address(typed)
        if typed and not found:
            self._faults["email"] = ActMailError()
        return found

    def _customer(self) -> CustomerKind:
        chosen = self._typed.get("customer")
        return next((kind for kind in CustomerKind if kind == chosen), CustomerKind.LEGAL)

    def _line(
        self, name: str, phrase: Phrase, *, needed: bool = False, limit: int = LINE_MAX
    ) -> str:
        value = _clean(self._typed.get(name))
        if needed and not value:
            self._missing(name, phrase)
        if len(value) > limit:
            self._faults[name] = ActLengthError(limit=limit)
        return value

    def _missing(self, name: str, phrase: Phrase) -> None:
        self._faults[name] = ActFieldError(name=phrase.en, name_ru=phrase.ru)


def _clean(text: str) -> str:
    """The words without what a page or a paper would act on: no control or direction marks."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").split("\n")
    kept = "\n".join("".join(c for c in line if c.isprintable() or c == "\t") for line in lines)
    return kept.strip()
