"""The form of a family file's pages: JSON pointers, XPath or patterns, and how to log in."""

import re
from typing import Annotated, Literal, Self
from xml.etree import ElementTree as ET

from pydantic import Field, model_validator

from provision.families.family import HttpLogin, HttpMap, HttpPage, PageFormat, Picker
from provision.families.form_parts import (
    FactName,
    Form,
    LineColumn,
    Name,
    Port,
    Regex,
    UrlPath,
    compiled,
    groups,
)

_POINTER = re.compile(r"(/[^/]+)+")
_ANY = re.compile("")
Pointer = Annotated[str, Field(pattern=rf"^{_POINTER.pattern}$")]


class PickerForm(Form):
    """Where a value stands; a bare text is a place without a pattern."""

    at: str = ""
    pattern: Annotated[Regex, groups("value")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, given: object) -> object:
        return {"at": given} if isinstance(given, str) else given

    def built(self) -> Picker:
        return Picker(self.at, self.pattern)


class PointerForm(PickerForm):
    """A place in a JSON page."""

    @model_validator(mode="after")
    def _is_a_pointer(self) -> Self:
        _check_place(PageFormat.JSON, self)
        return self


class PageForm(Form):
    path: UrlPath
    format: PageFormat = PageFormat.JSON
    fields: Annotated[
        dict[FactName, Annotated[list[PickerForm], Field(min_length=1)]], Field(min_length=1)
    ]
    lines_at: Annotated[str, Field(min_length=1)] | None = None
    line_fields: dict[LineColumn, PickerForm] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _places_fit_the_format(self) -> Self:
        places = [one for many in self.fields.values() for one in many]
        for place in [*places, *self.line_fields.values()]:
            _check_place(self.format, place)
        if self.lines_at is not None:
            rows = PickerForm(at=self.lines_at)
            if self.format is PageFormat.TEXT:
                rows = PickerForm(pattern=compiled(self.lines_at))
            _check_place(self.format, rows, rows=True)
        return self

    def built(self) -> HttpPage:
        return HttpPage(
            path=self.path,
            format=self.format,
            fields={name: tuple(one.built() for one in many) for name, many in self.fields.items()},
            lines_at=self.lines_at,
            line_fields={name: one.built() for name, one in self.line_fields.items()},
        )


def _check_place(kind: PageFormat, place: PickerForm, *, rows: bool = False) -> None:
    """ValueError where a place is none of its format."""
    if kind is PageFormat.JSON and _POINTER.fullmatch(place.at) is None:
        raise ValueError(f"not a JSON pointer: {place.at}")
    if kind is PageFormat.XML:
        _check_xpath(place.at)
    if kind is PageFormat.TEXT and (place.at or place.pattern is None):
        raise ValueError("in a text each place is a pattern")
    if kind is PageFormat.TEXT and not rows and "value" not in (place.pattern or _ANY).groupindex:
        raise ValueError("the pattern has no group value")


def _check_xpath(path: str) -> None:
    element, _, _attribute = path.partition("/@")
    try:
        ET.Element("probe").find(element or ".")
    except (SyntaxError, KeyError, TypeError) as error:
        raise ValueError(f"not an XPath that is understood here: {path}") from error


class HttpForm(Form):
    """`path` with `fields` is one JSON page; more, or others, stand under `page`."""

    port: Port | None = None
    scheme: Literal["http", "https"] = "http"
    login: HttpLogin = HttpLogin.DIGEST
    # Basic without TLS shows the password to everybody on the way.
    basic_in_clear: bool = False
    old_tls: bool = False
    path: UrlPath | None = None
    fields: dict[FactName, Annotated[list[PointerForm], Field(min_length=1)]] = Field(
        default_factory=dict
    )
    lines_at: Pointer | None = None
    line_fields: dict[LineColumn, PointerForm] = Field(default_factory=dict)
    page: list[PageForm] = Field(default_factory=list)
    actions: dict[Name, UrlPath] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _pages_and_login(self) -> Self:
        if not self._pages():
            raise ValueError("no page to read")
        clear = self.login is HttpLogin.BASIC and self.scheme == "http"
        if clear and not self.basic_in_clear:
            raise ValueError("login = basic needs scheme = https, or basic_in_clear = true")
        return self

    def _pages(self) -> list[PageForm]:
        if self.path is None:
            return self.page
        first = PageForm(
            path=self.path,
            fields={name: list(many) for name, many in self.fields.items()},
            lines_at=self.lines_at,
            line_fields=dict(self.line_fields),
        )
        return [first, *self.page]

    def built(self) -> HttpMap:
        return HttpMap(
            port=self.port or (443 if self.scheme == "https" else 80),
            pages=tuple(form.built() for form in self._pages()),
            scheme=self.scheme,
            login=self.login,
            old_tls=self.old_tls,
            actions=self.actions,
        )
