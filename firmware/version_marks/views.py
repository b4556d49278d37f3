"""Staff pages: the upgrade paths of a product, marks of its versions, the share of a release."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from catalogue import keys, products
from firmware import releases, shares, upgrade_pictures
from firmware.models import Channel
from firmware.offers import BadPercentError
from firmware.paths import Problem
from firmware.version_marks import marking
from firmware.version_marks.marking import NewMark
from storage.answer_language import answer_language
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, writing

staff = Blueprint(
    "firmware_marks", __name__, url_prefix="/staff/releases", template_folder="templates"
)


@staff.app_template_global()
def share_words(percent: float) -> str:
    """Who gets a release now, in words."""
    if percent >= 100:
        return str(_("Every phone of its channel gets it."))
    if percent <= 0:
        return str(_("Halted: no phone gets it."))
    return str(_("%(percent)s %% of phones get it now.", percent=f"{percent:g}"))


@staff.get("/<product>/paths")
@staff_rule
def marks(product: str) -> str:
    """How phones get to the latest release, and what is known of the versions they run."""
    return _page(product, {}, None)


@staff.post("/<product>/paths")
@roles(Role.PUBLISHER)
def add(product: str) -> Response | tuple[str, int]:
    """Mark a version."""
    new = _typed(product)
    try:
        with writing() as session:
            ring, actor = keys.of(installation()), acting().login
            brought = marking.set_mark(session, new, ring, actor=actor, now=now())
    except RefusedError as error:
        return _page(product, request.form, error), 422
    flash(_("Version %(version)s is marked.", version=new.version))
    _warn(brought)
    return redirect(url_for(".marks", product=product))


@staff.post("/<product>/paths/remove")
@roles(Role.PUBLISHER)
def remove(product: str) -> Response:
    """Take a mark away."""
    gone = _typed(product)
    with writing() as session:
        ring, actor = keys.of(installation()), acting().login
        brought = marking.remove_mark(session, gone, ring, actor=actor, now=now())
    flash(_("The mark of %(version)s is taken away.", version=gone.version))
    _warn(brought)
    return redirect(url_for(".marks", product=product))


@staff.post("/<product>/<version>/share")
@roles(Role.PUBLISHER)
def set_share(product: str, version: str) -> Response:
    """Give a release to another share of phones."""
    try:
        percent = shares.percent_from(request.form.get("percent", ""))
        with writing() as session:
            ring, actor = keys.of(installation()), acting().login
            shares.set_percent(session, product, version, percent, ring, actor=actor, now=now())
    except BadPercentError as error:
        flash(error.text(answer_language()), "fault")
    else:
        flash(share_words(percent))
    return redirect(url_for("firmware_staff.release", product=product, version=version))


def _page(code: str, typed: Mapping[str, str], error: RefusedError | None) -> str:
    channel = releases.channel_named(request.args.get("channel", Channel.STABLE))
    with reading() as session:
        product = products.get(session, code)
        published = releases.of_product(session, product.id)
        return render_template(
            "version_marks/marks.html",
            product=product,
            channel=channel,
            channels=list(Channel),
            pictures=upgrade_pictures.distinct(
                upgrade_pictures.of_product(product, published, channel)
            ),
            problems=list(dict.fromkeys(marking.problems_among(published, product))),
            marks=marking.of_product(session, product),
            hardware_options=[(name, name) for name in product.revisions],
            typed=typed,
            error=error,
        )


def _typed(product: str) -> NewMark:
    form = request.form
    return NewMark(
        product=product,
        version=form.get("version", "").strip(),
        kind=form.get("kind", ""),
        hardware=form.get("hardware") or None,
        reason=form.get("reason", ""),
    )


def _warn(problems: list[Problem]) -> None:
    for problem in problems:
        flash(problem.text(answer_language()), "attention")
