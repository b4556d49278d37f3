"""The staff's word on identity: a repair that accounts for another MAC."""

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, roles
from accounts.models import Role
from provision.devices import registry
from provision.devices.identity import MacAddress
from provision.verdicts import board_swaps
from storage.clock import now
from storage.refusals import NotFoundError, RefusedError
from storage.request import writing

staff = Blueprint("verdicts", __name__, url_prefix="/staff/devices", template_folder="templates")

#: Repairs are known to support first.
KNOWERS = roles(Role.AGENT, Role.ENGINEER)


@staff.post("/<mac>/board")
@KNOWERS
def explain_board(mac: str) -> Response:
    """Record that a repair gave the phone another board."""
    try:
        with writing() as session:
            board_swaps.explain(
                session,
                registry.get(session, mac),
                MacAddress.parse(request.form.get("mac", "")),
                request.form.get("reference", ""),
                actor=acting().login,
                now=now(),
            )
    except NotFoundError:
        raise
    except RefusedError as error:
        flash(error.text("en" if str(get_locale()) == "en" else "ru"), "fault")
    else:
        flash(_("The repair was recorded."))
    return redirect(url_for("provision_staff.device", mac=mac))
