"""The sentences of the warranty rules, as data, and the line that a rule leaves in an answer.

Numbers: W-1 whom the rules cover, W-2 the term, W-3 its first day, W-4 what a supply contract
changes, W-5 and W-6 until when a claim is in time, W-7 time in repair, W-8 replacement, W-12 the
union of all rights. No sentence names a document, a contract's number or a person: those stand in
`reference`, which a public page must not print.
"""

from dataclasses import dataclass
from datetime import date

from support.phrases import Detail, Phrase, filled


@dataclass(frozen=True)
class RuleApplied:
    """One step of an answer: the rule, what it says of this device, the date and the evidence.

    `on` is the day that the step turns on and `reference` the paper or record behind it, where
    there is one.
    """

    rule: str
    ru: str
    en: str
    on: date | None
    reference: str | None

    def text(self, language: str) -> str:
        """The Russian sentence for "ru", the English one for any other language."""
        return self.ru if language == "ru" else self.en


@dataclass(frozen=True)
class RuleText:
    """A rule's number and one of the sentences that it can say."""

    rule: str
    template: Phrase

    def applied(
        self, *, on: date | None = None, reference: str | None = None, **details: Detail
    ) -> RuleApplied:
        """The sentence about one device, with its date (`{on}` in the template) and evidence."""
        said = filled(self.template, details if on is None else {**details, "on": on})
        return RuleApplied(self.rule, said.ru, said.en, on, reference)


def _rule(rule: str, ru: str, en: str) -> RuleText:
    return RuleText(rule, Phrase(ru, en))


OWN_PRODUCT = _rule(
    "W-1",
    "{product} — IP-телефон Flat Phone производства ФЛАТ-ПРО, гарантийные правила"
    " на него распространяются.",
    "{product} is a Flat Phone IP phone made by FLAT-PRO, so the warranty rules apply to it.",
)
OTHER_PRODUCT = _rule(
    "W-1",
    "Гарантийное обслуживание действует только для IP-телефонов Flat Phone производства"
    " ФЛАТ-ПРО; {product} к ним не относится.",
    "Warranty service covers only Flat Phone IP phones made by FLAT-PRO;"
    " {product} is not one of them.",
)

TERM_ENDS = _rule(
    "W-2",
    "Срок гарантии — {months}, начиная со следующего дня; последний день — {end} включительно.",
    "The warranty term is {months}, beginning with the next day; the last day is {end}, inclusive.",
)
TERM_WITHOUT_START = _rule(
    "W-2",
    "Срок гарантии — {months}; последний день станет известен, когда будет подтверждён день"
    " начала.",
    "The warranty term is {months}; its last day will be known once the first one is proved.",
)

START_PROVED = _rule(
    "W-3",
    "Срок исчисляется {event}: {on}. Основание — {evidence}.",
    "The term counts {event}: {on}. The evidence is {evidence}.",
)
START_FROM_INDIRECT = _rule(
    "W-3",
    "Срок исчисляется {event}, но этот день не подтверждён. Действующие условия допускают"
    " косвенное основание — {evidence}: {on}. Отсчёт ведётся от {counted_from}.",
    "The term counts {event}, but that day is not proved. The terms in force accept indirect"
    " evidence, {evidence}: {on}. The term is counted from {counted_from}.",
)
START_UNKNOWN = _rule(
    "W-3",
    "Срок исчисляется {event}, но этот день ничем не подтверждён.",
    "The term counts {event}, but nothing proves that day.",
)
START_ESTIMATED = _rule(
    "W-3",
    "Только оценка, не ответ. Известно косвенное основание — {evidence}: {on}. При отсчёте"
    " от {counted_from} последним днём было бы {end}.",
    "An estimate only, not an answer. Indirect evidence is known, {evidence}: {on}. Counted"
    " from {counted_from}, the last day would be {end}.",
)
EVIDENCE_UNUSED = _rule(
    "W-3",
    "Известно и другое основание — {evidence}: {on}. На ответ оно не влияет.",
    "Other evidence is known too, {evidence}: {on}. It does not change the answer.",
)

