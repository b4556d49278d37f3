"""The form of a family file: what it may hold, checked by pydantic, turned into a `Family`."""

import re
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    model_validator,
)

from provision.families.family import (
    AGENT_GROUPS,
    FIRST_FETCH_PARTS,
    AgentShape,
    Family,
    Fillable,
    FirstFetch,
    Needs,
    Output,
    PathKind,
    PathShape,
    Resync,
    TemplateName,
    TftpNames,
)
from provision.families.form_parts import Form, Name, Regex, Text, groups, one_of
from provision.families.formats import FORMATS
from provision.families.http_form import HttpForm
from provision.families.paths import path_pattern
from provision.families.reading_forms import SnmpForm, SshForm
from provision.families.setting_form import SettingForm


def _shape(text: object) -> tuple[str, re.Pattern[str]]:
    try:
        return str(text), path_pattern(str(text))
    except re.error as error:
        raise ValueError(f"a part is there twice: {error}") from error


# Plain words and numbers, in at most two levels of tables.
DataValue = str | int | bool
DataTable = DataValue | dict[str, DataValue | dict[str, DataValue]]


class AgentForm(Form):
    pattern: Annotated[Regex, groups(*AGENT_GROUPS)]

    def built(self) -> AgentShape:
        return AgentShape(self.pattern)


class PathForm(Form):
    kind: PathKind
    shape: Annotated[tuple[str, re.Pattern[str]], BeforeValidator(_shape)]
    methods: Annotated[
        list[Literal["GET", "HEAD", "PUT", "POST", "SUBSCRIBE"]], Field(min_length=1)
    ] = Field(default=["GET", "HEAD"])

    def built(self) -> PathShape:
        text, pattern = self.shape
        return PathShape(self.kind, pattern, "?" in text, tuple(self.methods))


class OutputForm(Form):
    format: Annotated[str, one_of(tuple(FORMATS))]
    media_type: Text
    closing: Annotated[str, Field(pattern=r"\{sha256\}")] | None = None
    masks: list[Annotated[Regex, groups("hidden")]] = Field(default_factory=list)
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


class NeedsForm(Form):
    poe_class: Annotated[int, Field(ge=0, le=8)] | None = None
    poe_classes: dict[Text, Annotated[int, Field(ge=0, le=8)]] = Field(default_factory=dict)

    def built(self) -> Needs:
        return Needs(self.poe_class, self.poe_classes)


#: An event package and its parameters, as they stand in a SIP header.
Event = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9.!%*_+`'~-]{1,64}(;[A-Za-z0-9.-]{1,32}(=[A-Za-z0-9.-]{1,64})?){0,4}$"
    ),
]


class ResyncForm(Form):
    event: Event
    reboot_event: Event | None = None
    port: Annotated[int, Field(ge=1, le=65535)] = 5060

    def built(self) -> Resync:
        return Resync(self.event, self.reboot_event, self.port)


class TftpForm(Form):
    # Names of bootstraps, each with {mac} in it.
    bootstrap: Annotated[
        list[Annotated[tuple[str, re.Pattern[str]], BeforeValidator(_shape)]], Field(min_length=1)
    ]
    prefixes: list[Annotated[str, Field(pattern=r"^[0-9a-f]{6}$")]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_a_phone(self) -> Self:
        for text, pattern in self.bootstrap:
            if set(pattern.groupindex) != {"mac"} or text.startswith("/"):
                raise ValueError(f"a name holds {{mac}} alone, and no slash first: {text}")
        return self

    def built(self) -> TftpNames:
        return TftpNames(tuple(shape for _, shape in self.bootstrap), frozenset(self.prefixes))


def _parts(*names: str) -> BeforeValidator:
    """A text with parts in braces, all of them among these."""

    def checked(text: object) -> str:
        for _, name, form, conversion in Formatter().parse(str(text)):
            if name is not None and (name not in names or form or conversion):
                raise ValueError(f"its parts are {', '.join(names)}, and not {name}")
        return str(text)

    return BeforeValidator(checked)


class FirstFetchForm(Form):
    path: Annotated[str, _parts("token", "mac"), Field(pattern=r"^/.*\{token\}")]
    user_agent: Annotated[str, _parts(*FIRST_FETCH_PARTS), Field(pattern=r"\{mac\}")]

    def built(self) -> FirstFetch:
        return FirstFetch(self.path, self.user_agent)


class FamilyForm(Form):
    name: Name
    vendor: Text
    # A family of phones that are only read, and not provisioned, has none of these three.
    user_agent: list[AgentForm] = Field(default_factory=list)
    path: list[PathForm] = Field(default_factory=list)
    output: OutputForm | None = None
    snmp: SnmpForm | None = None
    http: HttpForm | None = None
    ssh: SshForm | None = None
    resync: ResyncForm | None = None
    needs: NeedsForm = NeedsForm()
    products: dict[Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,8}$")], Text] = Field(
        default_factory=dict
    )
    data: dict[str, DataTable] = Field(default_factory=dict)
    setting: list[SettingForm] = Field(default_factory=list)
    tftp: TftpForm | None = None
    first_fetch: FirstFetchForm | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.output is None and (self.user_agent or self.path):
            raise ValueError("user_agent and path need an output")
        if self.output is None and (self.tftp or self.first_fetch):
            raise ValueError("tftp and first_fetch need an output")
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
            resync=self.resync.built() if self.resync else None,
            needs=self.needs.built(),
            products=self.products,
            file=file,
            settings=tuple(form.built() for form in self.setting),
            tftp=self.tftp.built() if self.tftp else None,
            first_fetch=self.first_fetch.built() if self.first_fetch else None,
        )
