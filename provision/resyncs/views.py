"""Staff pages: whom phones were asked to fetch again, a new request, and what came of one."""

from collections.abc import Mapping, Sequence
from math import ceil

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from jobs import queue
from provision.devices import listing, registry
from provision.readers.networks import ReadOptions
from provision.resyncs import results, starting, words, work
from provision.resyncs.starting import DEFAULT_RATE, RATE_MAX, BadResyncRateError, NewResync
from provision.resyncs.vocabulary import ResyncState, Scope
from provision.rollouts import standing as rollout_standing
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, writing

SHOWN = 100
PAGE_SIZE = 100
PAGES_MAX = 1_000_000
NUMBER_LENGTH_MAX = 9

#: The fields that count for each choice of whom to ask.
_FIELDS = {
    "name": Scope.DEVICES,
    "site": Scope.SITE,
    "rollout": Scope.ROLLOUT,
    "group": Scope.ROLLOUT,
}

#: Many phones that fetch at once load a network, and a restart ends calls.
ASKERS = roles(Role.ENGINEER)
#: One phone that fetches again harms nobody: support asks it all day.
ONE_ASKERS = roles(Role.AGENT, Role.ENGINEER)

staff = Blueprint("resyncs", __name__, url_prefix="/staff/resyncs", template_folder="templates")


class BadNumberError(RefusedError):
    code = "bad-rollout-number"
    field = "rollout"
    ru = "Номер развёртывания и номер группы — целые числа."
    en = "The number of a rollout and of its group are whole numbers."


@staff.get("/")
@staff_rule
def resyncs_page() -> str:
    """The last requests, and the form for a new one."""
    return _list(request.args, None)


@staff.post("/")
@ASKERS
def start() -> Redirect | tuple[str, int]:
    """Store a request and the job that carries it out."""
    try:
        return _start(_typed())
    except RefusedError as error:
        return _list(request.form, error), 422


@staff.post("/device/<mac>")
@ONE_ASKERS
def ask_one(mac: str) -> Redirect:
    """Ask one phone, without a restart."""
    with reading() as session:
        name = registry.get(session, mac).mac
    return _start(NewResync(devices=[name]))


@staff.get("/<int:number>")
@staff_rule
def resync_page(number: int) -> str:
    """How far a request is, and what each phone answered."""
    page = min(max(request.args.get("page", 1, type=int), 1), PAGES_MAX)
    with reading() as session:
        standing = results.standing(session, number)
        phones = results.asked(session, number, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    return render_template(
        "resyncs/resync.html",
        resync=standing,
        whom=words.whom(standing),
        phones=phones,
        page=page,
        pages=max(ceil(standing.phones / PAGE_SIZE), 1),
        resync_states=words.resync_states(),
        states=words.states(),
        is_running=standing.state == ResyncState.RUNNING,
        may_ask=ASKERS.allows(acting()),
    )


@staff.post("/<int:number>/stop")
@ASKERS
def stop(number: int) -> Redirect:
    """Ask nobody more."""
    with writing() as session:
        starting.stop(session, number, actor=acting().login, now=now())
    return _to(number)


def _start(new: NewResync) -> Redirect:
    actor, at = acting().login, now()
    with writing() as session:
        number = starting.start(session, new, actor=actor, now=at)
        queue.submit(session, work.ASK, {"resync": number}, actor=actor, now=at)
    return _to(number)


def _list(typed: Mapping[str, str], error: RefusedError | None) -> str:
    with reading() as session:
        found = results.latest(session, SHOWN)
        sites = listing.site_names(session)
        rollouts = rollout_standing.names(session, SHOWN)
    return render_template(
        "resyncs/resyncs.html",
        resyncs=found,
        whom=words.whom,
        resync_states=words.resync_states(),
        typed=typed,
        error=error,
        default_rate=DEFAULT_RATE,
        scopes=words.scopes(),
        scope=_scope_of(typed),
        site_options=[("", "—"), *((name, name) for name in sites)],
        rollout_options=_rollout_options(rollouts, typed.get("rollout", "")),
        networks=[str(one) for one in installation().option(ReadOptions).networks],
        may_ask=ASKERS.allows(acting()),
    )


def _typed() -> NewResync:
    """The form as a request; raises BadResyncRateError or BadNumberError."""
    form = {name: value.strip() for name, value in request.form.items()}
    rate = _number(form.get("rate") or str(DEFAULT_RATE))
    if rate is None:
        raise BadResyncRateError(limit=RATE_MAX)
    chosen = form.get("scope", "")
    if chosen in set(Scope):
        form = {name: said for name, said in form.items() if _FIELDS.get(name, chosen) == chosen}
    rollout, group = form.get("rollout", ""), form.get("group", "")
    if (rollout and not _number(rollout)) or (group and not (_number(group) and rollout)):
        raise BadNumberError
    return NewResync(
        devices=form.get("name", "").replace(",", " ").split(),
        site=form.get("site") or None,
        rollout=_number(rollout),
        group=_number(group),
        reboot=form.get("reboot") == "1",
        rate=rate,
    )


def _scope_of(typed: Mapping[str, str]) -> Scope:
    if typed.get("scope") in set(Scope):
        return Scope(typed["scope"])
    return next((_FIELDS[name] for name in _FIELDS if typed.get(name)), Scope.DEVICES)


def _rollout_options(rollouts: Sequence[tuple[int, str]], typed: str) -> Sequence[tuple[str, str]]:
    """The newest rollouts, and the one that was asked for, however old."""
    found = [(str(one), f"{_('No. %(number)s', number=one)} · {said}") for one, said in rollouts]
    older = (
        [(typed, _("No. %(number)s", number=typed))] if typed and typed not in dict(found) else []
    )
    return [("", "—"), *older, *found]


def _number(text: str) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) <= NUMBER_LENGTH_MAX
    return int(text) if is_number else None


def _to(number: int) -> Redirect:
    return redirect(url_for(".resync_page", number=number))
