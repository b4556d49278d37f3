"""Letters about a repair: what has happened, what follows, and the address to look at."""

from dataclasses import dataclass

from support.mailroom.letters import Letter
from support.phrases import Phrase

_SIGN = Phrase("ФЛАТ-ПРО, сервисный центр", "FLAT-PRO service centre")


@dataclass(frozen=True)
class RepairMail:
    """To whom letters about an act go, and where the act is followed."""

    number: str
    email: str
    name: str
    language: str
    link: str

    def say(self, phrase: Phrase) -> str:
        return phrase.text(self.language)

    def letter(self, purpose: str, subject: Phrase, body: Phrase) -> Letter:
        """The letter, with its greeting and its link."""
        hello = Phrase(f"Здравствуйте, {self.name}!", f"Hello {self.name},")
        follow = Phrase("Ход ремонта: ", "How the repair goes: ")
        text = (
            f"{self.say(hello)}\n\n{self.say(body)}\n\n{self.say(follow)}{self.link}\n\n"
            f"-- \n{self.say(_SIGN)}\n"
        )
        return Letter(
            recipient=self.email,
            subject=f"{self.say(subject)}: {self.number}",
            text=text,
            purpose=purpose,
            about=f"repair:{self.number}",
        )


def filed(to: RepairMail, count: int, centre: str, address: str) -> Letter:
    """That the act is registered, and what to do now (F-3)."""
    return to.letter(
        "repair.filed",
        Phrase("Акт неисправности", "Fault report"),
        Phrase(
            f"Акт {to.number} зарегистрирован, телефонов в нём: {count}.\n\nРаспечатайте его по"
            f" ссылке ниже, подпишите и вложите в посылку. Адрес: {centre}, {address}.\n\nСрок"
            " ремонта, 14 календарных дней, считается со дня, следующего за днём получения.",
            f"The report {to.number} is registered, with {count} phone(s).\n\nPrint it from the"
            f" address below, sign it and put it into the parcel. Send it to: {centre}, {address}."
            "\n\nThe repair term, 14 calendar days, counts from the day after we receive it.",
        ),
    )
