"""Staff pages: rollouts, a new one with a look at who is in, and one with its groups and phones."""

from collections.abc import Callable, Mapping
from math import ceil

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from catalogue import products
from firmware import releases
from provision.devices import listing
from provision.rollouts import chart, forms, planning, standing, steering, words
from provision.rollouts.planning import Plan
from provision.rollouts.vocabulary import RolloutState, TargetState
from storage.clock import now
from storage.refusals import ConflictError, RefusedError
from storage.request import reading, writing

LISTED = 100
PAGE_SIZE = 50
PAGES_MAX = 1_000_000

#: What phones run is the engineers' to answer for.
CONDUCTORS = roles(Role.ENGINEER)

staff = Blueprint("rollouts", __name__, url_prefix="/staff/rollouts", template_folder="templates")


@staff.get("/")
@staff_rule
def rollouts_page() -> str:
    """The last rollouts, the newest first."""
    with reading() as session:
        found = standing.latest(session, LISTED)
    return render_template(
        "rollouts/rollouts.html",
        rollouts=found,
        bars={one.id: chart.bar(one.tally, 0, one.stop_percent) for one in found},
        chart_width=chart.WIDTH,
        states=words.rollout_states(),
        may_conduct=CONDUCTORS.allows(acting()),
    )


@staff.get("/new")
@CONDUCTORS
def new_rollout() -> str:
    """The form of a new rollout."""
    return _form(request.args, None, None)


@staff.post("/new")
@CONDUCTORS
def create() -> Redirect | str | tuple[str, int]:
    """Show who would be in, or store the rollout; what was typed stays when it is refused."""
    actor, at = acting().login, now()
    try:
        new = forms.read(request.form)
        if request.form.get("do") != "create":
            with reading() as session:
                return _form(request.form, None, planning.preview(session, new, at))
        with writing() as session:
            number = planning.create(session, new, actor=actor, now=at)
    except RefusedError as error:
        return _form(request.form, error, None), 422
    flash(_("The rollout is made. Nothing is offered until you begin it."))
    return _to(number)


@staff.get("/<int:number>")
@staff_rule
def rollout_page(number: int) -> str:
    """How a rollout goes: its groups against the threshold, its phones with the reasons."""
    wanted, page = _state(request.args.get("state", "")), _page_number()
    with reading() as session:
        found = standing.standing(session, number)
        phones, total = standing.targets(
            session, number, wanted, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE
        )
    return render_template(
        "rollouts/rollout.html",
        rollout=found,
        bars=[chart.failures(one.tally, one.forgiven, found.stop_percent) for one in found.groups],
        chart_width=chart.WIDTH,
        phones=phones,
        total=total,
        wanted=wanted,
        page=page,
        pages=max(ceil(total / PAGE_SIZE), 1),
        states=words.rollout_states(),
        group_state=words.group_state,
        who=words.group_name,
        target_states=words.target_states(),
        reasons=words.reasons(),
        follows=found.state == RolloutState.RUNNING,
        may_conduct=CONDUCTORS.allows(acting()),
    )


@staff.post("/<int:number>/start")
@CONDUCTORS
def start(number: int) -> Redirect:
    """Begin with the first group."""
    return _steer(number, steering.start)


@staff.post("/<int:number>/pause")
@CONDUCTORS
def pause(number: int) -> Redirect:
    """Offer nothing more for now."""
    return _steer(number, steering.pause)


@staff.post("/<int:number>/resume")
@CONDUCTORS
def resume(number: int) -> Redirect:
    """Go on after a pause or a stop."""
    return _steer(number, steering.resume)


@staff.post("/<int:number>/approve")
@CONDUCTORS
def approve(number: int) -> Redirect:
    """Let the next group begin."""
    return _steer(number, steering.approve)


@staff.post("/<int:number>/abort")
@CONDUCTORS
def abort(number: int) -> Redirect:
    """End it for good."""
    return _steer(number, steering.abort)


@staff.post("/<int:number>/retry")
@CONDUCTORS
def retry(number: int) -> Redirect:
    """Offer it again to the phones that failed."""
    return _steer(number, steering.retry)


def _steer(number: int, verb: Callable[..., object]) -> Redirect:
    """Two people may press at once: who comes second is told how it stands, on its page."""
    try:
        with writing() as session:
            verb(session, number, actor=acting().login, now=now())
    except ConflictError:
        flash(_("It was in another state already; this is how it stands now."), "attention")
    return _to(number)


def _form(typed: Mapping[str, str], error: RefusedError | None, plan: Plan | None) -> str:
    with reading() as session:
        offered = _releases(session)
        sites = listing.site_names(session)
    return render_template(
        "rollouts/new.html",
        typed=typed,
        error=error,
        plan=plan,
        who=words.group_name,
        reasons=words.reasons(),
        release_options=[("", "—"), *((name, name) for name in offered)],
        site_options=[("", _("all sites")), *((name, name) for name in sites)],
    )


def _releases(session: Session) -> list[str]:
    """Every release that can still be offered, as "PRODUCT VERSION"."""
    return [
        f"{product.code} {release.version}"
        for product in products.every(session)
        for release in releases.of_product(session, product.id)
        if not release.is_withdrawn
    ]


def _state(text: str) -> TargetState | None:
    return TargetState(text) if text in set(TargetState) else None


def _page_number() -> int:
    return min(max(request.args.get("page", 1, type=int), 1), PAGES_MAX)


def _to(number: int) -> Redirect:
    return redirect(url_for(".rollout_page", number=number))
