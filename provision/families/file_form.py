"""The form of a family file: what it may hold, checked by pydantic, turned into a `Family`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from xml.etree import ElementTree as ET

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from provision.families.family import (
    AGENT_GROUPS,
    FACT_NAMES,
    LINE_COLUMNS,
    AgentShape,
    Family,
    Fillable,
    HttpLogin,
    HttpMap,
    HttpPage,
    Needs,
    OidSource,
    Output,
    OutputSource,
    PageFormat,
    PathKind,
    PathShape,
    Picker,
    SnmpLines,
    SnmpMap,
    SshMap,
    TemplateName,
)
from provision.families.formats import FORMATS
from provision.families.paths import path_pattern
from provision.families.setting_form import SettingForm


def _compiled(text: object) -> re.Pattern[str]:
    try:
        return re.compile(str(text))
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error


def _groups(*allowed: str) -> AfterValidator:
    def check(pattern: re.Pattern[str]) -> re.Pattern[str]:
        if unknown := set(pattern.groupindex) - set(allowed):
            raise ValueError(f"unknown group {min(unknown)}; known: {', '.join(allowed)}")
        return pattern

    return AfterValidator(check)


def _one_of(allowed: tuple[str, ...]) -> AfterValidator:
    def check(name: str) -> str:
        if name not in allowed:
            raise ValueError(f"unknown name {name}; known: {', '.join(allowed)}")
        return name

    return AfterValidator(check)


def _shape(text: object) -> tuple[str, re.Pattern[str]]:
    try:
        return str(text), path_pattern(str(text))
    except re.error as error:
        raise ValueError(f"a part is there twice: {error}") from error


def _numbered(oid: str, enterprise: int) -> str:
    return oid.replace("{enterprise}", str(enterprise))


Regex = Annotated[re.Pattern[str], BeforeValidator(_compiled)]
FactName = Annotated[str, _one_of(FACT_NAMES)]
LineColumn = Annotated[str, _one_of(LINE_COLUMNS)]
_OID = r"^1(\.(0|[1-9][0-9]*|\{enterprise\}))+"
Oid = Annotated[str, Field(pattern=_OID + r"$")]
RowOid = Annotated[str, Field(pattern=_OID + r"\.\{row\}$")]
_POINTER = re.compile(r"(/[^/]+)+")
_ANY = re.compile("")
Pointer = Annotated[str, Field(pattern=rf"^{_POINTER.pattern}$")]
UrlPath = Annotated[str, Field(pattern=r"^/[!-~]*$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Text = Annotated[str, Field(min_length=1, max_length=256)]


# Plain words and numbers, in at most two levels of tables.
DataValue = str | int | bool
DataTable = DataValue | dict[str, DataValue | dict[str, DataValue]]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AgentForm(_Form):
    pattern: Annotated[Regex, _groups(*AGENT_GROUPS)]

    def built(self) -> AgentShape:
        return AgentShape(self.pattern)


class PathForm(_Form):
    kind: PathKind
    shape: Annotated[tuple[str, re.Pattern[str]], BeforeValidator(_shape)]
    methods: Annotated[
        list[Literal["GET", "HEAD", "PUT", "POST", "SUBSCRIBE"]], Field(min_length=1)
    ] = [
        "GET",
        "HEAD",
    ]

    def built(self) -> PathShape:
        text, pattern = self.shape
        return PathShape(self.kind, pattern, "?" in text, tuple(self.methods))


class OutputForm(_Form):
    format: Annotated[str, _one_of(tuple(FORMATS))]
    media_type: Text
    closing: Annotated[str, Field(pattern=r"\{sha256\}")] | None = None
    masks: list[Annotated[Regex, _groups("hidden")]] = []
    templates: dict[TemplateName, Annotated[str, Field(pattern=r"^[a-z0-9_.\-]+$")]]

    def built(
        self, templates: Mapping[TemplateName, Fillable], data: Mapping[str, object]
    ) -> Output:
        return Output(
            format=self.format,
            media_type=self.media_type,
            closing=self.closing,
            masks=tuple(self.masks),
            templates=templates,
            data=data,
        )


#: Of a family that is only read: rendering anything for it is refused, as it has no template.
READ_ONLY = Output("lines", "text/plain; charset=utf-8", None, (), {})


class OidForm(_Form):
    mib: Text
    oid: Oid
    divide: Annotated[int, Field(ge=1)] = 1
    pattern: Annotated[Regex, _groups("value")] | None = None

    def built(self, enterprise: int) -> OidSource:
        return OidSource(_numbered(self.oid, enterprise), self.mib, self.divide, self.pattern)


class SnmpLinesForm(_Form):
    mib: Text
    rows: Annotated[int, Field(ge=1, le=32)]
    columns: Annotated[dict[LineColumn, RowOid], Field(min_length=1)]

    def built(self, enterprise: int) -> SnmpLines:
        columns = {name: _numbered(oid, enterprise) for name, oid in self.columns.items()}
        return SnmpLines(self.mib, self.rows, columns)


class SnmpForm(_Form):
    enterprise: Annotated[int, Field(ge=1)]
    port: Port = 161
    fields: Annotated[
        dict[FactName, Annotated[list[OidForm], Field(min_length=1)]], Field(min_length=1)
    ]
    lines: SnmpLinesForm | None = None

    def built(self) -> SnmpMap:
        places = {
            name: tuple(form.built(self.enterprise) for form in forms)
            for name, forms in self.fields.items()
        }
        return SnmpMap(
            port=self.port,
            enterprise_oid=_numbered("1.3.6.1.4.1.{enterprise}", self.enterprise),
            fields=places,
            lines=self.lines.built(self.enterprise) if self.lines else None,
        )


class PickerForm(_Form):
    """Where a value stands; a bare text is a place without a pattern."""

    at: str = ""
    pattern: Annotated[Regex, _groups("value")] | None = None

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


class PageForm(_Form):
    path: UrlPath
    format: PageFormat = PageFormat.JSON
    fields: Annotated[
        dict[FactName, Annotated[list[PickerForm], Field(min_length=1)]], Field(min_length=1)
    ]
    lines_at: Annotated[str, Field(min_length=1)] | None = None
    line_fields: dict[LineColumn, PickerForm] = {}

    @model_validator(mode="after")
    def _places_fit_the_format(self) -> Self:
        places = [one for many in self.fields.values() for one in many]
        for place in [*places, *self.line_fields.values()]:
            _check_place(self.format, place)
        if self.lines_at is not None:
            rows = PickerForm(at=self.lines_at)
            if self.format is PageFormat.TEXT:
                rows = PickerForm(pattern=_compiled(self.lines_at))
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


class HttpForm(_Form):
    """`path` with `fields` is one JSON page; more, or others, stand under `page`."""

    port: Port | None = None
    scheme: Literal["http", "https"] = "http"
    login: HttpLogin = HttpLogin.DIGEST
    # Basic without TLS shows the password to everybody on the way.
    basic_in_clear: bool = False
    old_tls: bool = False
    path: UrlPath | None = None
    fields: dict[FactName, Annotated[list[PointerForm], Field(min_length=1)]] = {}
    lines_at: Pointer | None = None
    line_fields: dict[LineColumn, PointerForm] = {}
    page: list[PageForm] = []
    actions: dict[Name, UrlPath] = {}

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


class OutputSourceForm(_Form):
    command: Name
    pattern: Annotated[Regex, _groups("value")]

    def built(self) -> OutputSource:
        return OutputSource(self.command, self.pattern)


class SshForm(_Form):
    port: Port = 22
    legacy: bool = False
    # One line of printable text: a line break would be a second command.
    commands: Annotated[
        dict[Name, Annotated[str, Field(pattern=r"^[ -~]{1,128}$")]], Field(min_length=1)
    ]
    fields: dict[FactName, Annotated[list[OutputSourceForm], Field(min_length=1)]] = {}

    @model_validator(mode="after")
    def _commands_are_there(self) -> Self:
        named = {form.command for forms in self.fields.values() for form in forms}
        if unknown := named - set(self.commands):
            raise ValueError(f"no such command: {min(unknown)}")
        return self

    def built(self) -> SshMap:
        fields = {
            name: tuple(form.built() for form in forms) for name, forms in self.fields.items()
        }
        return SshMap(self.port, self.commands, fields, self.legacy)


class NeedsForm(_Form):
    poe_class: Annotated[int, Field(ge=0, le=8)] | None = None
    poe_classes: dict[Text, Annotated[int, Field(ge=0, le=8)]] = {}

    def built(self) -> Needs:
        return Needs(self.poe_class, self.poe_classes)


class ResyncForm(_Form):
    event: Text


class FamilyForm(_Form):
    name: Name
    vendor: Text
    # A family of phones that are only read, and not provisioned, has none of these three.
    user_agent: list[AgentForm] = []
    path: list[PathForm] = []
    output: OutputForm | None = None
    snmp: SnmpForm | None = None
    http: HttpForm | None = None
    ssh: SshForm | None = None
    resync: ResyncForm | None = None
    needs: NeedsForm = NeedsForm()
    products: dict[Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,8}$")], Text] = {}
    data: dict[str, DataTable] = {}
    setting: list[SettingForm] = []

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.output is None and (self.user_agent or self.path):
            raise ValueError("user_agent and path need an output")
        if self.output is not None and not (self.user_agent and self.path):
            raise ValueError("an output needs user_agent and path")
        if self.output is None and not (self.snmp or self.http or self.ssh):
            raise ValueError("neither an output nor a way of reading")
        return self

    def built(self, templates: Mapping[TemplateName, Fillable], file: Path) -> Family:
        """The family, with its templates compiled."""
        return Family(
            name=self.name,
            vendor=self.vendor,
            agents=tuple(form.built() for form in self.user_agent),
            paths=tuple(form.built() for form in self.path),
            output=self.output.built(templates, self.data) if self.output else READ_ONLY,
            snmp=self.snmp.built() if self.snmp else None,
            http=self.http.built() if self.http else None,
            ssh=self.ssh.built() if self.ssh else None,
            resync_event=self.resync.event if self.resync else None,
            needs=self.needs.built(),
            products=self.products,
            file=file,
            settings=tuple(form.built() for form in self.setting),
        )
