"""What the forms of a family file are made of: expressions, names and numbers, all checked."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from provision.families.family import FACT_NAMES, LINE_COLUMNS


def compiled(text: object) -> re.Pattern[str]:
    """A regular expression; ValueError, which pydantic tells with its place, for none."""
    try:
        return re.compile(str(text))
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error


def groups(*allowed: str) -> AfterValidator:
    """A check that an expression has no other named groups."""

    def check(pattern: re.Pattern[str]) -> re.Pattern[str]:
        if unknown := set(pattern.groupindex) - set(allowed):
            raise ValueError(f"unknown group {min(unknown)}; known: {', '.join(allowed)}")
        return pattern

    return AfterValidator(check)


def one_of(allowed: tuple[str, ...]) -> AfterValidator:
    """A check that a name is one of these."""

    def check(name: str) -> str:
        if name not in allowed:
            raise ValueError(f"unknown name {name}; known: {', '.join(allowed)}")
        return name

    return AfterValidator(check)


Regex = Annotated[re.Pattern[str], BeforeValidator(compiled)]
FactName = Annotated[str, one_of(FACT_NAMES)]
LineColumn = Annotated[str, one_of(LINE_COLUMNS)]
UrlPath = Annotated[str, Field(pattern=r"^/[!-~]*$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Text = Annotated[str, Field(min_length=1, max_length=256)]


class Form(BaseModel):
    """Nothing that is not described, and nothing that changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)
