"""The forms of a family file's SNMP and SSH tables: where a reader finds each fact."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from provision.families.family import OidSource, OutputSource, SnmpLines, SnmpMap, SshMap
from provision.families.form_parts import (
    FactName,
    Form,
    LineColumn,
    Name,
    Port,
    Regex,
    Text,
    groups,
)

_OID = r"^1(\.(0|[1-9][0-9]*|\{enterprise\}))+"
Oid = Annotated[str, Field(pattern=_OID + r"$")]
RowOid = Annotated[str, Field(pattern=_OID + r"\.\{row\}$")]


def _numbered(oid: str, enterprise: int) -> str:
    return oid.replace("{enterprise}", str(enterprise))


class OidForm(Form):
    mib: Text
    oid: Oid
    divide: Annotated[int, Field(ge=1)] = 1
    pattern: Annotated[Regex, groups("value")] | None = None
    #: Whether its MIB says TimeTicks; an uptime is, unless the file says something else.
    ticks: bool | None = None

    def built(self, enterprise: int, fact: str) -> OidSource:
        ticks = self.ticks
        if ticks is None:
            ticks = fact == "uptime_s" and self.divide == 1
        oid = _numbered(self.oid, enterprise)
        return OidSource(oid, self.mib, self.divide, self.pattern, ticks)


class SnmpLinesForm(Form):
    mib: Text
    rows: Annotated[int, Field(ge=1, le=32)]
    columns: Annotated[dict[LineColumn, RowOid], Field(min_length=1)]

    def built(self, enterprise: int) -> SnmpLines:
        columns = {name: _numbered(oid, enterprise) for name, oid in self.columns.items()}
        return SnmpLines(self.mib, self.rows, columns)


class SnmpForm(Form):
    enterprise: Annotated[int, Field(ge=1)]
    port: Port = 161
    fields: Annotated[
        dict[FactName, Annotated[list[OidForm], Field(min_length=1)]], Field(min_length=1)
    ]
    lines: SnmpLinesForm | None = None

    def built(self) -> SnmpMap:
        places = {
            name: tuple(form.built(self.enterprise, name) for form in forms)
            for name, forms in self.fields.items()
        }
        return SnmpMap(
            port=self.port,
            enterprise_oid=_numbered("1.3.6.1.4.1.{enterprise}", self.enterprise),
            fields=places,
            lines=self.lines.built(self.enterprise) if self.lines else None,
        )


class OutputSourceForm(Form):
    command: Name
    pattern: Annotated[Regex, groups("value")]

    def built(self) -> OutputSource:
        return OutputSource(self.command, self.pattern)


class SshForm(Form):
    port: Port = 22
    legacy: bool = False
    prompt: Regex | None = None
    # One line of printable text: a line break would be a second command.
    commands: Annotated[
        dict[Name, Annotated[str, Field(pattern=r"^[ -~]{1,128}$")]], Field(min_length=1)
    ]
    fields: dict[FactName, Annotated[list[OutputSourceForm], Field(min_length=1)]] = Field(
        default_factory=dict
    )

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
        return SshMap(self.port, self.commands, fields, self.legacy, self.prompt)
