"""Whether this installation is a mirror. One that is publishes nothing of its own.

The addresses of a mirror hold the upstream's signed bytes; a file of ours among them would be
signed by nobody whom the upstream's phones, people and mirrors believe.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalogue.mirrors.models import Mirror
from catalogue.models import Target
from storage.refusals import ConflictError

_ONLY = 1


class MirrorPublishesNothingError(ConflictError):
    code = "mirror-publishes-nothing"
    ru = (
        "Эта установка — зеркало {upstream}: здесь ничего не публикуют, не продвигают и не "
        "отзывают. Для своих файлов заведите отдельную установку."
    )
    en = (
        "This installation is a mirror of {upstream}: nothing is published, promoted or withdrawn "
        "here. Set up another installation for files of your own."
    )


class PublisherIsNoMirrorError(ConflictError):
    code = "publisher-is-no-mirror"
    ru = "Здесь уже опубликовано своё, файлов: {count}. Зеркалу нужна своя папка данных."
    en = "This installation has published files of its own: {count}. A mirror needs its own data."


def of(session: Session) -> Mirror | None:
    """The row of a mirror; None where there is none."""
    return session.get(Mirror, _ONLY)


def new() -> Mirror:
    """The row of an installation that becomes a mirror."""
    return Mirror(id=_ONLY, generation=0)


def refuse_publishing(session: Session) -> None:
    """Raise MirrorPublishesNothingError on a mirror."""
    refusal = refusal_to_publish(session)
    if refusal is not None:
        raise refusal


def refusal_to_publish(session: Session, upstream: str = "") -> MirrorPublishesNothingError | None:
    """What a form for publishing shows in its place; None where it may be filled in.

    `upstream` is what the settings name: until the first copy, an installation is not a mirror
    yet, and a file published by then would keep it from becoming one.
    """
    found = of(session)
    name = found.upstream if found is not None else upstream
    return MirrorPublishesNothingError(upstream=name) if name else None


def refuse_publisher(session: Session) -> None:
    """Raise PublisherIsNoMirrorError where something was published before."""
    count = session.scalar(select(func.count()).select_from(Target)) or 0
    if count:
        raise PublisherIsNoMirrorError(count=count)
