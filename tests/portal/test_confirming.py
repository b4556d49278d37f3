"""Steps that want a second look: red where something ends or is lost, quiet everywhere else."""

import re
from pathlib import Path

import pytest

from portal.languages import PACKAGES
from portal.translating import ROOT

_OPENED = re.compile(r"{%-? *(?:call|endcall)\b.*?%}", re.DOTALL)
_CONFIRM = re.compile(r'confirm\((?P<label>.*?)(?P<danger>, "danger")?\) *-?%}$', re.DOTALL)
#: Its callers choose the tone of the opener and of the button together.
_CHOSEN_BY_CALLERS = "confirm(opens, tone)"


def test_the_button_that_opens_a_step_is_red_exactly_where_its_last_button_is() -> None:
    steps = [step for path in templates() for step in confirmed(path)]

    assert len(steps) > 20
    assert [label for label, opens_red, ends_red in steps if opens_red != ends_red] == []


@pytest.mark.parametrize("label", ["Offer a paid repair…", "Change", "Hold back…", "Send back…"])
def test_what_can_be_undone_or_loses_nothing_is_calm(label: str) -> None:
    found = [opens_red for path in templates() for name, opens_red, _ in confirmed(path)
             if f'"{label}"' in name]  # fmt: skip

    assert found == [False]


def templates() -> list[Path]:
    return [path for package in PACKAGES for path in (ROOT / package).rglob("templates/**/*.html")]


def confirmed(path: Path) -> list[tuple[str, bool, bool]]:
    """Each step that a template confirms: its label, whether it opens red, and ends red."""
    text, open_calls, found = path.read_text(), [], []
    for mark in _OPENED.finditer(text):
        if "endcall" not in mark[0]:
            open_calls.append(mark)
            continue
        begun = open_calls.pop()
        told = _CONFIRM.search(begun[0])
        if told is not None and _CHOSEN_BY_CALLERS not in begun[0]:
            inside = text[begun.end() : mark.start()]
            found.append((told["label"], told["danger"] is not None, "btn-danger" in inside))
    return found
