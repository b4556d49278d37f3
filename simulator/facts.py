"""What a phone says of itself, whichever way it is asked: SNMP and HTTP show the same facts."""

from dataclasses import dataclass, field

from simulator.hostile_faces import Hostility


@dataclass(frozen=True)
class PhoneLine:
    """One SIP account as the phone sees it; `state` is "registered" or "unregistered"."""

    number: str
    server: str
    state: str = "registered"


@dataclass(frozen=True)
class Network:
    """Where the phone is plugged in; `neighbour` is what the switch calls itself over LLDP."""

    ip: str = ""
    vlan: int = 1
    poe_class: int = 2
    neighbour: str = ""
    duplex: str = "full"
    link_mbps: int = 100


@dataclass(frozen=True)
class Quality:
    """The last call: mean opinion score, loss in percent, jitter in milliseconds."""

    mos: float = 4.3
    loss_percent: float = 0.1
    jitter_ms: float = 4.0


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a phone on purpose, so that a diagnosis has something to find.

    `reboot_every_s` restarts it for `reboot_reason`; `keeps_settings` makes it go on with the
    lines it had, whatever its new file says. A `hostile` phone fetches its settings like any other,
    but its ports cost whoever reads them.
    """

    clock_offset_s: float = 0.0
    certificate_until: str = ""
    reboot_every_s: float | None = None
    reboot_reason: str = "watchdog"
    keeps_settings: bool = False
    hostile: Hostility | None = None


@dataclass(frozen=True)
class PhoneFacts:
    """Everything that a phone can be asked for, at one moment; `uptime_s` counts from the boot.

    `clock` is its own time in ISO form, `configuration` the revision that it runs.
    """

    product: str
    hardware: str
    serial: str
    mac: str
    firmware: str
    uptime_s: float
    last_reboot_reason: str
    lines: tuple[PhoneLine, ...] = ()
    network: Network = field(default_factory=Network)
    quality: Quality = field(default_factory=Quality)
    clock: str = ""
    certificate_until: str = ""
    configuration: str = ""
