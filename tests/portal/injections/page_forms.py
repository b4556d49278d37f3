"""The forms of a page: where each one goes, and what its fields hold before anybody types."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(frozen=True)
class PageForm:
    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(PageForm(told.get("method", "get").upper(), told.get("action", "")))
        elif not self.forms:
            return
        elif tag == "option":
            # The first choice that is one: most begin with a line that asks to choose.
            fields = self.forms[-1].fields
            if self._select and not fields[self._select]:
                fields[self._select] = told.get("value", "")
        elif name := told.get("name", ""):
            self._select = name if tag == "select" else ""
            if tag in {"input", "select", "textarea", "button"} and told.get("type") != "file":
                self.forms[-1].fields.setdefault(name, told.get("value", ""))


def forms_of(page: str) -> Sequence[PageForm]:
    reader = _Reader()
    reader.feed(page)
    return reader.forms
