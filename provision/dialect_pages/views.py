"""The staff page of phone families."""

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from accounts.access import staff as staff_rule
from provision.dialect_pages import recognised
from provision.dialects import OWN_FOLDER, families_of, look_again
from provision.families.loading import BUILT_IN
from storage.request import installation

staff = Blueprint(
    "phone_families", __name__, url_prefix="/staff/families", template_folder="templates"
)


@staff.get("/")
@staff_rule
def families() -> str:
    """What is loaded, what a restart would change, and a box to try a request."""
    place = installation()
    found = look_again(place)
    path, agent = request.args.get("path", "")[:512], request.args.get("agent", "")[:512]
    identity = recognised.tried(path, agent, found) if path or agent else None
    return render_template(
        "dialect_pages/families.html",
        families=list(found),
        problems=found.problems,
        loaded={one.name for one in families_of(place)},
        built_in=BUILT_IN,
        folder=OWN_FOLDER,
        path=path,
        agent=agent,
        identity=identity,
        recognised=recognised.rows(identity) if identity else (),
        words=_words(),
    )


def _words() -> dict[str, str]:
    return {
        "family": _("Family"),
        "product": _("Product"),
        "hardware": _("Hardware"),
        "serial": _("Serial number"),
        "mac": _("MAC"),
        "firmware": _("Firmware"),
        "boot_version": _("Boot loader"),
        "claimed": _("claimed"),
        "read": _("from a reading"),
        "proved": _("proved"),
        "certified": _("certified"),
        "path": _("Path"),
        "user-agent": "User-Agent",
    }
