"""A form that came twice at once: the database takes one, and tells the other so."""

from collections.abc import Callable

from sqlalchemy.exc import IntegrityError


def beaten_once(write: Callable[..., object]) -> Callable[..., object]:
    """`write` as it is for whoever comes second: the first try meets the other's row."""
    tries: list[int] = []

    def attempt(*words: object, **more: object) -> object:
        tries.append(1)
        if len(tries) == 1:
            raise IntegrityError("INSERT", {}, ValueError("duplicate key"))
        return write(*words, **more)

    return attempt
