"""All settings of an installation, read from FLATPRO_… variables, with readable errors."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from storage.refusals import RefusedError

PREFIX = "FLATPRO_"
Network = IPv4Network | IPv6Network


class BadSettingError(RefusedError):
    code = "bad-setting"
    ru = "Переменная {name} не годится: {reason}"
    en = "The variable {name} is unusable: {reason}"


class Settings(BaseSettings):
    """One field for each variable; lists are comma-separated."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    port: int = Field(default=8080, ge=1, le=65535)
    phone_port: int = Field(default=8081, ge=1, le=65535)
    host: str = "127.0.0.1"
    data_dir: Path = Path("var")
    database_url: str = ""
    public_url: str = ""
    phone_url: str = ""
    key_file: Path | None = None
    admin_password: str = ""
    #: Where log records go; standard error when it is not set.
    log_file: Path | None = None
    demo: bool = True
    #: How many people besides the uploader must agree before firmware is published.
    sign_offs: int = Field(default=0, ge=0, le=9)
    read_networks: Annotated[tuple[Network, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()

    @field_validator("read_networks", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
        return value

    @field_validator("database_url")
    @classmethod
    def _a_database_we_know(cls, value: str) -> str:
        known = ("sqlite", "postgresql")
        try:
            if value and make_url(value).get_backend_name() not in known:
                raise ValueError("an address begins with sqlite:/// or postgresql+psycopg://")
        except ArgumentError as error:
            raise ValueError("it is no database address, like postgresql+psycopg://…") from error
        return value

    @field_validator("public_url", "phone_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("an address starts with http:// or https://")
        return value.rstrip("/")

    @property
    def public_address(self) -> str:
        """Where people reach us; the base of every absolute link."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def phone_address(self) -> str:
        """Where phones reach us."""
        return self.phone_url or f"http://127.0.0.1:{self.phone_port}"


def load() -> Settings:
    """The settings of this process; raises BadSettingError naming the first bad variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise BadSettingError(
            name=name, reason=first["msg"].removeprefix("Value error, ")
        ) from None
