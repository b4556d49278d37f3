"""How a file describes a setting, checked by pydantic, turned into a `SettingSpec`."""

import re
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from provision.families.settings import SettingSpec, SettingType

_NAME = r"^[a-z][a-z0-9_]{0,31}(\.([a-z0-9_]{1,32}|N)){1,3}$"


def _compiled(text: object) -> re.Pattern[str]:
    try:
        return re.compile(str(text))
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error


class SettingForm(BaseModel):
    """One `[[setting]]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=_NAME)]
    type: SettingType
    ru: Annotated[str, Field(min_length=1, max_length=100)]
    en: Annotated[str, Field(min_length=1, max_length=100)]
    help_ru: Annotated[str, Field(max_length=300)] = ""
    help_en: Annotated[str, Field(max_length=300)] = ""
    least: Annotated[int, Field(ge=0)] = 0
    most: Annotated[int, Field(le=999_999_999)] = 999_999_999
    choices: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()
    pattern: Annotated[re.Pattern[str], BeforeValidator(_compiled)] | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if (self.type is SettingType.CHOICE) != bool(self.choices):
            raise ValueError("choices belong to the type choice, and it needs some")
        if self.pattern is not None and self.type is not SettingType.TEXT:
            raise ValueError("a pattern belongs to the type text")
        if self.least > self.most:
            raise ValueError("least is above most")
        return self

    def built(self) -> SettingSpec:
        return SettingSpec(
            name=self.name,
            type=self.type,
            label_ru=self.ru,
            label_en=self.en,
            help_ru=self.help_ru,
            help_en=self.help_en,
            least=self.least,
            most=self.most,
            choices=self.choices,
            pattern=self.pattern,
        )
