"""The story of a device in the reader's language: title, line, hue and icon of each event."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from accounts import audit_words
from accounts.actors import actor_name
from provision.device_story.timeline import EventKind, StoryEvent
from provision.redirects.first_contact import SENT_AWAY
from provision.resyncs import words as resync_words
from provision.resyncs.vocabulary import TargetState
from storage.answer_language import answer_language


@dataclass(frozen=True)
class StoryLine:
    """What the timeline component shows; `kind` is good, attention, fault, info or empty."""

    at: datetime
    title: str
    text: str
    kind: str
    icon: str
    url: str = ""


#: A title and a line below it.
Words = tuple[str, str]


def told(event: StoryEvent) -> StoryLine:
    """The line of an event."""
    if (one := event.chapter) is not None:
        title, text = (said.text(answer_language()) for said in (one.title, one.text))
        return StoryLine(event.at, title, text, one.hue, one.icon, one.url)
    hue, icon, tell = _TOLD[event.kind]
    title, text = tell(event)
    return StoryLine(event.at, title, text, hue, icon)


def megabytes(size: int) -> str:
    """1.2 MB, with the reader's decimal mark; below a tenth of a megabyte, bytes."""
    if size < 104_858:
        return str(ngettext("%(num)s byte", "%(num)s bytes", size))
    return str(_("%(size)s MB", size=format_decimal(round(size / 1_048_576, 1))))


def field_name(field: str) -> str:
    """A fact's name for a sentence."""
    names: Mapping[str, str] = {
        "firmware": _("firmware version"),
        "serial": _("serial number"),
        "hardware": _("hardware revision"),
        "product": _("product"),
        "mac": _("MAC address"),
        "ip": _("IP address"),
        "vlan": _("VLAN"),
        "neighbour": _("switch port"),
        "ssh_key": _("SSH key"),
    }
    return names.get(field, field)


def proof_name(proof: str | None) -> str:
    """How a phone proved itself."""
    names: Mapping[str, str] = {
        "token": _("by token"),
        "digest": _("by password"),
        "certificate": _("by certificate"),
    }
    return names.get(proof or "", _("without proof"))


def _bootstrap(event: StoryEvent) -> Words:
    if event.revision == SENT_AWAY:
        return _("Was sent to its partner's server"), _unproved(event)
    if event.via == "tftp":
        return _("Asked over TFTP where to prove itself"), _unproved(event)
    return _("Asked where to prove itself"), _unproved(event)


def _refused(event: StoryEvent) -> Words:
    return _("A request in its name was refused"), _unproved(event)


def _configured(event: StoryEvent) -> Words:
    title = _("Took its configuration %(proof)s", proof=proof_name(event.proof))
    revision = event.revision or "—"
    return title, _(
        "revision %(revision)s, from %(address)s", revision=revision, address=event.address
    )


def _common(_event: StoryEvent) -> Words:
    return _("Took the common settings of its product"), ""


def _unchanged(event: StoryEvent) -> Words:
    title = ngettext(
        "Asked again, nothing new", "Asked again %(num)s times, nothing new", event.times
    )
    return title, ""


def _nothing_due(_event: StoryEvent) -> Words:
    return _("Asked for firmware, nothing is due"), ""


def _logged(event: StoryEvent) -> Words:
    return _("Sent its log, %(size)s", size=megabytes(event.total_bytes)), ""


def _started(event: StoryEvent) -> Words:
    return _("Started downloading %(version)s", version=event.version), _of_all(event)


def _resumed(event: StoryEvent) -> Words:
    byte = format_decimal(event.first_byte)
    title = _("Resumed %(version)s from byte %(byte)s", version=event.version, byte=byte)
    return title, _of_all(event)


def _downloaded(event: StoryEvent) -> Words:
    total = megabytes(event.total_bytes)
    return _("Downloaded %(version)s, all %(total)s", version=event.version, total=total), ""


def _cut(event: StoryEvent) -> Words:
    title = _(
        "Download of %(version)s cut at %(reached)s of %(total)s",
        version=event.version,
        reached=megabytes(event.reached_byte),
        total=megabytes(event.total_bytes),
    )
    return title, ""


def _changed(event: StoryEvent) -> Words:
    before = _("before: %(old)s", old=event.old) if event.old else ""
    if event.field != "firmware":
        name = field_name(event.field or "")
        return _("Told its %(name)s: %(value)s", name=name, value=event.new), before
    if event.old is None:
        return _("First heard, with firmware %(version)s", version=event.new), ""
    return _("Came back with %(version)s", version=event.new), before


def _disagrees(event: StoryEvent) -> Words:
    name, old = field_name(event.field or ""), event.old or "—"
    text = _("recorded %(old)s, told %(new)s", old=old, new=event.new)
    return _("Says another %(name)s than recorded", name=name), text


def _repaired(event: StoryEvent) -> Words:
    paper = (event.origin or "").partition(":")[2]
    return _("Its board was changed, by %(paper)s", paper=paper), _("MAC %(mac)s", mac=event.new)


def _read(event: StoryEvent) -> Words:
    text = _(
        "firmware %(version)s; asked by %(actor)s",
        version=event.version or "—",
        actor=actor_name(event.actor or ""),
    )
    return _("Read over %(way)s", way=(event.via or "").upper()), text


