"""The form of a new rollout, read once; what was typed stays with the page."""

import re
from collections.abc import Mapping
from datetime import timedelta

from provision.rollouts import waves, windows
from provision.rollouts.planning import BadLimitError, NewRollout
from storage.refusals import RefusedError

_NUMBER = re.compile(r"\d{1,4}(?:[.,]\d{1,2})?")
_LINES_MAX = 20_000


class NoReleaseError(RefusedError):
    code = "no-release-chosen"
    field = "release"
    ru = "Выберите выпуск."
    en = "Choose a release."


def read(form: Mapping[str, str]) -> NewRollout:
    """The rollout that was typed; raises a refusal that names its field."""
    product, _sep, version = form.get("release", "").strip()[:80].partition(" ")
    if not version:
        raise NoReleaseError
    return NewRollout(
        product=product,
        version=version.strip(),
        site=form.get("site", "").strip()[:200] or None,
        waves=waves.parse_all(form.get("waves", "")[:_LINES_MAX].splitlines()),
        stop_percent=_number(form.get("stop", "5")),
        deadline=timedelta(hours=_number(form.get("deadline", "24"))),
        window=windows.parse(form.get("window", "")[:40]),
        asks_approval=bool(form.get("approval")),
    )


def _number(text: str) -> float:
    text = text.strip().removesuffix("%").strip()
    if not _NUMBER.fullmatch(text):
        raise BadLimitError
    return float(text.replace(",", "."))
