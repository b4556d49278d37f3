"""What support writes by itself: that a request has come, and what a person has answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from support.civil_dates import moment_text
from support.mailroom.letters import CUT_LINE_EN, CUT_LINE_RU, Letter
from support.mailroom.threads import subject_tag, without_tag
from support.phrases import Phrase

#: N-1: what of the required set may be missing, as people are asked for it.
MISSING = {
    "product": Phrase("изделие (на этикетке телефона)", "the product (on the phone's label)"),
    "serial": Phrase("серийный номер", "the serial number"),
    "firmware": Phrase("версия прошивки", "the firmware version"),
}


@dataclass(frozen=True)
class Addressed:
    """Whom a letter about a request goes to, and what it says of the request."""

    number: int
    thread: str
    email: str
    name: str
    language: str
    subject: str
    link: str
    in_reply_to: str = ""

    @property
    def is_russian(self) -> bool:
        return self.language == "ru"

    def letter(self, purpose: str, body: str, *, automatic: bool) -> Letter:
        """The letter, with its greeting, its link and the line below which nothing is read."""
        hello = f"Здравствуйте, {self.name}!" if self.is_russian else f"Hello {self.name},"
        if not self.name:
            hello = "Здравствуйте!" if self.is_russian else "Hello,"
        cut = CUT_LINE_RU if self.is_russian else CUT_LINE_EN
        follow = "Обращение на сайте: " if self.is_russian else "The request on our site: "
        sign = (
            "ФЛАТ-ПРО, техническая поддержка" if self.is_russian else "FLAT-PRO technical support"
        )
        text = f"{cut}\n\n{hello}\n\n{body}\n\n{follow}{self.link}\n\n-- \n{sign}\n"
        return Letter(
            recipient=self.email,
            subject=f"{without_tag(self.subject)} {subject_tag(self.number, self.thread)}".strip(),
            text=text,
            purpose=purpose,
            about=f"request:{self.number}",
            automatic=automatic,
            thread=self.thread,
            in_reply_to=self.in_reply_to,
        )


def acknowledged(
    to: Addressed, *, counts_from: datetime, is_open: bool, answer_by: datetime | None,
    missing: Sequence[str], has_contract: bool,
) -> Letter:  # fmt: skip
    """That the request has come, and when its time begins to count (S-3)."""
    language = to.language
    moment = moment_text(counts_from, language)
    parts = [
        _say(
            to, f"Обращение № {to.number} зарегистрировано.", f"Request {to.number} is registered."
        )
    ]
    if not is_open:
        parts.append(
            _say(
                to,
                f"Сейчас нерабочее время. Время по обращению считается с открытия: {moment}.",
                f"We are closed now. The request's time counts from the next opening: {moment}.",
            )
        )
    if answer_by is not None:
        by = moment_text(answer_by, language)
        parts.append(_say(to, f"Мы ответим не позже {by}.", f"We will answer by {by}."))
    elif not has_contract:
        parts.append(
            _say(
                to,
                # One text for all who are promised nothing here: some have a package and may not
                # learn of it, as whoever types a serial number has proved nothing.
                "Время ответа обещано по пакету поддержки. Бесплатная поддержка не имеет"
                " регламентированного времени: отвечаем в порядке поступления.",
                "A time of response is promised under a support package. Free support has no"
                " regulated time: we answer in order of arrival.",
            )
        )
    if missing:
        names = "\n".join(f"— {MISSING[name].text(language)}" for name in missing)
        parts.append(
            _say(
                to,
                f"Чтобы помочь, нам нужны ещё сведения. Ответьте на это письмо, указав:\n{names}",
                f"To help, we need to know more. Please answer this letter with:\n{names}",
            )
        )
    return to.letter("request.acknowledged", "\n\n".join(parts), automatic=True)


def answered(to: Addressed, text: str) -> Letter:
    """A person's answer."""
    return to.letter("request.answered", text, automatic=False)


def refused(to: Addressed, reason: Phrase, text: str, extra: str) -> Letter:
    """N-6: that a request was not taken, why, and how to appeal."""
    why = reason.text(to.language)
    body = _say(
        to,
        f"Обращение № {to.number} не принято: {why}.\n\n{text}{extra}\n\nЕсли вы не"
        " согласны, напишите об этом на странице обращения: решение пересмотрит другой сотрудник.",
        f"Request {to.number} was not taken: {why}.\n\n{text}{extra}\n\nIf you"
        " disagree, say so on the request's page: somebody else will look at the decision again.",
    )
    return to.letter("request.refused", body, automatic=True)


def appeal_decided(to: Addressed, text: str, *, lifted: bool) -> Letter:
    """What became of an appeal."""
    if lifted:
        head = _say(
            to,
            "Отказ снят, обращение принято в работу. Время считается с первого письма.",
            "The refusal is lifted and the request taken. Its time counts from the first letter.",
        )
    else:
        head = _say(to, "Отказ оставлен в силе.", "The refusal stands.")
    return to.letter("request.appeal", f"{head}\n\n{text}".strip(), automatic=True)


def too_large(to: Addressed, limit_mb: int) -> Letter:
    """That a letter's files were too large, and what to do."""
    body = _say(
        to,
        f"Ваше письмо больше {limit_mb} МБ, поэтому файлы из него не приняты. Обращение"
        f" № {to.number} создано; приложите файлы поменьше на его странице.",
        f"Your letter is larger than {limit_mb} MB, so its files were not taken. Request"
        f" {to.number} is open; attach smaller files on its page.",
    )
    return to.letter("request.too-large", body, automatic=True)


def escalated(
    recipient: str, *, number: int, subject: str, promise: Phrase, level: int,
    deadline: datetime | None, link: str, assigned_to: str,
) -> Letter:  # fmt: skip
    """S-14: for the team: how much of a promised time is used."""
    by = moment_text(deadline, "ru") if deadline else "—"
    return Letter(
        recipient=recipient,
        subject=f"{level} %: № {number}, {promise.ru.lower()}",
        text=(
            f"Обращение № {number}: {subject}\n\n{promise.ru}: использовано {level} % времени,"
            f" срок — {by}.\nОтветственный: {assigned_to or 'не назначен'}.\n\n{link}\n"
        ),
        purpose="request.escalated",
        about=f"request:{number}",
    )


def filled_template(text: str, values: Mapping[str, str]) -> str:
    """A ready answer with {name}, {number} and {product} filled in; the rest stays as it is."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _say(to: Addressed, ru: str, en: str) -> str:
    return ru if to.is_russian else en
