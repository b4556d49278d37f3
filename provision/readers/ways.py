"""The ways to read a phone, and what may be shown to it on each.

No library of any way is loaded with this: a sweep, which asks over SNMP alone, has no use for
those of HTTP and SSH.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from provision.readers.snmp_credentials import SnmpCredential


class Via(StrEnum):
    """The ways to read a phone."""

    SNMP = "snmp"
    HTTP = "http"
    SSH = "ssh"


@dataclass(frozen=True)
class Login:
    """The user and password of a phone's own pages."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class SshLogin:
    """The user and password of a phone's SSH, and the fingerprint of the key it must show.

    No fingerprint: nobody has confirmed its key yet, so nothing is sent to it.
    """

    user: str
    password: str = field(repr=False)
    fingerprint: str | None = None


@dataclass(frozen=True)
class Credentials:
    """What we may show to a phone; None where nothing is set for that way."""

    snmp: SnmpCredential | None = None
    login: Login | None = None
    ssh: SshLogin | None = None
    certificate: str | None = None
