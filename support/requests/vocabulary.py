"""The words of support requests: how they come, what is wrong, why they may be refused."""

from enum import StrEnum

from support.phrases import Phrase


class Channel(StrEnum):
    """S-2: the ways a request comes."""

    FORM = "form"
    EMAIL = "email"
    PHONE = "phone"
    PORTAL = "portal"

    @property
    def phrase(self) -> Phrase:
        return _CHANNELS[self]


_CHANNELS = {
    Channel.FORM: Phrase("форма на сайте", "web form"),
    Channel.EMAIL: Phrase("письмо", "e-mail"),
    Channel.PHONE: Phrase("звонок", "phone call"),
    Channel.PORTAL: Phrase("личный кабинет", "customer portal"),
}


class Symptom(StrEnum):
    """What is wrong, coarse enough that two people tell the same fault alike (N-4)."""

    POWER = "power"
    REGISTRATION = "registration"
    SOUND = "sound"
    CALLS = "calls"
    DISPLAY = "display"
    NETWORK = "network"
    FIRMWARE = "firmware"
    SETTINGS = "settings"
    OTHER = "other"

    @property
    def phrase(self) -> Phrase:
        return _SYMPTOMS[self]


_SYMPTOMS = {
    Symptom.POWER: Phrase("не включается, перезагружается", "does not start, restarts"),
    Symptom.REGISTRATION: Phrase("нет регистрации на сервере", "no registration"),
    Symptom.SOUND: Phrase("плохой звук или его нет", "bad sound or none"),
    Symptom.CALLS: Phrase("вызовы не проходят, обрываются", "calls fail or drop"),
    Symptom.DISPLAY: Phrase("экран, кнопки, трубка", "display, keys, handset"),
    Symptom.NETWORK: Phrase("сеть, VLAN, PoE", "network, VLAN, PoE"),
    Symptom.FIRMWARE: Phrase("обновление прошивки", "firmware update"),
    Symptom.SETTINGS: Phrase("настройка", "settings"),
    Symptom.OTHER: Phrase("другое", "something else"),
}


class RefusalCode(StrEnum):
    """N-1…N-5: the closed list of reasons for which a request may be refused."""

    INFO_MISSING = "INFO_MISSING"
    SKILL_GAP = "SKILL_GAP"
    ABUSE = "ABUSE"
    DUPLICATE = "DUPLICATE"
    OVERDUE_RECEIVABLE = "OVERDUE_RECEIVABLE"

    @property
    def phrase(self) -> Phrase:
        return _REFUSALS[self]


_REFUSALS = {
    RefusalCode.INFO_MISSING: Phrase("Нет нужных сведений", "What is needed was not told"),
    RefusalCode.SKILL_GAP: Phrase("Не хватает знаний", "Knowledge is lacking"),
    RefusalCode.ABUSE: Phrase("Брань, оскорбления", "Obscene or insulting language"),
    RefusalCode.DUPLICATE: Phrase("Уже зарегистрировано", "Registered already"),
    RefusalCode.OVERDUE_RECEIVABLE: Phrase("Просроченный долг", "Overdue debt"),
}


class RefusalState(StrEnum):
    """A refusal is proposed by one person and decided by another; the User may appeal."""

    PROPOSED = "proposed"
    REJECTED = "rejected"
    IN_FORCE = "in-force"
    APPEALED = "appealed"
    UPHELD = "upheld"
    LIFTED = "lifted"

    @property
    def phrase(self) -> Phrase:
        return _REFUSAL_STATES[self]


_REFUSAL_STATES = {
    RefusalState.PROPOSED: Phrase("ждёт второго мнения", "awaits a second opinion"),
    RefusalState.REJECTED: Phrase("отклонён вторым сотрудником", "turned down by the reviewer"),
    RefusalState.IN_FORCE: Phrase("действует", "in force"),
    RefusalState.APPEALED: Phrase("обжалован", "appealed against"),
    RefusalState.UPHELD: Phrase("оставлен в силе", "upheld"),
    RefusalState.LIFTED: Phrase("снят по жалобе", "lifted on appeal"),
}


class Author(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"


class EventKind(StrEnum):
    """What is recorded of a request; the first four are what its clocks are reckoned from."""

    TERMS = "terms"
    STATE = "state"
    ANSWERED = "answered"
    RESTORED = "restored"
    ASKED = "asked"
    ATTESTED = "attested"
    DESCRIBED = "described"
    ASSIGNED = "assigned"
    ESCALATED = "escalated"
    LINKED = "linked"
    REFUSAL = "refusal"
    REVEALED = "revealed"
