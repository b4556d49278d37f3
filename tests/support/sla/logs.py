"""Short words for writing down what happened to a request."""

from datetime import datetime

from storage.clock import MOSCOW
from support.packages.loading import shipped as shipped_packages
from support.packages.package import Priority
from support.sla.log import Deed, Entry, State, Terms


def moscow(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


def terms(package: str, priority: Priority = Priority.P2) -> Terms:
    return Terms.of(next(one for one in shipped_packages() if one.code == package), priority)


def came(at: str, package: str = "STANDARD", priority: Priority = Priority.P2) -> Entry:
    return Entry(moscow(at), terms=terms(package, priority))


def became(at: str, state: State) -> Entry:
    return Entry(moscow(at), state=state)


def changed(at: str, package: str, priority: Priority = Priority.P2) -> Entry:
    return Entry(moscow(at), terms=terms(package, priority))


def answered(at: str) -> Entry:
    return Entry(moscow(at), deed=Deed.ANSWERED)


def restored(at: str) -> Entry:
    return Entry(moscow(at), deed=Deed.RESTORED)