TERM_AGREED = _rule(
    "W-4",
    "Срок гарантии — {months}: его устанавливает {source}. По общему правилу — {standard}.",
    "The warranty term is {months}, as {source} says. The general rule is {standard}.",
)
START_AGREED = _rule(
    "W-4",
    "Срок исчисляется {event}: начало срока устанавливает {source}.",
    "The term counts {event}, as {source} says.",
)
CONTRACT_SILENT = _rule(
    "W-4",
    "Договор поставки не меняет для этого изделия ни срок, ни его начало: действует общее правило.",
    "The supply contract changes neither the term nor its start for this product: the general"
    " rule stands.",
)
CONTRACT_UNRECORDED = _rule(
    "W-4",
    "Для этого телефона указан договор поставки, условия которого не внесены: применено общее"
    " правило.",
    "A supply contract is named for this phone, but its terms are not on record: the general rule"
    " was applied.",
)

CLAIM_IN_TIME = _rule(
    "W-5",
    "Заявить о неисправности можно по {end} включительно, до 24:00 по Москве. Отправленное почтой"
    " считается поданным в день отправки.",
    "A fault may be reported until {end}, inclusive, by 24:00 Moscow time. What is sent by post"
    " counts on the day it was handed in.",
)
LAST_DAY_OFF = _rule(
    "W-6",
    "{end} — выходной, поэтому заявления принимаются по {until} включительно.",
    "{end} is a day off, so claims are taken until {until}, inclusive.",
)
LAST_DAY_OFF_PROVISIONAL = _rule(
    "W-6",
    "{end} — выходной, поэтому заявления принимаются по {until} включительно. Перенос выходных"
    " в том году ещё не утверждён, день может измениться.",
    "{end} is a day off, so claims are taken until {until}, inclusive. The days off of that year"
    " are not decreed yet, so the day may change.",
)

TIME_IN_REPAIR = _rule(
    "W-7",
    "Телефон был в ремонте с {start} по {end}: срок гарантии продлён на {days}.",
    "The phone was in repair from {start} to {end}: the warranty is longer by {days}.",
)

REPLACED = _rule(
    "W-8",
    "{on} телефон заменён. Гарантия на него закончилась в этот день; требования предъявляют по"
    " телефону, выданному взамен.",
    "The phone was replaced on {on}. Its warranty ended on that day; claims are made for the phone"
    " given in its place.",
)
GIVEN_IN_PLACE = _rule(
    "W-8",
    "Телефон выдан {on} взамен неисправного: {policy}.",
    "The phone was given on {on} in place of a faulty one: {policy}.",
)

RIGHT_COUNTED = _rule(
    "W-12",
    "{right}: с {start} по {end} включительно.",
    "{right}: from {start} to {end}, inclusive.",
)
RIGHT_NOT_COUNTED = _rule(
    "W-12",
    "{right}: с {start} по {end} включительно. Срок гарантии это право не продлевает.",
    "{right}: from {start} to {end}, inclusive. This right does not extend the warranty.",
)
PERIODS_APART = _rule(
    "W-12",
    "Между известными периодами гарантии есть перерыв: с {start} по {end} включительно.",
    "There is a gap between the known periods of warranty: {start} to {end}, inclusive.",
)
DAY_INSIDE = _rule(
    "W-12",
    "{today} входит в период гарантии с {start} по {end} включительно.",
    "{today} lies in the period of warranty from {start} to {end}, inclusive.",
)
DAY_AFTER = _rule(
    "W-12",
    "{today} не входит ни в один известный период гарантии: последний из прошедших закончился"
    " {end}.",
    "{today} lies in no known period of warranty: the last one before it ended on {end}.",
)
DAY_BEFORE = _rule(
    "W-12",
    "{today} не входит ни в один известный период гарантии: первый начинается {start}.",
    "{today} lies in no known period of warranty: the first one begins on {start}.",
)
NO_PERIOD = _rule(
    "W-12",
    "Ни одного периода гарантии с известными датами нет.",
    "There is no period of warranty whose dates are known.",
)

# The answer in one sentence. It holds only what a stranger with a serial number may be told.
COVERED = Phrase(
    "Гарантия действует по {until} включительно.",
    "The warranty is in force until {until}, inclusive.",
)
NOT_COVERED = Phrase(
    "Гарантия на этот телефон не действует.",
    "This device is not under warranty.",
)
NOT_ESTABLISHED = Phrase(
    "Срок гарантии не установлен: день начала срока не подтверждён. Пришлите документ о передаче"
    " оборудования (УПД, накладную или акт).",
    "The warranty term is not established: nothing proves the day it began. Please send the"
    " document of handover (invoice, delivery note or acceptance act).",
)
