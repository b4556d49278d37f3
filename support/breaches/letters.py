"""Letters to the team: a leak is registered, a clock is nearly over, or is over."""

from support.breaches.clock import BreachClock, Level
from support.breaches.models import Breach
from support.civil_dates import moment_text
from support.mailroom.letters import Letter

_WORDS = {
    Level.RUNNING: "идёт срок",
    Level.SOON: "осталось меньше четверти срока",
    Level.LATE: "срок вышел",
}


def closing(breach: Breach, clock: BreachClock, team: str, link: str) -> Letter:
    """What is due by when. It tells nothing of what has leaked."""
    level = clock.level
    assert level is not None, "a clock that stands is not told of"
    what = clock.notice.phrase.ru
    return Letter(
        recipient=team,
        subject=f"Инцидент № {breach.id}, {what}: {_WORDS[level]}",
        text=(
            f"Инцидент с персональными данными № {breach.id}. Сообщить в Роскомнадзор ({what}) не"
            f" позже {moment_text(clock.due_at, 'ru')}: 152-ФЗ, ст. 21 ч. 3.1.\n\n{link}\n"
        ),
        purpose=f"breach.{clock.notice.value}-{level.name.lower()}",
        about=breach.subject,
    )