def _read_failed(event: StoryEvent) -> Words:
    title = _("Could not be read over %(way)s", way=(event.via or "").upper())
    return title, _("asked by %(actor)s", actor=actor_name(event.actor or ""))


def _resynced(event: StoryEvent) -> Words:
    restart = event.action == "reboot"
    title = _("Asked to restart and fetch again") if restart else _("Asked to fetch again")
    text = _(
        "it answered %(answer)s; asked by %(actor)s",
        answer=event.origin or "—",
        actor=actor_name(event.actor or ""),
    )
    return title, text


def _resync_failed(event: StoryEvent) -> Words:
    why = resync_words.states()[TargetState(event.new or "")][1]
    said = f"{why} ({event.origin})" if event.origin else why
    title = _("Could not be asked to fetch again: %(why)s", why=said)
    return title, _("asked by %(actor)s", actor=actor_name(event.actor or ""))


def _recorded(event: StoryEvent) -> Words:
    actions: Mapping[str, str] = {
        "device.add": _("Added to the register"),
        "device.handover": _("Proof of a date recorded"),
        "device.credential.new": _("New credential issued"),
        "device.credential.revoke": _("Credentials revoked"),
        "device.log.take": _("Its log was taken"),
        "device.hold": _("Held back from updates"),
        "device.release": _("Offered updates again"),
        "device.pin": _("Kept at a version"),
        "device.board": _("Repair recorded"),
        "box-code.make": _("New code for its box"),
        "claim.file": _("A partner claimed it"),
        "claim.withdraw": _("A partner let it go"),
        "claim.approve": _("The partner's claim was approved"),
        "claim.refuse": _("The partner's claim was refused"),
        "claim.revoke": _("The partner's claim was revoked"),
        "profile.set": ngettext("Setting changed", "%(num)s settings changed", event.times),
        "profile.unset": ngettext("Setting removed", "%(num)s settings removed", event.times),
    }
    text = ": ".join(
        part for part in (event.actor and actor_name(event.actor), _details(event)) if part
    )
    code = event.action or ""
    return actions.get(code) or audit_words.said(code).text(answer_language()), text


def _details(event: StoryEvent) -> str:
    """What of an audit entry tells people something; of a handover, the paper and its day."""
    wanted = _DETAILS.get(event.action or "", ())
    found = [(name, value) for name, value in event.details if name in wanted]
    return ", ".join(_detail(name, value) for name, value in found if value != "None")


def _detail(name: str, value: str) -> str:
    if name == "on":
        return ".".join(reversed(value.split("-")))
    if name == "kind":
        kinds: Mapping[str, str] = {"token": _("token"), "password": _("password"), "all": _("all")}
        return kinds.get(value, value)
    return value


_DETAILS: Mapping[str, tuple[str, ...]] = {
    "device.add": ("product",),
    "device.handover": ("on", "paper"),
    "device.credential.new": ("kind",),
    "device.credential.revoke": ("kind",),
    "device.log.take": ("name",),
    "device.hold": ("reason",),
    "device.pin": ("version",),
    "device.board": ("paper",),
    "claim.file": ("server",),
    "claim.approve": ("partner", "server"),
    "claim.refuse": ("partner", "reason"),
    "claim.revoke": ("partner", "reason"),
    "profile.set": ("name",),
    "profile.unset": ("name",),
}


def _unproved(event: StoryEvent) -> str:
    return str(_("from %(address)s; not proved to be this phone", address=event.address))


def _of_all(event: StoryEvent) -> str:
    """The size, and whose word it is: at the public address a phone only names itself."""
    total = megabytes(event.total_bytes)
    if event.proof:
        return str(_("%(total)s in all", total=total))
    return str(_("%(total)s in all; named itself, without proof", total=total))


_TOLD: Mapping[EventKind, tuple[str, str, Callable[[StoryEvent], Words]]] = {
    EventKind.RECORDED: ("", "person", _recorded),
    EventKind.BOOTSTRAP: ("", "phone", _bootstrap),
    EventKind.CONFIGURED: ("good", "settings", _configured),
    EventKind.COMMON: ("", "settings", _common),
    EventKind.UNCHANGED: ("", "clock", _unchanged),
    EventKind.NOTHING_DUE: ("", "clock", _nothing_due),
    EventKind.LOGGED: ("", "document", _logged),
    EventKind.STARTED: ("info", "download", _started),
    EventKind.RESUMED: ("info", "resume", _resumed),
    EventKind.DOWNLOADED: ("good", "download", _downloaded),
    EventKind.CUT: ("attention", "attention", _cut),
    EventKind.REFUSED: ("fault", "fault", _refused),
    EventKind.CHANGED: ("good", "chip", _changed),
    EventKind.DISAGREES: ("attention", "attention", _disagrees),
    EventKind.REPAIRED: ("", "settings", _repaired),
    EventKind.READ: ("good", "search", _read),
    EventKind.READ_FAILED: ("attention", "attention", _read_failed),
    EventKind.RESYNCED: ("good", "repeat", _resynced),
    EventKind.RESYNC_FAILED: ("attention", "attention", _resync_failed),
}
