"""Staff pages: sweeps, a new one, and one with what it found."""

from collections.abc import Mapping
from ipaddress import IPv4Network

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role, Site
from jobs import queue
from provision.collectors import keeping
from provision.devices.readings import MatchVerdict
from provision.readers.networks import ReadOptions
from provision.reading import read_settings
from provision.sweeps import conducting, handing_out, results, work
from provision.sweeps.conducting import NewSweep
from provision.sweeps.grid import SILENT, grid
from provision.sweeps.models import SweepState
from provision.sweeps.route import DEFAULT_RATE
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, writing

SHOWN = 100
SUBNETS_SHOWN = 256
RATE_MAX = 20_000

#: A sweep loads a network: those who answer for it start one.
SWEEPERS = roles(Role.ENGINEER)

staff = Blueprint("sweeps", __name__, url_prefix="/staff/sweeps", template_folder="templates")


class BadPaceError(RefusedError):
    code = "bad-pace"
    field = "rate"
    ru = "Скорость — целое число от 1 до {limit} пакетов в секунду."
    en = "The rate is a whole number from 1 to {limit} packets a second."


@staff.get("/")
@staff_rule
def sweeps_page() -> str:
    """The last sweeps, and the form for a new one."""
    return _list({}, None)


@staff.post("/")
@SWEEPERS
def start() -> Redirect | tuple[str, int]:
    """Store a sweep and the job that walks it."""
    actor, at = acting().login, now()
    try:
        new = _typed()
        with writing() as session:
            number = conducting.start(session, installation(), new, actor=actor, now=at)
            if not new.site:
                queue.submit(session, work.WALK, {"sweep": number}, actor=actor, now=at)
    except RefusedError as error:
        return _list(request.form, error), 422
    return _to(number)


@staff.get("/<int:number>")
@staff_rule
def sweep_page(number: int) -> str:
    """How far a sweep is, and one of its subnets as a picture and a table."""
    with reading() as session:
        standing = conducting.standing(session, number)
        site = session.get(Site, standing.site_id) if standing.site_id is not None else None
        is_paused = standing.state == SweepState.PAUSED
        was_refused = is_paused and handing_out.was_refused(session, number)
        counts = results.verdicts(session, number)
        subnets = results.subnets(session, number, SUBNETS_SHOWN)
        subnet = _subnet(request.args.get("subnet", ""), subnets)
        found = results.listed(session, number, within=subnet) if subnet else []
    return render_template(
        "sweeps/sweep.html",
        sweep=standing,
        swept_by=site.name if site else None,
        counts=counts,
        subnets=subnets,
        subnet=subnet,
        found=found,
        grid=grid(subnet, {one.address: one.verdict for one in found}) if subnet else None,
        verdicts=_verdicts(),
        is_running=standing.state == SweepState.RUNNING,
        is_paused=is_paused,
        was_refused=was_refused,
        may_sweep=SWEEPERS.allows(acting()),
    )


@staff.post("/<int:number>/pause")
@SWEEPERS
def pause(number: int) -> Redirect:
    """Stop after the chunk that is being asked."""
    with writing() as session:
        conducting.pause(session, number, actor=acting().login, now=now())
    return _to(number)


@staff.post("/<int:number>/resume")
@SWEEPERS
def resume(number: int) -> Redirect:
    """Let a paused sweep go on."""
    with writing() as session:
        again = conducting.resume(session, number, actor=acting().login, now=now())
        if again and conducting.standing(session, number).site_id is None:
            arguments = {"sweep": number}
            queue.submit(session, work.WALK, arguments, actor=acting().login, now=now())
    return _to(number)


@staff.get("/<int:number>/results.csv")
@staff_rule
def results_csv(number: int) -> Response:
    """The results for a spreadsheet."""
    with reading() as session:
        conducting.standing(session, number)
        body = "".join(results.csv_lines(results.listed(session, number)))
    answer = Response(body, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="sweep-{number}.csv"'
    return answer


@staff.get("/<int:number>/results.json")
@staff_rule
def results_json(number: int) -> Mapping[str, object]:
    """The results for programs, in the form that the command prints."""
    with reading() as session:
        standing = conducting.standing(session, number)
        rows = results.exported(session, number)
    return {**standing.as_document(), "results": rows}


def _list(typed: Mapping[str, str], error: RefusedError | None) -> str:
    with reading() as session:
        found = conducting.latest(session, SHOWN)
        here = {one.site for one in keeping.every(session, now()) if not one.is_revoked}
    return render_template(
        "sweeps/sweeps.html",
        sweeps=found,
        typed=typed,
        error=error,
        default_rate=DEFAULT_RATE,
        site_options=[("", _("this server")), *((name, name) for name in sorted(here))],
        networks=[str(one) for one in installation().option(ReadOptions).networks],
        may_sweep=SWEEPERS.allows(acting()),
    )


def _typed() -> NewSweep:
    rate = request.form.get("rate", "").strip() or str(DEFAULT_RATE)
    is_short = rate.isascii() and rate.isdecimal() and len(rate) < 10
    if not (is_short and 1 <= int(rate) <= RATE_MAX):
        raise BadPaceError(limit=RATE_MAX)
    texts = request.form.get("networks", "").replace(",", " ").split()
    community = request.form.get("community", "").strip()[:255]
    site = request.form.get("site", "").strip() or None
    version = request.form.get("version", "")
    return NewSweep(
        networks=texts,
        rate=int(rate),
        community=(community or None) if version != read_settings.VERSION_3 else None,
        site=site,
        version=version if version in {read_settings.VERSION_2C, read_settings.VERSION_3} else None,
    )


def _subnet(text: str, subnets: list[tuple[IPv4Network, int]]) -> IPv4Network | None:
    """The subnet that the address names, else the first one that has results."""
    known = [subnet for subnet, _count in subnets]
    return next((one for one in known if str(one) == text), known[0] if known else None)


def _verdicts() -> Mapping[str, tuple[str, str]]:
    """Each verdict's kind of badge and its name."""
    return {
        MatchVerdict.MATCHED: ("good", _("in the register")),
        MatchVerdict.NEW: ("info", _("not in the register")),
        MatchVerdict.SERIAL_DIFFERS: ("fault", _("another serial number")),
        MatchVerdict.MAC_DIFFERS: ("attention", _("another MAC")),
        MatchVerdict.TWO_DEVICES: ("fault", _("MAC and serial of two phones")),
        MatchVerdict.NAMELESS: ("unknown", _("says neither MAC nor serial")),
        SILENT: ("silent", _("no answer")),
    }


def _to(number: int) -> Redirect:
    return redirect(url_for(".sweep_page", number=number))
