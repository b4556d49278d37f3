"""The forms and links of a rendered page, as a browser would find them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import urljoin

#: What a person does not write into.
PUSHED = {"submit", "button", "image", "reset", "file"}


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    value: str = ""
    options: tuple[str, ...] = ()

    @property
    def takes_text(self) -> bool:
        """Whoever sends the form by a program may put any text into it, a list's choice too."""
        return self.kind not in PUSHED and self.name != "csrf_token"


@dataclass(frozen=True)
class PageForm:
    """`address` is absolute within the site."""

    address: str
    posts: bool
    fields: tuple[Field, ...]


@dataclass
class Page(HTMLParser):
    """Fed with a page's text, it holds what leads on."""

    address: str
    links: list[str] = field(default_factory=list)
    forms: list[PageForm] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._form: PageForm | None = None
        self._open: Field | None = None
        self._pushes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in told:
            self.links.append(urljoin(self.address, told["href"]))
        elif tag == "form":
            aim = urljoin(self.address, told.get("action", ""))
            self._form = PageForm(aim, told.get("method", "").lower() == "post", ())
        elif tag == "option" and self._open:
            option = told.get("value", "")
            value = option if "selected" in told else self._open.value
            self._open = replace(self._open, value=value, options=(*self._open.options, option))
        elif tag in {"input", "textarea", "select", "button"} and self._form:
            self._take(tag, told)

    def _take(self, tag: str, told: dict[str, str]) -> None:
        if "formaction" in told:
            self._pushes.append(urljoin(self.address, told["formaction"]))
        if not told.get("name"):
            return
        kind = {"button": "submit"}.get(tag, told.get("type", "text") if tag == "input" else tag)
        found = Field(told["name"], kind, told.get("value", ""))
        if tag in {"select", "textarea"}:
            self._open = found
        elif kind not in {"checkbox", "radio"} or "checked" in told or not found.value:
            self._add(found)
        else:
            self._add(replace(found, options=(found.value,), value=""))

    def handle_data(self, data: str) -> None:
        if self._open and self._open.kind == "textarea":
            self._open = replace(self._open, value=self._open.value + data)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"select", "textarea"} and self._open:
            self._add(self._open)
            self._open = None
        elif tag == "form" and self._form:
            aims: Sequence[str] = (self._form.address, *self._pushes)
            self.forms += [PageForm(aim, self._form.posts, self._form.fields) for aim in aims]
            self._form, self._pushes = None, []

    def _add(self, found: Field) -> None:
        if self._form:
            more = (*self._form.fields, found)
            self._form = PageForm(self._form.address, self._form.posts, more)


def page_of(address: str, text: str) -> Page:
    page = Page(address)
    page.feed(text)
    return page
