"""All settings of an installation, read from FLATPRO_… variables, with readable errors."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from provision.tftp.options import SITES, TftpOptions
from storage.blob_keeping.scrubbing import ScrubOptions
from storage.refusals import RefusedError
from support.mailroom.options import SUPPORT_ADDRESS, MailOptions, Server
from support.mailroom.threads import bare_address

PREFIX = "FLATPRO_"
#: A bucket's keeper compares its own disks; what we read from it again passes the network.
BUCKET_SCRUB_DAYS = 7
Network = IPv4Network | IPv6Network
_NO_PLACE = "it is address:port, 10.20.0.5:69 or [fd00::5]:69 for example"


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
    #: Celery's broker, amqp://… or redis://…: `flatpro worker` runs the jobs, the server none.
    broker_url: SecretStr = SecretStr("")
    public_url: str = ""
    phone_url: str = ""
    #: Whose mirror this installation is: copied again and again by a job.
    mirror_url: str = ""
    key_file: Path | None = None
    admin_password: str = ""
    #: Each stored file is read again within so many days; else each day, and in a bucket, whose
    #: traffic may cost money, each week.
    scrub_days: int | None = Field(default=None, ge=1, le=365)
    #: s3://bucket/prefix; the blobs folder of the data folder when it is not set.
    blob_url: str = ""
    #: The S3 server, https://…; Amazon's own for the region when it is not set.
    blob_endpoint: str = ""
    blob_region: str = "us-east-1"
    blob_key_id: str = ""
    blob_secret: SecretStr = SecretStr("")
    #: Whether browsers and tools are sent to the bucket; phones never are.
    blob_redirect: bool = True
    #: Local copies of published files, for the time that the bucket is away; 0 for none.
    blob_copies_mb: int = Field(default=2048, ge=0, le=10_000_000)
    #: Where nginx serves the blobs folder internally (deploy/nginx); our own server when not set.
    accel_prefix: str = ""
    #: The server that letters leave by: smtp://, smtp+starttls:// or smtps://…; else they wait.
    smtp_url: SecretStr = SecretStr("")
    #: The mailbox that becomes support requests: imap:// or imaps://user:password@host/INBOX.
    imap_url: SecretStr = SecretStr("")
    #: The address that letters come from and are answered to.
    mail_from: str = SUPPORT_ADDRESS
    #: Where the people of support are told of deadlines; nobody is when it is not set.
    support_team: str = ""
    #: Where log records go; standard error when it is not set.
    log_file: Path | None = None
    demo: bool = True
    #: How many people besides the uploader must agree before firmware is published.
    sign_offs: int = Field(default=0, ge=0, le=9)
    read_networks: Annotated[tuple[Network, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    #: Whether partners may have phones sent to private networks too.
    redirect_inner: bool = False
    #: Requests by a MAC alone that one address may make in a minute; 0 for no limit.
    first_contacts_a_minute: int = Field(default=0, ge=0, le=1_000_000)
    #: address:port for phones that know only TFTP; off when it is not set.
    tftp: str = ""
    #: Whom TFTP answers: private networks and this machine when it is not set.
    tftp_networks: Annotated[tuple[Network, ...], NoDecode] = tuple(SITES)

    @field_validator("read_networks", "trusted_proxies", "tftp_networks", mode="before")
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

    @field_validator("broker_url")
    @classmethod
    def _a_broker_we_know(cls, value: SecretStr) -> SecretStr:
        known = ("amqp://", "amqps://", "redis://", "rediss://")
        if value.get_secret_value() and not value.get_secret_value().startswith(known):
            raise ValueError("an address begins with amqp:// or redis://")
        return value

    @field_validator("blob_url")
    @classmethod
    def _a_store_we_know(cls, value: str) -> str:
        if value and not re.fullmatch(r"s3://[^/]+(/.*)?", value):
            raise ValueError("an address is s3://bucket or s3://bucket/prefix")
        return value.rstrip("/")

    @field_validator("smtp_url", "imap_url")
    @classmethod
    def _a_mail_server(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        text = value.get_secret_value()
        if text:
            wanted = (info.field_name or "").partition("_")[0]
            if not Server.parse(text).scheme.startswith(wanted):
                raise ValueError(f"an address begins with {wanted}")
        return value

    @field_validator("mail_from", "support_team")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and bare_address(value) != value.lower():
            raise ValueError("it is no e-mail address")
        return value

    @field_validator("tftp")
    @classmethod
    def _a_place(cls, value: str) -> str:
        if value:
            _place(value)
        return value

    @field_validator("accel_prefix")
    @classmethod
    def _a_path(cls, value: str) -> str:
        if value and not value.startswith("/"):
            raise ValueError("a prefix begins with /")
        return value.rstrip("/")

    @field_validator("public_url", "phone_url", "blob_endpoint", "mirror_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("an address starts with http:// or https://")
        return value.rstrip("/")

    @property
    def mail(self) -> MailOptions:
        """Where letters leave and come in."""
        smtp, imap = self.smtp_url.get_secret_value(), self.imap_url.get_secret_value()
        return MailOptions(
            outgoing=Server.parse(smtp) if smtp else None,
            incoming=Server.parse(imap) if imap else None,
            address=self.mail_from,
            team=self.support_team,
        )

    @property
    def tftp_options(self) -> TftpOptions:
        """Where TFTP listens, and to whom it answers."""
        if not self.tftp:
            return TftpOptions(networks=self.tftp_networks)
        host, port = _place(self.tftp)
        return TftpOptions(host, port, self.tftp_networks)

    @property
    def scrub(self) -> ScrubOptions:
        """How often stored files are read again."""
        return ScrubOptions(days=self.scrub_days or (BUCKET_SCRUB_DAYS if self.blob_url else 1))

    @property
    def public_address(self) -> str:
        """Where people reach us; the base of every absolute link."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def phone_address(self) -> str:
        """Where phones reach us."""
        return self.phone_url or f"http://127.0.0.1:{self.phone_port}"


def _place(text: str) -> tuple[IPv4Address | IPv6Address, int]:
    """The two parts of address:port, of IPv6 as in [fd00::5]:69; raises ValueError."""
    host, _, port = text.rpartition(":")
    six = host.startswith("[") and host.endswith("]")
    try:
        found = ip_address(host[1:-1] if six else host)
    except ValueError:
        raise ValueError(_NO_PLACE) from None
    if (found.version == 6) is not six:
        raise ValueError(_NO_PLACE)
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise ValueError(_NO_PLACE)
    return found, int(port)


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
